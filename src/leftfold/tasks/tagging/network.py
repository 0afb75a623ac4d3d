"""The networks that tag: what is seen at a step, read in both directions, a label for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers
from leftfold.engine.random import as_generator
from leftfold.layers import Input
from leftfold.models import Model
from leftfold.models.buckets import similar_lengths
from leftfold.models.data_sources import PyDataset
from leftfold.optimizers import Adam
from leftfold.optimizers.schedules import CosineDecay
from leftfold.tasks.sequences import PADDING_VALUE, SequenceEncoder
from leftfold.tasks.tagging.tokens import FEATURES, TokenEncoder
from leftfold.tasks.training import Training, train

if TYPE_CHECKING:
    from leftfold.tasks.tagging.tagger import SequenceTagger

CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
_AIMED_STEPS = 2500
_EPOCHS = (10, 100)
_BATCHES = (4, 32)
_PATIENCE = 8
_NOWHERE = -1
_READER_PACE, _VOTES_PACE = 0.2, 5.0
"""How fast the branches learn beside each other: Adam's steps have about the same size, whatever
the gradient, so that a branch whose output is multiplied learns that much faster."""


class StepBatches(PyDataset):
    """Batches of sequences of similar lengths, with a label and a weight for every step.

    Args:
        encode: from rows to a network's inputs.
        rows: the sequences.
        codes: the number of each step's label, -1 for a step without one.
        weights: of the classes, `(classes,)`.
        batch_size: rows in a batch.
        seed: of the order; `None` for the order of lengths.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[Any]], dict[str, np.ndarray]],
        rows: Sequence[Any],
        codes: Sequence[np.ndarray],
        weights: np.ndarray,
        batch_size: int,
        seed: int | None,
    ) -> None:
        super().__init__()
        self.encode, self.rows, self.codes, self.weights = encode, rows, codes, weights
        self.batch_size = batch_size
        self.lengths = np.array([len(row) for row in rows])
        self._random = None if seed is None else as_generator(seed)
        self._order = np.argsort(self.lengths, kind="stable")

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def on_epoch_begin(self) -> None:
        if self._random is not None:
            self._order = similar_lengths(self.lengths, self._random, self.batch_size)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        labels = np.full((len(chosen), int(self.lengths[chosen].max())), _NOWHERE)
        for place, row in enumerate(chosen):
            labels[place, : len(self.codes[row])] = self.codes[row]
        known = np.maximum(labels, 0)
        weights = np.where(labels >= 0, self.weights[known], 0).astype(np.float32)
        return self.encode([self.rows[row] for row in chosen]), known, weights


def text_network(settings: SequenceTagger, encoder: TokenEncoder, units: int, tags: int) -> Model:
    """A network over what is seen of tokens: what a recurrence reads, and what they say at once.

    With few sentences a recurrence learns them by heart. So a second branch adds up what a token's
    parts and the words beside it say for each label, by themselves, as a logistic regression does.
    """
    inputs = {name: Input((None,), dtype="int32", name=name) for name in encoder.names}
    vectors, votes = [], []
    for name, numbers in inputs.items():
        entries = encoder.entries(name)
        vote = layers.Embedding(entries, tags, mask_zero=True, name=f"votes_of_{name}")
        votes.append(_hidden(settings.vote_dropout, f"hide_{name}", vote(numbers)))
        if name in FEATURES:
            width = max(4, round(settings.dimension * FEATURES[name][1]))
            table = layers.Embedding(entries, width, mask_zero=True, name=f"vectors_of_{name}")
            vectors.append(table(numbers))
    vectors[0] = _hidden(settings.word_dropout, "hide_words_from_reader", vectors[0])
    seen = layers.Concatenate(name="seen")(vectors)
    seen = layers.Dropout(settings.dropout, name="drop_vectors")(seen)
    read = layers.Rescaling(_READER_PACE, name="slow_reader")(_read(settings, seen, units, tags))
    voted = layers.Rescaling(_VOTES_PACE, name="quick_votes")(layers.Add(name="votes")(votes))
    scores = layers.Add(name="together")([read, voted])
    probabilities = layers.Activation("softmax", name="probabilities")(scores)
    return Model(list(inputs.values()), probabilities, name="text_tagger")


def sequence_network(settings: SequenceTagger, features: int, units: int, tags: int) -> Model:
    """A network over numeric sequences `(rows, steps, features)`."""
    steps = Input((None, features), name="steps")
    masked = layers.Masking(PADDING_VALUE, name="padding")(steps)
    scores = _read(settings, masked, units, tags)
    probabilities = layers.Activation("softmax", name="probabilities")(scores)
    return Model(steps, probabilities, name="sequence_tagger")


def _hidden(rate: float, name: str, vectors: Any) -> Any:
    """Vectors of which training hides whole ones, so that the others must tell."""
    if not rate:
        return vectors
    return layers.Dropout(rate, noise_shape=(None, None, 1), name=name)(vectors)


def _read(settings: SequenceTagger, vectors: Any, units: int, tags: int) -> Any:
    """A score for each label at each step, from all steps before and behind."""
    for number in range(1, settings.depth + 1):
        cell = CELLS[settings.cell](units, return_sequences=True)
        vectors = layers.Bidirectional(cell, name=f"reader_{number}")(vectors)
        vectors = layers.Dropout(settings.dropout, name=f"drop_states_{number}")(vectors)
    return layers.TimeDistributed(layers.Dense(tags), name="reader_says")(vectors)


def stretches(rows: Sequence[Any], codes: Sequence[np.ndarray], window: int) -> tuple[list, list]:
    """Sequences and their labels cut into parts of at most so many steps.

    Example:
        >>> stretches([[1, 2, 3]], [np.array([0, 1, 0])], 2)[0]
        [[1, 2], [3]]
    """
    cuts = [(number, at) for number, row in enumerate(rows) for at in range(0, len(row), window)]
    return (
        [rows[number][at : at + window] for number, at in cuts],
        [codes[number][at : at + window] for number, at in cuts],
    )


def fit_network(
    settings: SequenceTagger,
    network: Model,
    encoder: TokenEncoder | SequenceEncoder,
    learn: tuple[Sequence[Any], Sequence[np.ndarray]],
    judge: tuple[Sequence[Any], Sequence[np.ndarray]] | None,
    tags: int,
) -> Training:
    """Train on labelled rows until those that judge no longer gain."""
    rows, codes = stretches(*learn, settings.window)
    batch_size = settings.batch_size or int(np.clip(len(rows) // 40, *_BATCHES))
    steps = math.ceil(len(rows) / batch_size)
    epochs = settings.epochs or int(np.clip(math.ceil(_AIMED_STEPS / steps), *_EPOCHS))
    weights = np.ones(tags)
    if settings.balanced:
        counts = np.bincount(np.concatenate(codes), minlength=tags)
        weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    batches = StepBatches(encoder.encode, rows, codes, weights, batch_size, settings.seed)
    validation = StepBatches(encoder.encode, *judge, np.ones(tags), 64, None) if judge else None
    rate = CosineDecay(settings.learning_rate, steps * epochs, alpha=0.02)
    momentum = 0.5 ** (4 / max(4, steps))
    network.compile(
        Adam(rate, clipnorm=1.0, use_ema=True, ema_momentum=momentum),
        "sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    found = train(
        network,
        batches,
        None,
        validation,
        epochs=epochs,
        batch_size=None,  # the batches know
        patience=settings.patience or _PATIENCE,
        time_limit=settings.time_limit,
        verbose=settings.verbose,
    )
    # A fresh optimiser: files need not carry the moments of the old one.
    network.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    return found
