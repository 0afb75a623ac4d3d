"""What every test can ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from leftfold.engine import config, kernels, naming

settings.register_profile(
    "leftfold",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("ci", parent=settings.get_profile("leftfold"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "leftfold")


@pytest.fixture(params=["native", "reference"])
def implementation(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test twice: on the native kernels, and on the NumPy reference."""
    if request.param == "native" and kernels.native() is None:
        pytest.skip("the native extension is not built")
    kernels.use(request.param)
    yield request.param
    kernels.use("native")


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    """Every test starts with the same seed and names, and leaves the settings as they were."""
    from leftfold.engine import random

    random.set_random_seed(20260301)
    naming.reset_names()
    before = config.floatx(), config.epsilon(), config.threads()
    yield
    config.set_floatx(before[0])
    config.set_epsilon(before[1])
    config.set_threads(before[2])
