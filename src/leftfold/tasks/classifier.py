"""`SequenceClassifier`: raw texts or numeric sequences to classes, as scikit-learn has them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine.random import seeded
from leftfold.tasks import checks
from leftfold.tasks.candidates import FEW_ROWS, Candidate, train_candidates
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.explaining import Explanation, explain_steps, explain_text
from leftfold.tasks.files import TaskFile
from leftfold.tasks.inputs import Inputs, check_labels, make_encoder, rows_of
from leftfold.tasks.networks import CELLS, DESCRIPTIONS, Plan
from leftfold.tasks.sequences import SequenceEncoder
from leftfold.tasks.splits import duplicate_groups, stratified_split
from leftfold.tasks.texts import LEVELS, Cut, TextEncoder
from leftfold.tasks.training import Training
from leftfold.vectors import Coverage


class SequenceClassifier(TaskEstimator):
    """Classifies texts, or numeric sequences of different lengths, with two classes or more.

    A part of the training rows is set aside for early stopping; vocabulary and scale come from the
    rest alone. Texts that differ only in case and punctuation stay on one side.

    Args:
        cell: one of `"simple_rnn"`, `"gru"`, `"lstm"`, `"bidirectional"`, `"embedding"` and
            `"convolution"`; `"auto"` tries them all; `"default"` is `"bidirectional"`, or
            `"embedding"` where there are fewer than 1,000 rows and pretrained vectors.
        units: of the recurrence, or filters of the convolution; by default 32, and 128 where texts
            are read by character.
        dimension: of word vectors that are learnt.
        level: texts by `"word"` or `"character"`.
        words: entries of the vocabulary that the reader knows, at most; by default 6,000, for it
            learns rarer words, names above all, by heart; 50,000 with pretrained vectors.
        pairs: entries of the vocabulary of a second branch of the network, which averages vectors
            of a text's words and pairs of neighbouring words; 0 for no such branch. By default
            150,000 where texts are read by word.
        longest: steps to cut at; chosen by the lengths of the training part by default.
        vectors: a file with pretrained vectors, see `leftfold.vectors.WordVectors.load`.
        tune_vectors: whether training changes them.
        epochs: passes over the data at most; by the number of rows by default.
        batch_size: rows in a step; by default 8 to 64, by the number of rows.
        learning_rate: of Adam, at the beginning; it falls to a twentieth of that.
        dropout: of word vectors and of the summary; half of it where texts are
            read by character, and for numeric sequences, of the summary alone.
        word_dropout: the share of words that training hides; no characters are hidden.
        pair_dropout: the share of pairs that training hides.
        balanced: whether rare classes count as much as frequent ones.
        validation_share: of the rows, for early stopping.
        patience: epochs without improvement before training ends; by default 3, or 25 with fewer
            than 1,000 rows.
        time_limit: seconds of training at most, all candidates of `"auto"` together.
        seed: of the split, the weights and the order of rows.
        verbose: as in `Model.fit`.

    Attributes:
        classes_: the labels, sorted.
        model_: the Leftfold model, from numbers to probabilities.
        training_: how training went.
        candidates_: what `cell="auto"` tried, the best first.
        coverage_: how much of the vocabulary pretrained vectors know.
        warnings_: what is suspicious about the data.
        columns_: of the file it was trained on, where there was one.

    Example:
        >>> texts = ["a good film", "a fine film", "a bad film", "a poor film"] * 10
        >>> labels = ["yes", "yes", "no", "no"] * 10
        >>> classifier = SequenceClassifier("lstm", units=8, epochs=30, seed=1).fit(texts, labels)
        >>> classifier.predict(["good", "poor"]).tolist()
        ['yes', 'no']
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        cell: str = "default",
        units: int | None = None,
        dimension: int = 64,
        level: str = "word",
        words: int | None = None,
        pairs: int | None = None,
        longest: int | None = None,
        vectors: Path | str | None = None,
        tune_vectors: bool = False,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 3e-3,
        dropout: float = 0.5,
        word_dropout: float = 0.3,
        pair_dropout: float = 0.5,
        balanced: bool = False,
        validation_share: float = 0.1,
        patience: int | None = None,
        time_limit: float | None = None,
        seed: int = 0,
        verbose: int | str = 0,
    ) -> None:
        self.cell = cell
        self.units = units
        self.dimension = dimension
        self.level = level
        self.words = words
        self.pairs = pairs
        self.longest = longest
        self.vectors = vectors
        self.tune_vectors = tune_vectors
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.pair_dropout = pair_dropout
        self.balanced = balanced
        self.validation_share = validation_share
        self.patience = patience
        self.time_limit = time_limit
        self.seed = seed
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        validation: tuple[Any, Any] | None = None,
        mask: Any = None,
    ) -> SequenceClassifier:
        """Learn from labelled rows.

        Args:
            X: texts; or sequences, as a list of arrays `(steps, features)`, or one padded array
                `(rows, steps, features)`.
            y: labels, `(rows,)`, texts or whole numbers.
            validation: rows and labels for early stopping, instead of a part of `X`.
            mask: for a padded array, True where there is something, `(rows, steps)`.

        Raises:
            DataError: for data that cannot be learnt from.
            KeyboardInterrupt: on Ctrl-C; the best network so far has been kept.
        """
        self.check_settings()
        rows = rows_of(X, self.level, mask)
        labels = check_labels(y, len(rows))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        with seeded(self.seed):
            learn, judge = self._split(rows, codes, validation)
            cells = self._cells(len(rows))
            self.warnings_ = [*checks.about_labels(labels), *learn.warnings()]
            self.encoder_, vectors, self.coverage_ = make_encoder(
                self, learn, cells == ["embedding"]
            )
            chosen = train_candidates(
                self, self.encoder_, cells, learn, judge, len(self.classes_), vectors
            )
        self.plan_, self.model_, self.training_ = chosen.plan, chosen.network, chosen.training
        self.candidates_ = chosen.candidates
        self.columns_: dict[str, Any] = {}
        self.rows_ = {"training": len(learn.rows), "validation": len(judge.rows) if judge else 0}
        if chosen.interrupted:
            raise KeyboardInterrupt
        return self

    def check_settings(self) -> None:
        """Complain about settings that cannot be meant, before any work.

        Raises:
            ValueError: for the first of them, by name.
        """
        known = (*CELLS, "auto", "default")
        if self.cell not in known:
            raise ValueError(f"cell expected one of {', '.join(known)}, got {self.cell!r}.")
        if self.level not in LEVELS:
            raise ValueError(f"level expected 'word' or 'character', got {self.level!r}.")
        optional = ("units", "words", "batch_size", "epochs", "longest")
        for name in ("dimension", *optional):
            value = getattr(self, name)
            if value is None and name in optional:
                continue
            if not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name} expected a positive whole number, got {value!r}.")
        if self.vectors is not None and not Path(self.vectors).is_file():
            raise DataError(f"vectors: {self.vectors} is no file.")
        if not 0 < self.validation_share < 1:
            raise ValueError(
                f"validation_share expected a number between 0 and 1, got {self.validation_share}."
            )

    def _split(
        self, rows: list[Any], codes: np.ndarray, validation: tuple[Any, Any] | None
    ) -> tuple[Inputs, Inputs | None]:
        if validation is not None:
            other = rows_of(validation[0], self.level, None)
            other_codes = self.codes(check_labels(validation[1], len(other), least=1))
            return Inputs(rows, codes), Inputs(other, other_codes)
        groups = duplicate_groups(map(checks.row_key, rows))
        shares = [1 - self.validation_share, self.validation_share]
        learn, judge = stratified_split(codes, shares, self.seed, groups)
        everything = Inputs(rows, codes)
        return everything.take(learn), everything.take(judge) if len(judge) else None

    def codes(self, labels: np.ndarray) -> np.ndarray:
        """Labels as numbers of classes.

        Raises:
            DataError: for a label that was not there in training.
        """
        numbers = {label: code for code, label in enumerate(self.classes_.tolist())}
        for row, label in enumerate(labels.tolist()):
            if label not in numbers:
                known = ", ".join(repr(known) for known in numbers)
                raise DataError(f"y, row {row + 1}: {label!r} is none of the classes {known}.")
        return np.array([numbers[label] for label in labels.tolist()], int)

    def _cells(self, rows: int) -> list[str]:
        if self.cell == "auto":
            return list(CELLS)
        if self.cell == "default":
            few = rows < FEW_ROWS and self.vectors is not None
            return ["embedding" if few else "bidirectional"]
        return [self.cell]

    def predict_proba(self, X: Any, mask: Any = None) -> np.ndarray:
        """The probability of each class, `(rows, classes)`, in the order of `classes_`."""
        self._check_fitted()
        rows = rows_of(X, self.level, mask, self.encoder_)
        x = self.encoder_.encode(rows, self.plan_.sees_padding)
        probabilities: np.ndarray = self.model_.predict(x, 256, verbose=0)
        return probabilities

    def predict(self, X: Any, mask: Any = None) -> np.ndarray:
        """The most probable class of each row, `(rows,)`."""
        chosen: np.ndarray = self.classes_[self.predict_proba(X, mask).argmax(1)]
        return chosen

    def score(self, X: Any, y: Any, mask: Any = None) -> float:
        """The share of rows whose class is predicted."""
        return float(np.mean(self.predict(X, mask) == np.asarray(y)))

    def explain(self, x: Any, target: Any = None) -> Explanation:
        """What each word (or step) contributes to the choice of a class.

        Args:
            x: one text, or one sequence.
            target: the class; the predicted one by default.

        Returns:
            Contributions whose sum is the class's score; see `Explanation`.
        """
        self._check_fitted()
        row = rows_of([x], self.level, None, self.encoder_)[0]
        code = None if target is None else int(self.codes(np.asarray([target]))[0])
        encoder = self.encoder_
        if isinstance(encoder, TextEncoder):
            return explain_text(self.model_, self.plan_, encoder, row, self.classes_, code)
        return explain_steps(self.model_, self.plan_, encoder, row, self.classes_, code)

    def describe(self) -> list[str]:
        """What was learnt from, and what was chosen, a sentence each."""
        self._check_fitted()
        cut, kind = self.encoder_.cut, "steps"
        lines = []
        if isinstance(self.encoder_, TextEncoder):
            kind = "words" if self.level == "word" else "characters"
            lines.append(f"vocabulary: {len(self.encoder_.index):,} {kind} of the training part")
            if self.encoder_.pair_index:
                lines[-1] += f", and {len(self.encoder_.pair_index):,} words and pairs of them"
        lines.append(
            f"length: cut at {cut.longest:,} {kind}, {cut.why}; {cut.whole:.1%} of the training "
            "part are read whole"
        )
        reader = DESCRIPTIONS[self.plan_.cell]
        lines.append(f"network: {reader}, {self.model_.count_params():,} parameters")
        if self.coverage_ is not None:
            lines.append(f"vectors: {self.coverage_}")
        return lines

    def _state(self) -> TaskFile:
        encoder = self.encoder_
        state = {
            "classes": self.classes_.tolist(),
            "plan": asdict(self.plan_),
            "training": asdict(self.training_),
            "candidates": [asdict(candidate) for candidate in self.candidates_],
            "coverage": asdict(self.coverage_) if self.coverage_ else None,
            "warnings": self.warnings_,
            "rows": self.rows_,
            "columns": self.columns_,
            "kind": "text" if isinstance(encoder, TextEncoder) else "sequence",
        }
        params = {**self.get_params(), "vectors": str(self.vectors) if self.vectors else None}
        if isinstance(encoder, TextEncoder):
            vocabulary = encoder.state()
            return TaskFile("SequenceClassifier", params, state, self.model_, vocabulary)
        state["cut"] = list(encoder.cut)
        arrays = {"mean": encoder.mean, "deviation": encoder.deviation}
        return TaskFile("SequenceClassifier", params, state, self.model_, None, arrays)

    def _set_state(self, content: TaskFile) -> None:
        state = content.state
        self.classes_ = np.array(state["classes"])
        self.plan_ = Plan(**state["plan"])
        self.training_ = Training(**state["training"])
        self.candidates_ = [Candidate(**candidate) for candidate in state["candidates"]]
        coverage = state["coverage"]
        self.coverage_ = None
        if coverage:
            self.coverage_ = Coverage(**{**coverage, "missing": tuple(coverage["missing"])})
        self.warnings_ = list(state["warnings"])
        self.rows_ = dict(state["rows"])
        self.columns_ = dict(state["columns"])
        self.encoder_ = _encoder(content)
        self.model_ = content.model
        outputs = self.model_.output_shape
        if self.classes_.ndim != 1 or outputs != (None, len(self.classes_)):
            raise ValueError(f"the model has outputs {outputs} for {len(self.classes_)} classes")
        if isinstance(self.encoder_, TextEncoder):
            known = self.model_.get_layer("word_vectors").input_dim
            if len(self.encoder_.index) + 2 > known:
                raise ValueError(f"the vocabulary has more words than the {known} of the model")


def _encoder(content: TaskFile) -> TextEncoder | SequenceEncoder:
    if content.state["kind"] == "text":
        return TextEncoder.from_state(content.vocabulary)
    longest, whole, why = content.state["cut"]
    encoder = SequenceEncoder(content.params.get("longest"))
    encoder.cut = Cut(int(longest), float(whole), str(why))
    encoder.mean, encoder.deviation = content.arrays["mean"], content.arrays["deviation"]
    return encoder
