"""The builds of the native kernels, each under test in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from leftfold.engine import config, workspace
from tests.native import support


@pytest.fixture(params=support.ISAS)
def native(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A build on two threads, with memory that shows what is read before it is written."""
    module = support.load(request.param)
    if module is None:
        pytest.skip(f"this processor has no {request.param}")
    module.set_allocator(support.poisoned)
    module.set_threads(2)
    yield module
    module.set_allocator(workspace.empty)
    module.set_threads(config.threads())
