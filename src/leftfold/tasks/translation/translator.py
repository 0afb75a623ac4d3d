"""`Translator`: reads sentences and writes others, learnt from pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from leftfold.callbacks import Callback
from leftfold.engine.random import seeded
from leftfold.models import EncoderDecoder
from leftfold.optimizers import Adam
from leftfold.saving import SavingError
from leftfold.streaming import decode
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.training import Training
from leftfold.tasks.translation.languages import check_language
from leftfold.tasks.translation.measures import Measure
from leftfold.tasks.translation.pairs import (
    LEAST_PAIRS,
    Pairs,
    other_pairs,
    pairs_of,
    split_pairs,
    without,
)
from leftfold.tasks.translation.settings import check_settings
from leftfold.tasks.translation.training import Rows, train_translator
from leftfold.tasks.translation.vocabulary import Vocabulary
from leftfold.tasks.translation.writing import Writing

Self = TypeVar("Self", bound="Translator")

VOCABULARY = {"word": 10_000, "character": 10_000, "subword": 4_000}
"""Different parts at most, by unit."""


class Translator(TaskEstimator, Writing):
    """A recurrent encoder-decoder that learns from pairs of sentences.

    What it learns is up to the pairs: another language, an answer, the right spelling, a date as
    the standard writes it, a name in other letters. A part of the pairs is kept apart to choose
    the best epoch by; no source is on both sides.

    Args:
        unit: what sentences are made of: `"word"`, `"character"`, or `"subword"` (byte-pair
            encoding, needs the extra `translate`).
        joint: whether both sides have one vocabulary.
        vocabulary: different parts at most; by default 10,000 words or characters, or 4,000
            subwords, of which there are at least the 256 bytes. It is learnt from the training
            part alone.
        source_language: two-letter code, which tells where words end; `None` for the usual way.
        target_language: likewise.
        lowercase: whether case does not count, neither in reading nor in writing.
        cell: `"gru"`, `"lstm"` or `"simple_rnn"`.
        units: of the decoder; half as many read in each direction.
        layers: recurrent layers on both sides.
        embedding: numbers for each part.
        attention: a kind of `EncoderDecoder`, or `None`.
        dropout: share of what layers read and write that is dropped in training.
        label_smoothing: share of each target's probability that is spread over all parts.
        teacher_forcing: as in `EncoderDecoder`.
        longest: parts of a sentence at most, on both sides.
        too_long: what happens to longer ones: `"keep"` them, `"truncate"` them, or `"refuse"`:
            pairs are not learnt from, and there is an error instead of a translation.
        batch_size: pairs in a step.
        learning_rate: the highest; it falls to almost nothing by the end.
        epochs: passes over the pairs at most; by default 20, with a time limit as many as fit.
        time_limit: seconds of training at most. The learning rate follows it.
        patience: epochs without improvement before training cools down.
        monitor: what an epoch is judged by: the `"loss"` of the validation part, or the
            `"figure"`: BLEU, or exact match where targets are short.
        validation: share of the pairs to choose the best epoch by.
        beams: hypotheses that are followed in writing.
        seed: of the split, weights, dropout and order.
        verbose: as in `Model.fit`.

    Attributes:
        source_: vocabulary of the sources.
        target_: vocabulary of the targets.
        model_: the `EncoderDecoder` (also `model`).
        training_: how training went.
        tokens_per_second_: target tokens learnt from in a second.
        rows_: how many pairs were learnt from, stopped by, left out, and cut.
        columns_: of the file it was trained on, where there was one.

    Example:
        >>> words = ["one", "two", "six", "ten"]
        >>> pairs = [(f"{a} {b}", f"{b} {a}") for a in words for b in words] * 4
        >>> translator = Translator("word", units=32, embedding=16, epochs=60, dropout=0.0,
        ...                         label_smoothing=0.0, learning_rate=0.01, batch_size=16)
        >>> translator.fit(*zip(*pairs)).predict(["six one"])
        ['one six']
    """

    def __init__(
        self,
        unit: str = "subword",
        joint: bool = False,
        vocabulary: int | None = None,
        source_language: str | None = None,
        target_language: str | None = None,
        lowercase: bool = False,
        cell: str = "gru",
        units: int = 384,
        layers: int = 1,
        embedding: int = 256,
        attention: str | None = "luong-general",
        dropout: float = 0.3,
        label_smoothing: float = 0.1,
        teacher_forcing: Any = "full",
        longest: int = 100,
        too_long: str = "refuse",
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        epochs: int | None = None,
        time_limit: float | None = None,
        patience: int = 5,
        monitor: str = "figure",
        validation: float = 0.05,
        beams: int = 5,
        seed: int = 0,
        verbose: int | str = 0,
    ) -> None:
        self.unit = unit
        self.joint = joint
        self.vocabulary = vocabulary
        self.source_language = source_language
        self.target_language = target_language
        self.lowercase = lowercase
        self.cell = cell
        self.units = units
        self.layers = layers
        self.embedding = embedding
        self.attention = attention
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.teacher_forcing = teacher_forcing
        self.longest = longest
        self.too_long = too_long
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.time_limit = time_limit
        self.patience = patience
        self.monitor = monitor
        self.validation = validation
        self.beams = beams
        self.seed = seed
        self.verbose = verbose

    def fit(
        self: Self,
        X: Any,
        y: Any,
        validation: tuple[Any, Any] | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Learn from pairs.

        Args:
            X: sentences to read.
            y: what to write for each.
            validation: other pairs to choose the best epoch by, instead of a part of these.
                Pairs whose source is among them are not learnt from.
            callbacks: further callbacks for the training.

        Ctrl-C keeps the best weights so far, as `training_.ended_by` then says.

        Raises:
            ValueError: for settings that make no sense.
            DataError: for pairs that cannot be learnt from.
        """
        self.check_settings()
        pairs = pairs_of(X, y, least=LEAST_PAIRS)
        again = 0
        if validation is None:
            learn, judge = split_pairs(pairs, self.validation, self.seed)
        else:
            judge = other_pairs(validation, "validation")
            learn, again = without(pairs, judge.sources)
            if len(learn.sources) < LEAST_PAIRS:
                raise DataError(
                    f"Only {len(learn.sources)} pairs are not in the validation part as well; "
                    f"expected at least {LEAST_PAIRS}."
                )
        self.source_, self.target_ = self._vocabularies(learn)
        figure = self._figure_of(judge) if self.monitor == "figure" else None
        train, short = self._encoded(learn)
        held_out, _ = self._encoded(judge)
        self.rows_ = {
            "training": len(train[0]),
            "validation": len(held_out[0]),
            "in the validation part as well": again,
            **short,
        }
        self.columns_: dict[str, Any] = {}
        with seeded(self.seed):
            self.model_ = self._network()
            self.model_.compile(Adam(self.learning_rate, global_clipnorm=1.0))
            self.training_, self.tokens_per_second_ = train_translator(
                self.model_,
                train,
                held_out,
                figure=figure,
                epochs=self.epochs or (20 if self.time_limit is None else 10_000),
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                time_limit=self.time_limit,
                patience=self.patience,
                verbose=self.verbose,
                callbacks=callbacks,
            )
        return self

    def check_settings(self) -> None:
        """Complain about settings that cannot be meant, before any work.

        Raises:
            ValueError: for the first of them, by name.
        """
        check_settings(self)
        check_language("source_language", self.source_language)
        check_language("target_language", self.target_language)

    def _vocabularies(self, learn: Pairs) -> list[Vocabulary]:
        size = self.vocabulary or VOCABULARY[self.unit]
        languages = [
            check_language("source_language", self.source_language),
            check_language("target_language", self.target_language),
        ]
        sides = list(learn)
        if self.joint:
            if self.unit == "word" and languages[0] != languages[1]:
                languages = [None, None]
            sides, languages = [learn.sources + learn.targets], languages[1:]
        found = Vocabulary.learn(sides, self.unit, size, languages, self.lowercase)
        return found * 2 if self.joint else found

    def _network(self) -> EncoderDecoder:
        return EncoderDecoder(
            self.source_.size,
            self.target_.size,
            self.embedding,
            self.units,
            layers=self.layers,
            cell=self.cell,
            attention=self.attention,
            dropout=self.dropout,
            label_smoothing=self.label_smoothing,
            teacher_forcing=self.teacher_forcing,
            seed=self.seed,
        )

    def _encoded(self, pairs: Pairs) -> tuple[tuple[Rows, Rows], dict[str, int]]:
        """Pairs as ids, without those that are refused, and how many were too long."""
        sources = [self.source_.encode(text) for text in pairs.sources]
        targets = [self.target_.encode(text) for text in pairs.targets]
        long = [max(len(a), len(b)) > self.longest for a, b in zip(sources, targets, strict=True)]
        counts = {f"too long ({self.too_long})": sum(long)}
        if self.too_long == "refuse":
            kept = [row for row, refused in enumerate(long) if not refused]
            if not kept:
                raise DataError(
                    f"All {len(long)} pairs are longer than {self.longest} {self.unit}s (longest)."
                )
            return ([sources[r] for r in kept], [targets[r] for r in kept]), counts
        if self.too_long == "truncate":
            sources = [row[: self.longest] for row in sources]
            targets = [row[: self.longest] for row in targets]
        return (sources, targets), counts

    def _figure_of(self, pairs: Pairs) -> Callable[[], float]:
        """What tells how good greedy translations are; what is too long is cut."""
        measure = Measure.fitting(pairs.targets, self.target_.language, self.lowercase)
        ids = [self.source_.encode(text)[: self.longest] for text in pairs.sources]

        def figure() -> float:
            written = decode(self.model_, ids)
            return measure(pairs.targets, [self.target_.decode(one.tokens) for one in written])

        return figure

    def score(self, X: Any, y: Any) -> float:
        """BLEU, or exact match where the targets are short, from 0 to 100."""
        pairs = pairs_of(X, y)
        found = self.predict(pairs.sources)
        measure = Measure.fitting(pairs.targets, self.target_.language, self.lowercase)
        return measure(pairs.targets, found)

    def describe(self) -> list[str]:
        """What was learnt from, and with what, a sentence each."""
        self._check_fitted()
        rows = self.rows_
        lines = [f"{rows['training']:,} pairs to learn from, {rows['validation']:,} to stop by"]
        lines += [f"{name}: {count:,}" for name, count in list(rows.items())[2:] if count]
        shared = ", shared by both sides" if self.source_ is self.target_ else ""
        lines.append(
            f"vocabularies: {self.source_.tokens.size:,} and {self.target_.tokens.size:,} "
            f"{self.unit}s of the training part{shared}"
        )
        lines.append(
            f"network: {self.cell}, attention {self.attention or 'none'}, "
            f"{self.model_.count_params():,} parameters"
        )
        return lines

    def _state(self) -> TaskFile:
        state = {
            "training": asdict(self.training_),
            "tokens_per_second": self.tokens_per_second_,
            "rows": self.rows_,
            "columns": self.columns_,
        }
        shared = self.source_ is self.target_
        vocabulary = {
            "source": self.source_.plain(),
            "target": None if shared else self.target_.plain(),
        }
        params = self.get_params()
        if hasattr(self.teacher_forcing, "get_config"):
            params["teacher_forcing"] = self.teacher_forcing.get_config()
        return TaskFile("Translator", params, state, self.model_, vocabulary)

    def _set_state(self, content: TaskFile) -> None:
        self.check_settings()
        state, vocabulary = content.state, content.vocabulary
        self.source_ = self.target_ = Vocabulary.from_plain(vocabulary["source"])
        if vocabulary["target"] is not None:
            self.target_ = Vocabulary.from_plain(vocabulary["target"])
        self.model_ = content.model
        if not isinstance(self.model_, EncoderDecoder):
            raise SavingError("The file is damaged: its model is no EncoderDecoder.")
        sizes = (self.model_.source_size, self.model_.target_size)
        if sizes != (self.source_.size, self.target_.size):
            raise SavingError("The file is damaged: its model and vocabularies differ in size.")
        self.training_ = Training(**state["training"])
        self.tokens_per_second_ = float(state["tokens_per_second"])
        self.rows_ = dict(state["rows"])
        self.columns_ = dict(state["columns"])
