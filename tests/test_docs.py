"""What the documentation says is there is there, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import leftfold

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def test_the_readmes_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(program.replace("epochs=5", "epochs=5, verbose=0"), "README.md", "exec"), names)
    model = names["model"]
    assert isinstance(model, leftfold.Model)
    assert model.history.history["val_loss"][-1] < 0.05
    assert leftfold.models.load_model(tmp_path / "sine.keras").count_params() == 4385


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if "<!-- run -->" in page.read_text(encoding="utf-8")],
    ids=lambda page: page.name,
)
def test_the_programs_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    text = page.read_text(encoding="utf-8")
    for program in re.findall(r"<!-- run -->\n```python\n(.*?)```", text, re.DOTALL):
        exec(compile(program, page.name, "exec"), names)


@pytest.mark.parametrize("name", ["interop.md"])
def test_the_examples_of_a_page_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page, flags = str(ROOT / "docs" / name), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(page, module_relative=False, optionflags=flags, encoding="utf-8")
    assert found.failed == 0 and found.attempted > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    roots = [ROOT, ROOT / "src", ROOT / "src" / "leftfold", ROOT / "native"]
    for name in re.findall(r"`([\w./*]+/[\w./*]*|[\w*]+\.[ch]pp)`", text):
        if name.startswith((".venv", "build/", "~")):
            continue
        assert any(list(root.glob(name.rstrip("/"))) for root in roots), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|\n)make ([a-z]+)", page.read_text(encoding="utf-8"))
    assert set(named) <= targets


def test_every_difference_from_keras_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    rows = [row for row in rows if not row.startswith("| Keras 3.15.1 |")]
    assert rows
    for row in rows:
        pinned = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert pinned, f"no test is named in: {row}"
        for path, name in pinned:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_the_site_has_every_page() -> None:
    """`make docs` builds it; a page outside its contents would be found by nobody."""
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r": ([\w/]+\.md)$", contents, re.MULTILINE))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert listed == pages


def test_what_the_reference_shows_exists() -> None:
    for page in ROOT.glob("docs/reference/*.md"):
        for name in re.findall(r"^::: ([\w.]+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            owner, _, last = name.rpartition(".")
            try:
                importlib.import_module(name)
            except ModuleNotFoundError:
                assert hasattr(importlib.import_module(owner), last), f"{page.name}: {name}"


def test_the_guide_shows_what_the_examples_print() -> None:
    shown = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for page in ROOT.glob("docs/guide/*.md"):
        for output in re.findall(r"```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            assert output in shown, f"{page.name}: {output}"


def test_the_changelog_speaks_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (\S+)", text, re.MULTILINE)
    assert first is not None
    assert first[1] == leftfold.__version__
