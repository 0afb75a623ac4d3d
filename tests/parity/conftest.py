"""Live comparison: the same program run by Leftfold here and by Keras in its own environment.

`make parity` installs the peers and runs this folder; `pytest` alone leaves it out. A missing
peer is a failure, not a skip. `--keras keras-tensorflow` compares with another backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity import programs
from tools.peers import Worker, installed

HERE = Path(__file__).parent
_COMPILE_QUICKLY = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # most of the time goes there

collect_ignore_glob = ["*_side.py"]  # these run in a peer's environment


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keras", default="keras-jax", help="keras-jax or keras-tensorflow")


@pytest.fixture(scope="session")
def peer() -> Iterator[Callable[[str, str], Worker]]:
    """`peer("torch", "torch_side.py")`: a worker in a peer's environment, kept for the session."""
    workers: dict[tuple[str, str], Worker] = {}

    def find(name: str, module: str) -> Worker:
        if (name, module) not in workers:
            if not installed(name):
                pytest.fail(f"{name} is not installed: run `make peers PEERS={name}` first.")
            workers[name, module] = Worker(name, HERE / module, _COMPILE_QUICKLY)
        return workers[name, module]

    yield find
    for worker in workers.values():
        worker.close()


@pytest.fixture
def both(request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Callable[..., Any]:
    """Run a function of `programs.py` in Leftfold and in Keras; returns both results."""
    keras = peer(request.config.getoption("--keras"), "programs.py")

    def run(function: str, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        ours = getattr(programs, function)("leftfold", *args, **kwargs)
        return ours, keras.call(function, "keras", *args, **kwargs)

    return run


@pytest.fixture
def agree(both: Callable[..., Any]) -> Callable[..., None]:
    """Assert that both frameworks return the same numbers, in any nesting."""

    def check(
        function: str, *args: Any, rtol: float = 1e-5, atol: float = 1e-6, **kwargs: Any
    ) -> None:
        ours, theirs = both(function, *args, **kwargs)
        compare(ours, theirs, rtol, atol, function)

    return check


def compare(ours: Any, theirs: Any, rtol: float, atol: float, where: str) -> None:
    """Walk two nested results side by side."""
    if isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs), where
        for key in theirs:
            compare(ours[key], theirs[key], rtol, atol, f"{where}.{key}")
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), where
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(mine, other, rtol, atol, f"{where}[{index}]")
    elif isinstance(theirs, str):
        assert ours == theirs, where
    else:
        mine, other = np.asarray(ours), np.asarray(theirs)
        assert mine.shape == other.shape, f"{where}: {mine.shape} against {other.shape}"
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol, err_msg=where)
