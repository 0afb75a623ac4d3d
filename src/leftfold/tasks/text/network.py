"""The network that writes: embedding, recurrent layers, scores of the next token."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import layers
from leftfold.models import Model
from leftfold.saving import SavingError

CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}

_NEVER = -1e9
"""A logit that no other falls below."""


def build(
    size: int,
    cell: str,
    units: int,
    depth: int,
    embedding: int,
    dropout: float,
    rows: int | None = None,
) -> Any:
    """A model from token ids `(rows, timesteps)` to logits `(rows, timesteps, size)`.

    Args:
        size: of the vocabulary.
        cell: a name in `CELLS`.
        units: of each recurrent layer.
        depth: how many there are.
        embedding: size of a token's vector.
        dropout: share of the outputs of each recurrent layer dropped in training.
        rows: with a number of rows the model is stateful.
    """
    ids = layers.Input(batch_shape=(rows, None), dtype="int32", name="tokens")
    x = layers.Embedding(size, embedding, name="embedding")(ids)
    for number in range(1, depth + 1):
        name = f"{cell}_{number}"
        layer = CELLS[cell](units, return_sequences=True, stateful=rows is not None, name=name)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(layer(x))
    return Model(ids, layers.Dense(size, name="logits")(x), name="writer")


def check_shape(model: Any, size: int, cell: str, units: int, depth: int, embedding: int) -> None:
    """Refuse a model from a file that is not what `build` makes.

    Raises:
        SavingError: where a layer is another, or of another size.
    """
    found: list[Any] = []
    for layer in model.layers:
        if isinstance(layer, layers.Embedding):
            found.append(("Embedding", layer.input_dim, layer.output_dim))
        elif not isinstance(layer, layers.InputLayer | layers.Dropout):
            found.append((type(layer).__name__, layer.units))
    expected = [
        ("Embedding", size, embedding),
        *[(CELLS[cell].__name__, units)] * depth,
        ("Dense", size),
    ]
    if found != expected:
        raise SavingError(f"The model in the file is damaged: expected {expected}, got {found}.")


def token_losses(model: Any, reader: Any, ids: np.ndarray, window: int = 1024) -> np.ndarray:
    """What each token costs a model that reads a text from its beginning to its end.

    Args:
        model: the trained one.
        reader: a stateful one of the same shape with one row, which gets its weights.
        ids: the text.
        window: tokens read at once; the states go on.

    Returns:
        `-log p(token | all before it)` in nats, for all but the first token, float64.
    """
    reader.set_weights(model.get_weights())
    reader.reset_states()
    losses = [np.zeros(0)]
    for begin in range(0, len(ids) - 1, window):
        x, y = ids[begin : begin + window], ids[begin + 1 : begin + window + 1]
        logits = reader.predict_on_batch(x[None, : len(y)])[0].astype(np.float64)
        logits -= logits.max(1, keepdims=True)
        chosen = logits[np.arange(len(y)), y]
        losses.append(np.log(np.exp(logits).sum(1)) - chosen)
    return np.concatenate(losses)


def without(model: Any, tokens: list[int]) -> Any:
    """A copy of a model that never chooses one of `tokens`."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    bias = copy.get_layer("logits").bias
    changed = bias.numpy()
    changed[tokens] = _NEVER
    bias.assign(changed)
    return copy
