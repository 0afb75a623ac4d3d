"""The builds that a stepper may run on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leftfold.engine import config, kernels, workspace
from tests.native import support


@pytest.fixture(params=[*support.ISAS, "reference"])
def build(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test on every instruction set's build, and on the NumPy reference."""
    if request.param == "reference":
        kernels.use("reference")
    else:
        module = support.load(request.param)
        if module is None:
            pytest.skip(f"this processor has no {request.param}")
        module.set_allocator(workspace.empty)
        module.set_threads(config.threads())
        kernels._cache.clear()
        kernels._state.update(native=module, looked=True)
    yield request.param
    kernels.use("native")
