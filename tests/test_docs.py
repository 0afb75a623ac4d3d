"""What the documentation says is there is there, and its examples run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import leftfold

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


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
        if name.startswith((".venv", "~")):
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


def test_the_changelog_speaks_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (\S+)", text, re.MULTILINE)
    assert first is not None
    assert first[1] == leftfold.__version__
