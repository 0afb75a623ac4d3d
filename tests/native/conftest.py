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
    yield from _prepared(request.param)


@pytest.fixture(params=support.BFLOAT16_FORMS)
def bfloat16(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same for the products of bfloat16s."""
    yield from _prepared(request.param)


@pytest.fixture(params=(*support.ISAS, *support.BFLOAT16_FORMS))
def any_native(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same for both."""
    yield from _prepared(request.param)


def _prepared(isa: str) -> Iterator[Any]:
    module = support.load(isa)
    if module is None:
        pytest.skip(f"this processor has no {isa}")
    module.set_allocator(support.poisoned)
    module.set_threads(2)
    yield module
    module.set_allocator(workspace.empty)
    module.set_threads(config.threads())
    if module.best_bfloat16_form():
        module.use_bfloat16_form(module.best_bfloat16_form())
