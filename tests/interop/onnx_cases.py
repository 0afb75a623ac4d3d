"""Models for every layer that ONNX can say, with inputs; and those that it cannot, with why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from leftfold import Input, Model, Sequential, activations, layers, ops
from tests.layers import test_every_layer as every

L = layers


class Case(NamedTuple):
    """A model, what it is called on, and how it is exported."""

    name: str
    make: Callable[[], Any]
    inputs: list[Any]
    settings: dict[str, Any] = {}  # noqa: RUF012, never changed


def of_one_layer(layer: Any, inputs: Any, masks: Any) -> Any:
    """The layer alone, with its sizes open where it can be built so, behind `Masking` for masks."""
    layer = every.fresh(layer)
    arrays = inputs if isinstance(inputs, list) else [inputs]
    if isinstance(layer, L.Normalization) and layer.input_mean is None:
        layer.adapt(inputs)
    try:
        return _applied(layer, arrays, masks, open_time=True)
    except ValueError:
        return _applied(every.fresh(layer), arrays, masks, open_time=False)


def _applied(layer: Any, arrays: list[Any], masks: Any, open_time: bool) -> Any:
    first = getattr(layer, "data_format", "") == "channels_first"
    xs = [
        Input(
            (None, *x.shape[2:]) if open_time and x.ndim == 3 and not first else x.shape[1:],
            dtype=x.dtype.name,
        )
        for x in arrays
    ]
    ys = [x if mask is None else L.Masking()(x) for x, mask in zip(xs, masks, strict=True)]
    return Model(xs, layer(ys if len(ys) > 1 else ys[0]))


def _zeroed(inputs: Any, masks: list[Any]) -> list[Any]:
    """Inputs that `Masking` masks so."""
    arrays = inputs if isinstance(inputs, list) else [inputs]
    return [
        x if mask is None else np.where(mask[..., None], x, 0).astype(x.dtype)
        for x, mask in zip(arrays, masks, strict=True)
    ]


def _layers() -> list[Case]:
    cases = []
    for number, (layer, inputs, *given) in enumerate([*every.PLAIN, *every.MASKED]):
        count = len(inputs) if isinstance(inputs, list) else 1
        masks = given[0] if given else None
        masks = masks if isinstance(masks, list) else [masks] * count
        if getattr(layer, "activation", None) is activations.gelu and hasattr(layer, "cell"):
            continue  # refused, see below
        name = f"{type(layer).__name__}-{number}{'-masked' if given else ''}"

        def make(layer: Any = layer, inputs: Any = inputs, masks: Any = masks) -> Any:
            return of_one_layer(layer, inputs, masks)

        cases.append(Case(name, make, _zeroed(inputs, masks)))
    return cases


RANDOM = np.random.default_rng(4)
WORDS = RANDOM.integers(1, 9, (5, 6)).astype("int32")
WORDS[1, 3:] = WORDS[2, :2] = WORDS[3] = WORDS[4, 2] = 0  # behind, in front, all, a hole
PADDED = np.where(np.arange(6) < np.array([6, 2, 5, 1, 3])[:, None], WORDS + 1, 0).astype("int32")
SERIES = RANDOM.standard_normal((5, 6, 3)).astype("float32")
STATE = RANDOM.standard_normal((5, 4)).astype("float32")

CELLS = {
    "SimpleRNN": L.SimpleRNN, "LSTM": L.LSTM, "GRU": L.GRU,
    "GRU-reset-before": lambda *a, **k: L.GRU(*a, reset_after=False, **k),
}  # fmt: skip


def _behind_words(*stack: Any) -> Callable[[], Any]:
    return lambda: Sequential(
        [Input((None,), dtype="int32"), L.Embedding(12, 3, mask_zero=True),
         *[every.fresh(layer) for layer in stack]]
    )  # fmt: skip


def _recurrent() -> list[Case]:
    cases = []
    for name, cell in CELLS.items():
        for whole in (False, True):
            for reverse in (False, True):
                key = f"{name}{'-sequences' * whole}{'-backwards' * reverse}"
                layer = cell(4, return_sequences=whole, go_backwards=reverse)
                cases.append(Case(f"words-{key}", _behind_words(layer), [WORDS]))
                kept = cell(4, return_sequences=whole, go_backwards=reverse)
                right = {"mask": "right"}
                cases.append(Case(f"right-{key}", _behind_words(kept), [PADDED], right))
            for merge in ("concat", "sum", "mul", "ave", None):
                inner = cell(4, return_sequences=whole)
                layer = L.Bidirectional(inner, merge_mode=merge)
                key = f"bidirectional-{name}{'-sequences' * whole}-{merge}"
                cases.append(Case(key, _behind_words(layer), [WORDS]))
        cases.append(Case(f"states-{name}", _returned_states(cell), [SERIES]))
        cases.append(Case(f"given-states-{name}", _given_states(cell), [SERIES, STATE]))
        stack = [cell(4, return_sequences=True), cell(3, use_bias=False)]
        cases.append(Case(f"stack-{name}", _behind_words(*stack), [WORDS]))
    for name in ("relu", "linear", "softsign", "softplus", "elu", "hard_sigmoid", "sigmoid"):
        for kind in (L.SimpleRNN, L.LSTM, L.GRU):
            layer = kind(4, activation=name)
            cases.append(Case(f"{kind.__name__}-{name}", _behind_words(layer), [WORDS]))
    return cases


def _returned_states(cell: Any) -> Callable[[], Any]:
    def make() -> Any:
        x = Input((None, 3))
        return Model(x, cell(4, return_sequences=True, return_state=True)(x))

    return make


def _given_states(cell: Any) -> Callable[[], Any]:
    def make() -> Any:
        x, state = Input((None, 3), name="steps"), Input((4,), name="state")
        layer = cell(4)
        states = [state, 2.0 * state] if isinstance(layer, L.LSTM) else [state]
        return Model([x, state], layer(x, initial_state=states))

    return make


class Shifted(layers.Layer):
    """A layer of a user's own, written in operations."""

    def build(self, shape: Any) -> None:
        self.offset = self.add_weight(shape=(shape[-1],), initializer="ones", name="offset")

    def call(self, x: Any) -> Any:
        return ops.tanh(x + self.offset) * ops.mean(x, axis=-1, keepdims=True)


