"""`leftfold.dtype_policies`: the element types of weights and computation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leftfold import config, dtype_policies, layers
from leftfold.engine import legacy


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    yield
    config.set_floatx("float32")


def test_layers_made_afterwards_have_the_type_that_was_set() -> None:
    before = layers.Dense(2)
    config.set_dtype_policy("float64")
    assert (before.compute_dtype, layers.Dense(2).compute_dtype) == ("float32", "float64")
    assert config.dtype_policy() == dtype_policies.DTypePolicy("float64")


def test_half_precision_is_told_not_to_be_there() -> None:
    legacy.forget_told()
    with pytest.warns(UserWarning, match="no float16 products: layers compute in float32"):
        dtype_policies.set_global_policy("mixed_float16")
    assert layers.Dense(2).compute_dtype == "float32"
    legacy.forget_told()
    with pytest.warns(UserWarning, match="layers compute in float32, not mixed_float16"):
        dense = layers.Dense(2, dtype="mixed_float16")
    assert dense.dtype_policy.name == dense.variable_dtype == "float32"


def test_a_policy_survives_as_plain_data() -> None:
    policy = dtype_policies.DTypePolicy("float64")
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy
    assert dtype_policies.get("float32").variable_dtype == "float32"
    with pytest.raises(ValueError, match="dtype expected a name such as 'float32', got 'floot'"):
        dtype_policies.get("floot")
