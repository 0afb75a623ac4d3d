"""The networks that classify: an encoder of words or steps, and what reads its vectors.

Each is an ordinary functional model whose layers have names. `read` connects the layers behind
the embeddings; it does so once to build a network, and again, over the same layers, to explain
what the network says of one text (`leftfold.tasks.explaining`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold import layers
from leftfold.layers import Input
from leftfold.models import Model
from leftfold.tasks.sequences import PADDING_VALUE

CELLS = ("simple_rnn", "gru", "lstm", "bidirectional", "embedding", "convolution")
"""What may read the vectors; the last two are no recurrences, but what these must beat."""

SEE_PADDING = ("convolution",)
"""Those that no mask reaches."""

DESCRIPTIONS = {
    "simple_rnn": "SimpleRNN",
    "gru": "GRU",
    "lstm": "LSTM",
    "bidirectional": "LSTM in both directions",
    "embedding": "pooled vectors, no order",
    "convolution": "convolution over 3 steps",
}

_CELL_LAYERS: dict[str, Callable[..., Any]] = {
    "simple_rnn": layers.SimpleRNN,
    "gru": layers.GRU,
    "lstm": layers.LSTM,
}

_PAIRS_PACE = 2.0

LayerOf = Callable[[str, Callable[[], Any]], Any]
"""From a name and a way to make it to a layer."""


@dataclass(frozen=True)
class Plan:
    """What a network consists of.

    Attributes:
        cell: one of `CELLS`.
        units: of the recurrence, or filters of the convolution.
        classes: number of classes.
        numeric: whether steps are numbers, not words.
        dropout: of vectors and of the summary.
        word_dropout: the share of words that training hides.
        pair_dropout: the share of pairs that training hides.
        reader_pace: how fast the reader learns beside the pairs; see `_paced`.
    """

    cell: str
    units: int
    classes: int
    numeric: bool
    dropout: float
    word_dropout: float
    pair_dropout: float
    reader_pace: float

    @property
    def sees_padding(self) -> bool:
        """Whether the network has no masks: a convolution passes none on."""
        return self.cell in SEE_PADDING


def text_network(
    plan: Plan,
    words: int,
    dimension: int,
    pairs: int = 0,
    pair_dimension: int = 16,
    vectors: np.ndarray | None = None,
    tune_vectors: bool = False,
) -> Model:
    """A network over word numbers, with a second branch over pairs of words if there are any.

    Args:
        plan: what reads the vectors.
        words: entries of the vocabulary, padding included.
        dimension: of the word vectors.
        pairs: entries of the vocabulary of pairs, padding included; 0 for no such branch.
        pair_dimension: of their vectors.
        vectors: pretrained ones, `(words, dimension)`.
        tune_vectors: whether training changes those.
    """
    numbers = Input((None,), dtype="int32", name="words")
    embedding = layers.Embedding(
        words,
        dimension,
        mask_zero=not plan.sees_padding,
        name="word_vectors",
        trainable=vectors is None or tune_vectors,
    )
    inputs, tensors = [numbers], [embedding(numbers)]
    if pairs:
        pair_numbers = Input((None,), dtype="int32", name="pairs")
        pair_embedding = layers.Embedding(
            pairs, pair_dimension, mask_zero=True, name="pair_vectors"
        )
        inputs.append(pair_numbers)
        tensors.append(pair_embedding(pair_numbers))
    logits = read(plan, _made, tensors[0], tensors[1] if pairs else None)
    probabilities = layers.Activation("softmax", name="probabilities")(logits)
    network = Model(inputs, probabilities, name="text_classifier")
    if vectors is not None:
        embedding.set_weights([vectors])
    return network


def sequence_network(plan: Plan, features: int) -> Model:
    """A network over numeric sequences `(rows, steps, features)`."""
    steps = Input((None, features), name="steps")
    masking = layers.Masking(PADDING_VALUE, name="padding")
    logits = read(plan, _made, steps if plan.sees_padding else masking(steps), None)
    probabilities = layers.Activation("softmax", name="probabilities")(logits)
    return Model(steps, probabilities, name="sequence_classifier")


def _made(name: str, make: Callable[[], Any]) -> Any:
    return make()


def read(plan: Plan, layer: LayerOf, vectors: Any, pair_vectors: Any) -> Any:
    """From vectors `(rows, steps, dimension)` to one number for each class, `(rows, classes)`.

    Args:
        plan: what the network consists of.
        layer: makes each layer, or finds it by its name.
        vectors: of words or steps.
        pair_vectors: of pairs of words; `None` where there are none.
    """
    shown = _hidden_at_times(layer, "hide_words", plan.word_dropout, vectors)
    if not plan.numeric:  # numbers have few features, none of which can be spared
        drop = layer(
            "drop_vectors", lambda: layers.SpatialDropout1D(plan.dropout, name="drop_vectors")
        )
        shown = drop(shown)
    summary = _summary(plan, layer, shown)
    drop = layer("drop_summary", lambda: layers.Dropout(plan.dropout, name="drop_summary"))
    summary = drop(summary)
    logits = layer("says", lambda: layers.Dense(plan.classes, name="says"))(summary)
    if pair_vectors is None:
        return logits
    shown_pairs = _hidden_at_times(layer, "hide_pairs", plan.pair_dropout, pair_vectors)
    average = layer("average_pair", lambda: layers.GlobalAveragePooling1D(name="average_pair"))(
        shown_pairs
    )
    second = layer("pairs_say", lambda: layers.Dense(plan.classes, name="pairs_say"))(average)
    paced = [
        _paced(layer, "slow_reader", plan.reader_pace, logits),
        _paced(layer, "quick_pairs", _PAIRS_PACE, second),
    ]
    return layer("together", lambda: layers.Add(name="together"))(paced)


def _paced(layer: LayerOf, name: str, pace: float, logits: Any) -> Any:
    """What a branch says, times a number that tells how fast it learns beside the other.

    Adam's steps have about the same size whatever the gradient, so that a branch whose output is
    multiplied learns that much faster. Left alone, the reader learns the training texts by heart
    before the pairs have said what they can.
    """
    return layer(name, lambda: layers.Rescaling(pace, name=name))(logits)


def _hidden_at_times(layer: LayerOf, name: str, rate: float, vectors: Any) -> Any:
    """Vectors of which training hides whole words."""
    if not rate:
        return vectors
    hide = layer(name, lambda: layers.Dropout(rate, noise_shape=(None, None, 1), name=name))
    return hide(vectors)


def _summary(plan: Plan, layer: LayerOf, vectors: Any) -> Any:
    """What a network keeps of all steps: the maximum and the mean over time.

    Of numbers, what a recurrence knows in the end as well: the last steps often matter most. Of
    vectors that nothing has read in order, the mean alone.
    """
    if plan.cell == "embedding" and not plan.numeric:
        return layer("average", lambda: layers.GlobalAveragePooling1D(name="average"))(vectors)
    outputs, ends = _read_steps(plan, layer, vectors)
    strongest = layer("strongest", lambda: layers.GlobalMaxPooling1D(name="strongest"))(outputs)
    average = layer("average", lambda: layers.GlobalAveragePooling1D(name="average"))(outputs)
    parts = [strongest, average, *ends]
    return layer("summary", lambda: layers.Concatenate(name="summary"))(parts)


def _read_steps(plan: Plan, layer: LayerOf, vectors: Any) -> tuple[Any, list[Any]]:
    """The outputs of every step, and of numbers those of the last one (or ones)."""
    if plan.cell == "embedding":
        return vectors, []
    if plan.cell == "convolution":
        convolution = layer(
            "reader",
            lambda: layers.Conv1D(plan.units, 3, padding="same", activation="relu", name="reader"),
        )
        return convolution(vectors), []
    both = plan.cell == "bidirectional"
    cell = _CELL_LAYERS["lstm" if both else plan.cell]
    options: dict[str, Any] = {"return_sequences": True, "return_state": plan.numeric}

    def make() -> Any:
        if both:
            return layers.Bidirectional(cell(plan.units, **options), name="reader")
        return cell(plan.units, name="reader", **options)

    found = layer("reader", make)(vectors)
    if not plan.numeric:
        return found, []
    outputs, *states = found
    return outputs, [states[0], states[2]] if both else [states[0]]