def _attention(**call: Any) -> Callable[[], Any]:
    def make() -> Any:
        x = Input((None, 3))
        masked = L.Masking()(x)
        y = L.MultiHeadAttention(2, 4)(masked, masked, **call)
        return Model(x, y)

    return make


def _encoder_decoder() -> Any:
    source, target = Input((None, 3), name="source"), Input((None, 3), name="target")
    _, h, c = L.LSTM(4, return_state=True)(L.Masking()(source))
    decoded = L.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    return Model([source, target], L.Dense(2, activation="softmax")(decoded))


def _shared() -> Any:
    one, other = Input((None, 3), name="one"), Input((None, 3), name="other")
    read = L.GRU(4)
    return Model([one, other], L.Subtract()([read(one), read(other)]))


def _nested() -> Any:
    inner = Sequential([Input((None, 3)), L.LSTM(4, return_sequences=True), L.Dense(2)])
    x = Input((None, 3))
    return Model(x, L.GlobalMaxPooling1D()(inner(inner_of_three(inner(x)))))


def inner_of_three(x: Any) -> Any:
    return L.Concatenate()([x, x[:, :, :1]])


def _own_layer() -> Any:
    return Sequential([Input((None, 3)), Shifted(), L.GRU(2)])


def _branches() -> Any:
    x = Input((None, 3))
    parts = [L.Conv1D(4, size, padding="same", activation="relu")(x) for size in (2, 3)]
    return Model(x, [L.GlobalAveragePooling1D()(part) for part in parts])


def _named_activations() -> list[Case]:
    names = [
        "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
        "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu",
        "relu6", "selu", "sigmoid", "silu", "softmax", "soft_shrink", "softplus", "softsign",
        "sparse_plus", "sparse_sigmoid", "squareplus", "tanh", "tanh_shrink",
    ]  # fmt: skip

    def of(name: str) -> Callable[[], Any]:
        return lambda: Sequential([Input((4,)), L.Activation(name)])

    return [Case(f"activation-{name}", of(name), [STATE]) for name in names]


def _composed() -> list[Case]:
    stacked = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)
    return [
        Case("MultiHeadAttention", _attention(), [SERIES]),
        Case("MultiHeadAttention-causal", _attention(use_causal_mask=True), [SERIES]),
        Case("MultiHeadAttention-scores", _attention(return_attention_scores=True), [SERIES]),
        Case("StackedRNNCells", _behind_words(stacked), [WORDS]),
        Case("encoder-decoder", _encoder_decoder, [SERIES, SERIES[:, :4]]),
        Case("shared", _shared, [SERIES, SERIES[:, ::-1].copy()]),
        Case("nested", _nested, [SERIES]),
        Case("Layer-own", _own_layer, [SERIES]),
        Case("branches", _branches, [SERIES]),
        Case("Lambda", lambda: Sequential([Input((4,)), L.Lambda(ops.square)]), [STATE]),
    ]


CASES = {
    case.name: case for case in [*_layers(), *_recurrent(), *_composed(), *_named_activations()]
}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "LSTM-gelu": (
        lambda: Sequential([Input((None, 3)), L.LSTM(2, activation="gelu", name="odd")]),
        "odd: ONNX's recurrences have no activation gelu",
    ),
    "LSTM-stateful": (
        lambda: Sequential([Input((None, 3), batch_size=2), L.LSTM(2, stateful=True, name="kept")]),
        "kept: it is stateful",
    ),
    "ConvLSTM1D": (
        lambda: Sequential([Input((None, 5, 2)), L.ConvLSTM1D(2, 3, name="film")]),
        "film: its cell ConvLSTMCell is no LSTM",
    ),
    "ConvLSTM2D": (
        lambda: Sequential([Input((None, 5, 5, 2)), L.ConvLSTM2D(2, 3, name="film")]),
        "film: its cell ConvLSTMCell is no LSTM",
    ),
    "ConvLSTM3D": (
        lambda: Sequential([Input((None, 5, 5, 5, 2)), L.ConvLSTM3D(2, 3, name="film")]),
        "film: its cell ConvLSTMCell is no LSTM",
    ),
    "TextVectorization": (
        lambda: Sequential([Input((), dtype="string"), L.TextVectorization(vocabulary=["a"])]),
        "takes texts",
    ),
    "StringLookup": (
        lambda: Sequential([Input((), dtype="string"), L.StringLookup(vocabulary=["a"])]),
        "takes texts",
    ),
    "IntegerLookup": (
        lambda: Sequential([Input((), dtype="int64"), L.IntegerLookup(vocabulary=[7], name="row")]),
        "row",
    ),
}
"""Models that ONNX cannot say, with what the refusal must say."""

NO_LAYERS = {
    "DTypePolicy", "InputSpec", "InputLayer", "Layer", "Wrapper",
    "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells",
}  # fmt: skip
"""Names among the layers that are none, or only bases and parts of others."""


def covered() -> set[str]:
    """Every class among the layers that some case here names."""
    found = {case.name.split("-")[0] for case in CASES.values()}
    return found | {name.split("-")[0] for name in REFUSED}
