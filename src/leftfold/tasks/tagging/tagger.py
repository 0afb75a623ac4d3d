"""`SequenceTagger`: a label for every word of a sentence, or for every step of a series."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from leftfold.engine.random import seeded
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.sequences import ALL_STEPS, SequenceEncoder
from leftfold.tasks.tagging.inputs import Labels, Rows, labels_of, rows_of, split, take
from leftfold.tasks.tagging.network import CELLS, fit_network, sequence_network, text_network
from leftfold.tasks.tagging.spans import Decoder, find_scheme
from leftfold.tasks.tagging.tokens import TokenEncoder
from leftfold.tasks.texts import Cut
from leftfold.tasks.training import Training

_UNITS = {True: 64, False: 32}
_TOGETHER = 128
"""Rows that are predicted at once."""


class SequenceTagger(TaskEstimator):
    """Labels every token of sentences, or every step of numeric sequences.

    The sequence is read in both directions. Of a token, the network sees the word, how it begins
    and ends, and what it looks like. Where labels name spans (IOB2, IOBES), the answer is the most
    probable sequence of labels that is well formed.

    Args:
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`.
        units: of each direction; by default 64 for tokens and 32 for numbers.
        depth: recurrent layers.
        dimension: of word vectors; those of word parts and shapes are a quarter or half of it.
        words: entries of the vocabulary of words at most.
        window: in training, longer sequences are read in stretches of so many steps; predictions
            read them whole.
        epochs: passes over the data at most; by the number of rows by default.
        batch_size: rows in a step; by default 4 to 32, by the number of rows.
        learning_rate: of Adam, at the beginning; it falls to a fiftieth of that.
        dropout: of what is seen and of what was read.
        word_dropout: the share of words that training hides from the recurrence, so that their
            parts are looked at.
        vote_dropout: the share of words and parts that training hides from the branch that adds up
            what each says by itself.
        balanced: whether rare labels count as much as frequent ones.
        validation_share: of the rows, for early stopping.
        patience: epochs without improvement before training ends; 8 by default.
        time_limit: seconds of training at most.
        seed: of the split, the weights and the order of rows.
        verbose: as in `Model.fit`.

    Attributes:
        classes_: the labels, as sorted texts.
        scheme_: `"IOB2"` or `"IOBES"` where labels name spans, else `None`.
        model_: the Leftfold model, from numbers to probabilities `(rows, steps, labels)`.
        training_: how training went.
        rows_: how many rows were learnt from, and stopped by.
        columns_: of the file it was trained on, where there was one.

    Example:
        >>> sentences = [["in", "Rome"], ["to", "Paris"], ["Rome", "sleeps"]] * 10
        >>> labels = [["O", "S-LOC"], ["O", "S-LOC"], ["S-LOC", "O"]] * 10
        >>> tagger = SequenceTagger("gru", units=8, epochs=20).fit(sentences, labels)
        >>> tagger.predict([["to", "Rome"]])
        [['O', 'S-LOC']]
    """

    def __init__(
        self,
        cell: str = "lstm",
        units: int | None = None,
        depth: int = 1,
        dimension: int = 64,
        words: int = 30_000,
        window: int = 200,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 3e-3,
        dropout: float = 0.5,
        word_dropout: float = 0.3,
        vote_dropout: float = 0.3,
        balanced: bool = False,
        validation_share: float = 0.1,
        patience: int | None = None,
        time_limit: float | None = None,
        seed: int = 0,
        verbose: int | str = 0,
    ) -> None:
        self.cell = cell
        self.units = units
        self.depth = depth
        self.dimension = dimension
        self.words = words
        self.window = window
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.vote_dropout = vote_dropout
        self.balanced = balanced
        self.validation_share = validation_share
        self.patience = patience
        self.time_limit = time_limit
        self.seed = seed
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any, validation: tuple[Any, Any] | None = None, mask: Any = None
    ) -> SequenceTagger:
        """Learn from sequences whose steps have labels.

        Args:
            X: sentences, as lists of tokens; or numeric sequences, as a list of arrays
                `(steps, features)` or one padded array `(rows, steps, features)`.
            y: for each row one label for each step, texts or whole numbers.
            validation: rows and labels for early stopping, instead of a part of `X`.
            mask: for a padded array, True where there is something, `(rows, steps)`; `y` has
                labels for those steps alone.

        Raises:
            DataError: for data that cannot be learnt from.
            KeyboardInterrupt: on Ctrl-C; the best network so far has been kept.
        """
        self.check_settings()
        rows = rows_of(X, mask=mask)
        labels = labels_of(y, rows, least=2)
        with seeded(self.seed):
            learn, judge = self._split(rows, labels, validation)
            self.classes_ = np.array(sorted({label for one in labels for label in one}))
            self.scheme_ = find_scheme(self.classes_.tolist())
            self.encoder_ = self._encoder(learn[0])
            network = self._network()
            self.rows_ = {"training": len(learn[0]), "validation": len(judge[0]) if judge else 0}
            self.columns_: dict[str, Any] = {}
            self.training_ = fit_network(
                self,
                network,
                self.encoder_,
                (learn[0], self.codes(learn[1])),
                (judge[0], self.codes(judge[1])) if judge else None,
                len(self.classes_),
            )
            self.model_ = network
        if self.training_.ended_by == "interrupt":
            raise KeyboardInterrupt
        return self

    def check_settings(self) -> None:
        """Complain about settings that cannot be meant, before any work.

        Raises:
            ValueError: for the first of them, by name.
        """
        if self.cell not in CELLS:
            raise ValueError(f"cell expected one of {', '.join(CELLS)}, got {self.cell!r}.")
        optional = ("units", "epochs", "batch_size", "patience")
        for name in ("depth", "dimension", "words", "window", *optional):
            value = getattr(self, name)
            if value is None and name in optional:
                continue
            if not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name} expected a positive whole number, got {value!r}.")
        for name in ("dropout", "word_dropout", "vote_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} expected a share from 0 to below 1, got {getattr(self, name)!r}."
                )
        if not 0 < self.validation_share < 1:
            raise ValueError(
                f"validation_share expected a number between 0 and 1, got {self.validation_share}."
            )
        if not self.learning_rate > 0:
            raise ValueError(
                f"learning_rate expected a number above 0, got {self.learning_rate!r}."
            )
        if self.time_limit is not None and not self.time_limit > 0:
            raise ValueError(f"time_limit expected seconds above 0, got {self.time_limit!r}.")

    def _split(
        self, rows: Rows, labels: Labels, validation: tuple[Any, Any] | None
    ) -> tuple[tuple[Rows, Labels], tuple[Rows, Labels] | None]:
        if validation is not None:
            other = rows_of(validation[0], isinstance(rows[0], list))
            return (rows, labels), (other, labels_of(validation[1], other))
        learn, judge = split(rows, labels, self.validation_share, self.seed)
        kept = take(rows, learn), take(labels, learn)
        return kept, (take(rows, judge), take(labels, judge)) if len(judge) else None

    def _encoder(self, rows: Rows) -> TokenEncoder | SequenceEncoder:
        if isinstance(rows[0], list):
            return TokenEncoder(self.words).fit(rows)
        return SequenceEncoder(ALL_STEPS).fit(rows)

    def _network(self) -> Any:
        encoder, tags = self.encoder_, len(self.classes_)
        if isinstance(encoder, TokenEncoder):
            return text_network(self, encoder, self.units or _UNITS[True], tags)
        return sequence_network(self, len(encoder.mean), self.units or _UNITS[False], tags)

    @property
    def reads_texts(self) -> bool:
        """Whether it was fitted on sentences."""
        self._check_fitted()
        return isinstance(self.encoder_, TokenEncoder)

    def codes(self, labels: Labels) -> list[np.ndarray]:
        """Labels as numbers of classes, `(steps,)` for each row.

        Raises:
            DataError: for a label that was not there in training.
        """
        numbers = {label: code for code, label in enumerate(self.classes_.tolist())}
        for row, one in enumerate(labels):
            for step, label in enumerate(one):
                if label not in numbers:
                    known = ", ".join(map(repr, list(numbers)[:12]))
                    raise DataError(
                        f"y, row {row + 1}, step {step + 1}: {label!r} is none of the labels "
                        f"{known}."
                    )
        return [np.array([numbers[label] for label in one]) for one in labels]

    def predict_proba(self, X: Any, mask: Any = None) -> list[np.ndarray]:
        """The probability of each label at each step, `(steps, labels)` for each row."""
        self._check_fitted()
        rows = rows_of(X, self.reads_texts, mask)
        order = np.argsort([len(row) for row in rows], kind="stable")
        found: list[Any] = [None] * len(rows)
        for at in range(0, len(order), _TOGETHER):  # rows of similar lengths need little padding
            chosen = order[at : at + _TOGETHER]
            inputs = self.encoder_.encode(take(rows, chosen))
            probabilities = self.model_.predict(inputs, _TOGETHER, verbose=0)
            for row, values in zip(chosen, probabilities, strict=True):
                found[row] = values[: len(rows[row])]
        return found

    def predict(self, X: Any, mask: Any = None) -> Labels:
        """The label of each step, a list of texts for each row."""
        return self.decode(self.predict_proba(X, mask))

    def decode(self, probabilities: list[np.ndarray]) -> Labels:
        """The labels that `predict` chooses, by what `predict_proba` gave."""
        decoder = Decoder(self.classes_.tolist(), self.scheme_)
        return [self.classes_[decoder.decode(one)].tolist() for one in probabilities]

    def score(self, X: Any, y: Any, mask: Any = None) -> float:
        """The share of steps whose label is predicted."""
        found = self.predict(X, mask)
        pairs = zip(found, labels_of(y, found), strict=True)
        return float(
            np.mean([a == b for said, true in pairs for a, b in zip(said, true, strict=True)])
        )

    def describe(self) -> list[str]:
        """What was learnt from, and what was chosen, a sentence each."""
        self._check_fitted()
        lines = [f"labels: {len(self.classes_)}, " + (self.scheme_ or "one for each step")]
        if isinstance(self.encoder_, TokenEncoder):
            sizes = {name: len(index) for name, index in self.encoder_.index.items()}
            lines.append(
                f"vocabulary: {sizes['words']:,} words of the training part, {sizes['ends']:,} "
                f"endings, {sizes['begins']:,} beginnings, {sizes['shapes']:,} shapes"
            )
        else:
            lines.append(f"features: {len(self.encoder_.mean)}, scaled by the training part")
        lines.append(
            f"network: {self.cell} in both directions, {self.model_.count_params():,} parameters"
        )
        return lines

    def _state(self) -> TaskFile:
        state = {
            "classes": self.classes_.tolist(),
            "training": asdict(self.training_),
            "rows": self.rows_,
            "columns": self.columns_,
        }
        encoder, params = self.encoder_, self.get_params()
        if isinstance(encoder, TokenEncoder):
            return TaskFile("SequenceTagger", params, state, self.model_, encoder.state())
        arrays = {"mean": encoder.mean, "deviation": encoder.deviation}
        return TaskFile("SequenceTagger", params, state, self.model_, None, arrays)

    def _set_state(self, content: TaskFile) -> None:
        state = content.state
        self.classes_ = np.array([str(label) for label in state["classes"]])
        self.scheme_ = find_scheme(self.classes_.tolist())
        self.training_ = Training(**state["training"])
        self.rows_ = dict(state["rows"])
        self.columns_ = dict(state["columns"])
        self.model_ = content.model
        outputs = self.model_.output_shape
        if outputs != (None, None, len(self.classes_)):
            raise ValueError(f"the model has outputs {outputs} for {len(self.classes_)} labels")
        if content.vocabulary is None:
            self.encoder_ = SequenceEncoder(ALL_STEPS, cut=Cut(ALL_STEPS, 1.0, "all are read"))
            self.encoder_.mean = content.arrays["mean"]
            self.encoder_.deviation = content.arrays["deviation"]
            return
        self.encoder_ = TokenEncoder.from_state(content.vocabulary)
        for name in self.encoder_.names:
            known = self.model_.get_layer(f"votes_of_{name}").input_dim
            if self.encoder_.entries(name) > known:
                raise ValueError(f"the vocabulary has more {name} than the {known} of the model")
