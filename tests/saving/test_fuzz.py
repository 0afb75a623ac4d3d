"""Files with anything wrong in them are read or refused; nothing else happens."""

from __future__ import annotations

import copy
import io
import json
import warnings
import zipfile
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Input, Model, layers, models
from leftfold.saving import SavingError


@lru_cache(maxsize=1)
def members() -> dict[str, bytes]:
    """A small functional model with most kinds of things in it."""
    x = Input((4,), dtype="int32")
    embedded = layers.Embedding(5, 2, mask_zero=True)(x)
    read = layers.Bidirectional(layers.GRU(2, kernel_regularizer="l2"))(embedded)
    model = Model(x, layers.Dense(1, activation="sigmoid")(read[:, ::2] * 2.0))
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((2, 4), np.int32), np.ones((2, 1), np.float32))
    file = io.BytesIO()
    model.save(file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def load(config: Any, weights: bytes | None = None) -> None:
    content = members() | {"config.json": json.dumps(config).encode()}
    if weights is not None:
        content["model.weights.h5"] = weights
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            models.load_model(file)
        except SavingError as error:
            assert "\n" not in str(error)


def places(item: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in nested data."""
    if not isinstance(item, dict | list):
        return [path]
    inner = item.items() if isinstance(item, dict) else enumerate(item)
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


SURPRISES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.just(1 << 62),
    st.floats(),
    st.sampled_from(["", "os", "system", "__lambda__", "LSTM", "Functional", "keras", "../x"]),
    st.just([]),
    st.just({}),
    st.just([[None]]),
    st.just({"class_name": "LSTM", "config": {}}),
    st.just({"class_name": "__numpy__", "config": {"value": [[1]], "dtype": "float32"}}),
)


@settings(max_examples=120)
@given(where=st.integers(0, 1 << 16), value=SURPRISES, drop=st.booleans())
def test_any_value_of_the_configuration_may_be_wrong(where: int, value: Any, drop: bool) -> None:
    config = copy.deepcopy(json.loads(members()["config.json"]))
    found = places(config)[1:]
    *way, last = found[where % len(found)]
    holder = config
    for key in way:
        holder = holder[key]
    if drop:
        del holder[last]
    else:
        holder[last] = value
    load(config)


@settings(max_examples=60)
@given(at=st.integers(0, 1 << 16), value=st.integers(0, 255), length=st.integers(1, 8))
def test_any_bytes_of_the_weights_may_be_wrong(at: int, value: int, length: int) -> None:
    weights = bytearray(members()["model.weights.h5"])
    at %= len(weights)
    weights[at : at + length] = bytes([value] * len(weights[at : at + length]))
    load(json.loads(members()["config.json"]), bytes(weights))
