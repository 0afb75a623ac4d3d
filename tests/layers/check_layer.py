"""`check_layer`: what every layer has to fulfil."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from leftfold import Input, Model, config, layers, ops, saving
from leftfold.engine import Tape, Tensor
from leftfold.engine.symbolic import leaves, map_structure

Structure = Any
"""An array, or several in a list."""


def check_layer(
    layer: layers.Layer,
    inputs: Structure,
    mask: Structure = None,
    folder: Path | None = None,
    gradients: bool = True,
    same_per_sample: bool = True,
) -> None:
    """Assert everything that holds for any layer.

    Args:
        layer: one that has not been called.
        inputs: small arrays to call it on, at least two samples.
        mask: which timesteps count, in the structure of `inputs`; what stands where they do
            not must not matter.
        folder: where a model with the layer may be saved.
        gradients: whether the layer has gradients.
        same_per_sample: whether a sample's output depends on that sample alone.
    """
    check_config(layer, inputs)
    check_shapes(layer, inputs)
    check_threads(layer, inputs)
    if folder is not None:
        check_saving(layer, inputs, folder)
    if gradients:
        check_gradients(layer, inputs, mask)
    if same_per_sample:
        check_samples(layer, inputs, mask)
    if mask is not None:
        check_mask(layer, inputs, mask)


def twin(layer: layers.Layer, dtype: str = "float32") -> layers.Layer:
    """A new layer of the same configuration, in another element type."""
    written = json.dumps(layer.get_config()).replace('"float32"', f'"{dtype}"')
    return type(layer).from_config(json.loads(written))


def call(layer: layers.Layer, inputs: Structure, mask: Structure = None) -> Structure:
    """The outputs as tensors, for inputs that carry the mask."""
    return layer(masked(inputs, mask))


def masked(inputs: Structure, mask: Structure) -> Structure:
    """The inputs as tensors that carry a mask."""
    tensors = map_structure(Tensor, inputs)
    if mask is not None:
        for tensor, each in zip(leaves(tensors), leaves(mask), strict=True):
            tensor._keras_mask = None if each is None else Tensor(each)
    return tensors


def arrays(outputs: Structure) -> list[np.ndarray]:
    return [np.array(output) for output in leaves(outputs)]


def check_config(layer: layers.Layer, inputs: Structure) -> None:
    """A layer made from the configuration has the same one and, given the weights, outputs."""
    written = json.loads(json.dumps(layer.get_config()))
    other = type(layer).from_config(written)
    assert json.loads(json.dumps(other.get_config())) == written
    expected = arrays(call(layer, inputs))
    call(other, inputs)
    other.set_weights(layer.get_weights())
    for ours, theirs in zip(arrays(call(other, inputs)), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    revived = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    assert [w.shape for w in revived.weights] == [w.shape for w in layer.weights]


def check_shapes(layer: layers.Layer, inputs: Structure) -> None:
    """Symbolic outputs have the shapes and types that real ones will have."""
    real = arrays(call(twin(layer), inputs))
    for unknown in ((0,), (0, 1)):

        def symbol(array: np.ndarray, unknown: tuple[int, ...] = unknown) -> Any:
            if array.ndim < 3:
                unknown = (0,)
            shape = [None if axis in unknown else n for axis, n in enumerate(array.shape)]
            return Input(batch_shape=shape, dtype=array.dtype.name)

        try:
            symbols = list(leaves(twin(layer)(map_structure(symbol, inputs))))
        except ValueError:
            assert unknown == (0, 1), "a layer may refuse unknown sizes, but not batch sizes"
            continue
        for symbolic, array in zip(symbols, real, strict=True):
            assert symbolic.dtype == array.dtype.name
            assert len(symbolic.shape) == array.ndim
            assert all(n in (None, m) for n, m in zip(symbolic.shape, array.shape, strict=True))
            if unknown == (0,):
                assert None not in symbolic.shape[1:]


def check_threads(layer: layers.Layer, inputs: Structure) -> None:
    """Outputs and gradients are the same to the last bit with one thread and with three."""
    results = []
    for threads in (1, 3):
        config.set_threads(threads)
        with Tape() as tape:
            outputs = call(layer, inputs)
            loss = sum(ops.sum(ops.cast(y, "float32") ** 2) for y in leaves(outputs))
        gradients = tape.gradient(loss, layer.trainable_variables)
        results.append(arrays(outputs) + [g for g in gradients if g is not None])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def check_saving(layer: layers.Layer, inputs: Structure, folder: Path) -> None:
    """A model with the layer is the same after a file."""
    symbols = map_structure(lambda x: Input(x.shape[1:], dtype=x.dtype.name), inputs)
    model = Model(symbols, twin(layer)(symbols))
    model.save(folder / "model.keras")
    loaded = saving.load_model(folder / "model.keras")
    for ours, theirs in zip(arrays(loaded(inputs)), arrays(model(inputs)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def check_gradients(layer: layers.Layer, inputs: Structure, mask: Structure = None) -> None:
    """Gradients of inputs and weights are those of finite differences in float64."""
    exact = twin(layer, dtype="float64")
    inputs = map_structure(_doubled, inputs)
    random = np.random.default_rng(7)
    call(exact, inputs, mask)
    for variable in exact.trainable_variables:
        variable.assign(variable.data + 0.1 * random.standard_normal(variable.shape))
    weights = [random.standard_normal(y.shape) for y in arrays(call(exact, inputs, mask))]

    def loss(tensors: Structure) -> Tensor:
        outputs = leaves(exact(tensors))
        return sum(ops.sum(y * w) for y, w in zip(outputs, weights, strict=True))

    tensors = masked(inputs, mask)
    floating = [t for t in leaves(tensors) if t.data.dtype.kind == "f"]
    for tensor in floating:
        tensor.tracked = True
    sources = [*floating, *exact.trainable_variables]
    with Tape() as tape:
        total = loss(tensors)
    for source, gradient in zip(sources, tape.gradient(total, sources), strict=True):
        places = random.choice(source.size, min(source.size, 6), replace=False)
        for place in places:
            measured = _slope(lambda: float(loss(tensors)), source.data, int(place))
            found = 0.0 if gradient is None else gradient.reshape(-1)[place]
            np.testing.assert_allclose(found, measured, rtol=1e-5, atol=1e-7)


def _doubled(array: np.ndarray) -> np.ndarray:
    return array.astype("float64") if array.dtype.kind == "f" else array


def _slope(value: Any, array: np.ndarray, place: int, step: float = 1e-5) -> float:
    """The derivative of `value()` with respect to one element of `array`."""
    flat = array.reshape(-1)
    before = flat[place]
    flat[place] = before + step
    above = value()
    flat[place] = before - step
    below = value()
    flat[place] = before
    return (above - below) / (2 * step)


def check_samples(layer: layers.Layer, inputs: Structure, mask: Structure = None) -> None:
    """The outputs for a sample do not depend on the other samples of the batch."""
    together = arrays(call(layer, inputs, mask))
    alone = arrays(
        call(
            layer,
            map_structure(lambda x: x[1:2], inputs),
            map_structure(lambda m: None if m is None else m[1:2], mask),
        )
    )
    for ours, theirs in zip(alone, together, strict=True):
        np.testing.assert_allclose(ours, theirs[1:2], rtol=1e-5, atol=1e-6)


def check_mask(layer: layers.Layer, inputs: Structure, mask: Structure) -> None:
    """What stands at masked timesteps changes nothing at the others."""

    def disturbed(array: np.ndarray, keep: np.ndarray | None) -> np.ndarray:
        if keep is None or array.dtype.kind != "f":
            return array
        noise = np.random.default_rng(3).standard_normal(array.shape).astype(array.dtype)
        return np.where(keep.reshape(*keep.shape, *[1] * (array.ndim - keep.ndim)), array, noise)

    others = [disturbed(x, m) for x, m in zip(leaves(inputs), leaves(mask), strict=True)]
    changed = others if isinstance(inputs, list) else others[0]
    first, second = call(layer, inputs, mask), call(layer, changed, mask)
    for ours, theirs in zip(leaves(first), leaves(second), strict=True):
        keep = ours._keras_mask
        if keep is None:
            np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6, atol=1e-7)
        else:
            keep = np.asarray(keep)
            np.testing.assert_allclose(ours.data[keep], theirs.data[keep], rtol=1e-6, atol=1e-7)
