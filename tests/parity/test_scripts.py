"""Scripts in the manner of courses and blogs, unchanged: every figure, and what they print.

Scripts that use TensorFlow's own names run on Keras with TensorFlow, all others on `--keras`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.conftest import compare
from tests.parity.script_side import peer_of
from tools.peers import Worker

SCRIPTS = sorted((Path(__file__).parents[1] / "scripts").glob("*.py"))
_NUMBER = re.compile(r"-?\d+(?:\.(\d*))?(?:e[-+]\d+)?")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_does_the_same_on_keras(
    request: pytest.FixtureRequest, peer: Callable[[str, str], Worker], script: Path
) -> None:
    keras = peer(peer_of(script, request.config.getoption("--keras")), "script_side.py")
    ours = peer("leftfold", "script_side.py").call("run", str(script), "leftfold")
    theirs = keras.call("run", str(script), "keras")
    same_text(ours.pop("printed"), theirs.pop("printed"))
    compare(ours, theirs, 1e-4, 1e-5, script.stem)


def same_text(ours: str, theirs: str) -> None:
    """Assert that two texts differ in nothing but the last digits of their numbers."""
    mine, other = plain_lines(ours), plain_lines(theirs)
    assert [_NUMBER.sub("0", line) for line in mine] == [_NUMBER.sub("0", line) for line in other]
    for line, expected in zip(mine, other, strict=True):
        for one, two in zip(_NUMBER.finditer(line), _NUMBER.finditer(expected), strict=True):
            last_digit = 10.0 ** -len(two[1] or "")
            near = pytest.approx(float(two[0]), rel=1e-4, abs=1.01 * last_digit)
            assert float(one[0]) == (near if two[1] else float(two[0])), f"{line}\n{expected}"


def plain_lines(text: str) -> list[str]:
    """The lines without what differs by backend or day.

    That is times, and in tables the batch size that Keras shows on JAX, and sizes in bytes, which
    tell how large it has a whole number.
    """
    text = re.sub(r"\d+m?s - \d+(?:us|ms|s)/step", "", text)
    text = re.sub(r"\([\d.]+ [KM]?B\)", "", text)
    return [
        re.sub(r"\((\d+|None), ", "(batch, ", line).replace(" ", "") if line[:1] == "│" else line
        for line in text.splitlines()
    ]
