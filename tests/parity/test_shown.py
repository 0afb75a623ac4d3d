"""Summaries and the texts in pictures of models beside Keras's, to the character."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.parity import shown_programs as programs
from tools.peers import Worker


@pytest.fixture
def keras(request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Worker:
    return peer(request.config.getoption("--keras"), "shown_programs.py")


@pytest.mark.parametrize("name", programs.MODELS)
def test_summaries(keras: Worker, name: str) -> None:
    ours, theirs = programs.summaries("leftfold", name), keras.call("summaries", "keras", name)
    for case, text in theirs.items():
        assert ours[case] == text, case


@pytest.mark.parametrize("name", [name for name in programs.MODELS if "unbuilt" not in name])
def test_texts_in_pictures(keras: Worker, name: str) -> None:
    assert programs.labels("leftfold", name) == keras.call("labels", "keras", name)
