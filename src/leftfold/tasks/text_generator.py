"""`TextGenerator`: learns from one long text and goes on writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from leftfold.callbacks import Callback
from leftfold.engine.random import seeded
from leftfold.losses import SparseCategoricalCrossentropy
from leftfold.optimizers import Adam
from leftfold.saving import SavingError
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.text import network
from leftfold.tasks.text.choice import Candidate, choose_cell
from leftfold.tasks.text.evaluation import (
    TextEvaluation,
    evaluate_losses,
    reference_losses,
    repeated_lines,
)
from leftfold.tasks.text.settings import cell_name, check_settings
from leftfold.tasks.text.tokens import UNKNOWN, Tokens, learn_tokens, tokens_from_plain
from leftfold.tasks.text.training import train_writer
from leftfold.tasks.text.windows import Windows, window_and_rows
from leftfold.tasks.text.writing import Writing
from leftfold.tasks.training import Training

Self = TypeVar("Self", bound="TextGenerator")
Texts = str | Sequence[str]

WINDOWS = {"character": 100, "word": 35, "subword": 35}
"""Tokens that gradients go back, by unit."""

LEAST_TOKENS = 100
"""Tokens below which there is nothing to learn from."""


class TextGenerator(TaskEstimator, Writing):
    """A recurrent network that foretells the next token of a text, and so can write.

    It reads the training text in many places at once and from window to window keeps its states,
    so that it has the whole text before a token to foretell it by, while gradients go back one
    window (truncated back-propagation through time). The last part of the text is kept apart to
    choose the best epoch by.

    Args:
        unit: what a token is: `"character"`, `"word"`, or `"subword"` (needs the extra
            `subword`).
        cell: `"lstm"`, `"gru"`, `"simple_rnn"`, or `"auto"`, which trains all three,
            each in a third of the time, and keeps the best.
        units: of each recurrent layer.
        layers: how many recurrent layers.
        embedding: numbers in a token's vector.
        dropout: share of a recurrent layer's outputs dropped in training.
        vocabulary: how many different tokens at most.
        window: tokens that gradients go back; by default 100 letters, or 35 words or subwords.
        batch_size: places in which the text is read at the same time; fewer for a short text.
        learning_rate: the highest; it falls to almost nothing by the end.
        epochs: passes over the text at most; by default 20, with a time limit as many as fit.
        time_limit: seconds of training at most. The learning rate follows it.
        patience: epochs without improvement on the validation text before training cools down.
        validation: share of the text, from its middle, to choose the best epoch by. What comes next
            is most like the end, which therefore is learnt from.
        seed: of weights, dropout and windows.
        verbose: 0 silent, 1 a live bar, 2 one line per epoch.

    Attributes:
        model_: the network, from token ids to logits, as a plain Leftfold model (also `model`).
        tokens_: the vocabulary.
        training_: how training went.
        comparison_: what `cell="auto"` found, a row for each cell.

    Example:
        >>> text = "the cat sat on the mat and the dog sat on the log. " * 40
        >>> writer = TextGenerator(units=24, epochs=3, learning_rate=0.02).fit(text)
        >>> len(writer.sample("the ", length=30, seed=1))
        30
        >>> writer.score("the dog sat on the mat.") > -3.5
        True
    """

    def __init__(
        self,
        unit: str = "character",
        cell: str = "lstm",
        units: int = 512,
        layers: int = 1,
        embedding: int = 64,
        dropout: float = 0.2,
        vocabulary: int = 10_000,
        window: int | None = None,
        batch_size: int = 64,
        learning_rate: float = 3e-3,
        epochs: int | None = None,
        time_limit: float | None = None,
        patience: int = 6,
        validation: float = 0.05,
        seed: int = 0,
        verbose: int | str = 0,
    ) -> None:
        self.unit = unit
        self.cell = cell
        self.units = units
        self.layers = layers
        self.embedding = embedding
        self.dropout = dropout
        self.vocabulary = vocabulary
        self.window = window
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.time_limit = time_limit
        self.patience = patience
        self.validation = validation
        self.seed = seed
        self.verbose = verbose

    comparison_: list[Candidate]

    def fit(self: Self, X: Texts, y: Any = None, callbacks: Sequence[Callback] = ()) -> Self:
        """Learn from a text.

        Args:
            X: the text, or several, which are read one after the other.
            y: not used.
            callbacks: further callbacks for the training.

        Raises:
            ValueError: for settings that make no sense.
            DataError: for a text that is too short.
        """
        check_settings(self)
        text = as_text(X)
        begin, end = (round(len(text) * (1 + side * self.validation) / 2) for side in (-1, 1))
        learnt = text[:begin] + text[end:]
        tokens = learn_tokens(learnt, self.unit, self.vocabulary)
        train, held_out = tokens.encode(learnt), tokens.encode(text[begin:end])
        if len(train) < LEAST_TOKENS or len(held_out) < 3:
            raise DataError(
                f"TextGenerator expected a text of at least {LEAST_TOKENS} {self.unit}s to learn "
                f"from and some to choose the best epoch by, got {len(train)} and {len(held_out)}."
            )

        def train_cell(cell: str, limit: float | None) -> tuple[Any, Training]:
            return self._train(tokens, train, held_out, cell, limit, callbacks)

        self.window_ = self.window or WINDOWS[self.unit]
        self.cell_, self.comparison_ = cell_name(self.cell), []
        if self.cell_ == "auto":
            choice = choose_cell(train_cell, self.time_limit, train, held_out, tokens.size)
            self.cell_, self.comparison_ = choice.cell, choice.candidates
            model, self.training_ = choice.model, choice.training
        else:
            model, self.training_ = train_cell(self.cell_, self.time_limit)
        self.tokens_ = tokens
        unwritten = np.bincount(train, minlength=tokens.size) == 0
        unwritten[UNKNOWN] |= tokens.has_unknown
        self.unwritten_: list[int] = np.flatnonzero(unwritten).tolist()
        self.model_ = self._network(self.cell_, tokens.size, None)
        self.model_.set_weights(model.get_weights())
        self._writer = None
        return self

    def _network(self, cell: str, size: int, rows: int | None) -> Any:
        shape = size, cell, self.units, self.layers, self.embedding, self.dropout
        with seeded(self.seed):
            return network.build(*shape, rows=rows)

    def _train(
        self,
        tokens: Tokens,
        train: np.ndarray,
        held_out: np.ndarray,
        cell: str,
        time_limit: float | None,
        callbacks: Sequence[Callback],
    ) -> tuple[Any, Training]:
        """A trained stateful network, and how its training went."""
        window, rows = window_and_rows(len(train), self.window_, self.batch_size)
        rows = min(rows, len(held_out) - 1)
        with seeded(self.seed):
            model = self._network(cell, tokens.size, rows)
            optimizer = Adam(self.learning_rate, global_clipnorm=1.0)
            model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
            training = train_writer(
                model,
                Windows(train, rows, window, self.seed),
                Windows(held_out, rows, window, None),
                epochs=self.epochs or (20 if time_limit is None else 100_000),
                learning_rate=self.learning_rate,
                time_limit=time_limit,
                patience=self.patience,
                verbose=self.verbose,
                callbacks=callbacks,
            )
        return model, training

    def losses(self, text: Texts, before: str = "") -> np.ndarray:
        """What each token of a text costs: `-log p(token | all before it)` in nats.

        The network reads the text once from beginning to end and keeps its states.

        Args:
            text: to be foretold.
            before: text that the network reads first, without being judged by it.

        Returns:
            `(tokens,)` with `before`, or without it `(tokens - 1,)`, as nothing foretells the
            first.
        """
        self._check_fitted()
        ids, read = self.tokens_.encode(as_text(text)), self.tokens_.encode(before)
        if len(ids) + len(read) < 2:
            raise DataError("TextGenerator expected a text of at least two tokens to foretell.")
        reader = self._network(self.cell_, self.tokens_.size, 1)
        costs = network.token_losses(self.model_, reader, np.concatenate([read, ids]))
        return costs[max(0, len(read) - 1) :]

    def score(self, X: Texts, y: Any = None) -> float:
        """How well a text is foretold: minus the nats per character, so that more is better."""
        self._check_fitted()
        text = as_text(X)
        return -evaluate_losses(self.tokens_, text, self.losses(text), {}).model.nats

    def evaluate(self, text: Texts, train: Texts | None = None) -> TextEvaluation:
        """Judge the network on a text that it has not seen.

        Args:
            text: the held-out text.
            train: the text that `fit` got. With it, counts of runs of its tokens are judged on
                the same text: smoothed by Kneser-Ney, of the length that does best, in pairs and
                alone.
        """
        text = as_text(text)
        losses = self.losses(text)
        if train is None:
            return evaluate_losses(self.tokens_, text, losses, {})
        train = as_text(train)
        known, ids = self.tokens_.encode(train), self.tokens_.encode(text)
        references = reference_losses(known, ids, self.tokens_.size)
        repeated = repeated_lines(train, text)
        return evaluate_losses(self.tokens_, text, losses, references, repeated)

    def _state(self) -> TaskFile:
        state = {
            "cell": self.cell_,
            "window": self.window_,
            "unwritten": self.unwritten_,
            "training": vars(self.training_),
            "comparison": [vars(row) for row in self.comparison_],
        }
        vocabulary = self.tokens_.plain()
        return TaskFile("TextGenerator", self.get_params(), state, self.model_, vocabulary)

    def _set_state(self, content: TaskFile) -> None:
        check_settings(self)
        self.tokens_ = tokens_from_plain(content.vocabulary)
        self.cell_, self.window_ = content.state["cell"], int(content.state["window"])
        self.unwritten_ = [int(number) for number in content.state["unwritten"]]
        if not all(0 <= number < self.tokens_.size for number in self.unwritten_):
            raise SavingError("The file is damaged: it names tokens outside of its vocabulary.")
        self.training_ = Training(**content.state["training"])
        self.comparison_ = [Candidate(**row) for row in content.state["comparison"]]
        network.check_shape(
            content.model, self.tokens_.size, self.cell_, self.units, self.layers, self.embedding
        )
        self.model_ = content.model
        self._writer = None


def as_text(texts: Any) -> str:
    """One text, or several joined by new lines.

    Raises:
        DataError: for anything else, or where nothing is in it.
    """
    if not isinstance(texts, str):
        parts = list(texts)
        if not all(isinstance(part, str) for part in parts):
            raise DataError("TextGenerator expected a text or a sequence of texts.")
        texts = "\n".join(parts)
    if not texts.strip():
        raise DataError("TextGenerator expected a text, got nothing but spaces.")
    return str(texts)
