"""`EncoderDecoder`: sequences in, sequences out, as one model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.callbacks import History
from leftfold.engine import KerasTensor, Tape, Tensor
from leftfold.engine.random import SeedGenerator
from leftfold.engine.tensor import as_full_array
from leftfold.layers.checks import fraction, positive_integer
from leftfold.layers.serialization import known_layer
from leftfold.models.data_prepare import check_counts
from leftfold.models.data_sources import unpack_x_y_sample_weight
from leftfold.models.model import Model
from leftfold.models.seq2seq import forcing
from leftfold.models.seq2seq.attention import KINDS
from leftfold.models.seq2seq.decoder import Decoder
from leftfold.models.seq2seq.encoder import CELLS, Encoded, Encoder
from leftfold.models.seq2seq.pairs import PairBatches, Sentences
from leftfold.models.seq2seq.rollout import own_words
from leftfold.models.seq2seq.scores import Perplexity, TokenMean, smoothed_cross_entropy

_CALLED = "EncoderDecoder"


@known_layer
class EncoderDecoder(Model):
    """Reads a sequence of ids and writes another: translation, spelling, dates, answers.

    Rows hold ids from 3 on: 0 is padding, `START` and `END`, which the model adds to targets
    itself, are 1 and 2. With attention of Luong (or none) and full teacher forcing the decoder's
    recurrence is one primitive over the whole target, and the vocabulary is only multiplied out
    where a target has a word: that is fast. Bahdanau's attention and input feeding take a step on
    the tape for every word.

    Args:
        source_size: how many source ids there are, the three above among them.
        target_size: the same for targets.
        embedding_size: numbers for each word on both sides.
        units: of the decoder's states and the encoder's outputs; even if `bidirectional`, because
            half of the encoder then reads in each direction.
        layers: recurrent layers on each side.
        cell: `"gru"`, `"lstm"` or `"simple_rnn"`; or one for each of the encoder's layers.
        decoder_cell: the same for the decoder, by default as in the encoder.
        bidirectional: whether the encoder reads from both ends.
        attention: `"luong-general"`, `"luong-dot"`, `"luong-concat"`, `"bahdanau"` or `None`.
        input_feeding: whether each step of the decoder also reads what the step before made of
            its context (Luong et al. 2015).
        tie_embeddings: whether target words are compared with the vectors that they are read as.
        dropout: share of embeddings, of what goes between layers and of readouts, dropped in
            training.
        label_smoothing: share of each target's probability spread over the vocabulary in training.
        teacher_forcing: what the decoder reads in training: the right words (`"full"`), its own
            (`"none"`), the right ones with a fixed probability, or a `ScheduledSampling`. Its own
            words are those it would write without dropout; no gradient flows through the choice.
        seed: fixes which words are the right ones.
        name: the model's name.
        dtype: of the weights.

    Raises:
        ValueError: naming the argument that makes no sense.

    Example:
        >>> from leftfold import models, streaming
        >>> model = models.EncoderDecoder(20, 20, embedding_size=16, units=32)
        >>> model.compile("adam")
        >>> history = model.fit([[5, 6, 7], [8, 9]], [[7, 6, 5], [9, 8]], epochs=2, verbose=0)
        >>> sorted(history.history)
        ['accuracy', 'loss', 'perplexity']
        >>> len(streaming.decode(model, [[5, 6, 7]], beams=2, max_length=4))
        1
    """

    START, END = 1, 2

    def __init__(
        self,
        source_size: int,
        target_size: int,
        embedding_size: int = 256,
        units: int = 256,
        *,
        layers: int = 1,
        cell: str | Sequence[str] = "gru",
        decoder_cell: str | Sequence[str] | None = None,
        bidirectional: bool = True,
        attention: str | None = "luong-general",
        input_feeding: bool = False,
        tie_embeddings: bool = False,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        teacher_forcing: Any = "full",
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, dtype=dtype, trainable=trainable)
        for argument, value in (("source_size", source_size), ("target_size", target_size)):
            if positive_integer(_CALLED, argument, value) <= self.END:
                raise ValueError(
                    f"{_CALLED} expected {argument} above {self.END}, for padding, start and end "
                    f"come first, got {value}."
                )
        self.source_size, self.target_size = int(source_size), int(target_size)
        self.embedding_size = positive_integer(_CALLED, "embedding_size", embedding_size)
        self.units = positive_integer(_CALLED, "units", units)
        if bidirectional and units % 2:
            raise ValueError(f"{_CALLED} expected units to be even if bidirectional, got {units}.")
        if attention is not None and attention not in KINDS:
            raise ValueError(
                f"{_CALLED} expected attention to be None or one of {', '.join(KINDS)}, got "
                f"{attention!r}."
            )
        count = positive_integer(_CALLED, "layers", layers)
        self.cells = _cell_names("cell", cell, count)
        self.decoder_cells = _cell_names(
            "decoder_cell", self.cells if decoder_cell is None else decoder_cell, count
        )
        self.bidirectional, self.attention = bool(bidirectional), attention
        self.input_feeding, self.tie_embeddings = bool(input_feeding), bool(tie_embeddings)
        self.dropout = fraction(_CALLED, "dropout", dropout)
        self.label_smoothing = fraction(_CALLED, "label_smoothing", label_smoothing)
        self.teacher_forcing = forcing.get(teacher_forcing)
        self.seed = seed
        self._coins = SeedGenerator(seed)
        self.perplexity, self.accuracy = Perplexity("perplexity"), TokenMean("accuracy")
        self.encoder = Encoder(
            self.source_size, self.embedding_size, self.units, self.cells, self.bidirectional,
            self.dropout, name="encoder", dtype=self.dtype,
        )  # fmt: skip
        self.decoder = Decoder(
            self.target_size, self.embedding_size, self.units, self.decoder_cells, attention,
            self.input_feeding, self.tie_embeddings, self.dropout, self.encoder.final_sizes(),
            name="decoder", dtype=self.dtype,
        )  # fmt: skip
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; all sizes are known from the start."""
        if not self.encoder.built:
            self.encoder.build()
            self.decoder.build()
        self.built = True

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The logits of the word behind each target word.

        Args:
            inputs: source ids (batch, positions) and the target ids to read, (batch, steps),
                `START` first.
            training: whether to drop.

        Returns:
            (batch, steps, target_size).
        """
        source, target = inputs
        if isinstance(source, KerasTensor):
            return KerasTensor((*target.shape, self.target_size), self.dtype)
        encoded = self.encode(source, bool(training))
        written = self.decoder.write(_ids(target), encoded, bool(training))
        return self.decoder.project(written.readouts)

    def encode(self, source: Any, training: bool = False) -> Encoded:
        """What the encoder makes of source ids, (batch, positions)."""
        return self.encoder.read(_ids(source), training)

    def shifted(self, target: Any) -> tuple[np.ndarray, np.ndarray]:
        """Of targets (batch, words) what the decoder reads, and what it shall answer.

        Returns:
            Ids (batch, words + 1) each: `START` and the words; the words and `END`.
        """
        ids = _ids(target)
        read = np.concatenate([np.full((len(ids), 1), self.START, np.int32), ids], axis=1)
        answer = np.concatenate([ids, np.zeros((len(ids), 1), np.int32)], axis=1)
        answer[np.arange(len(ids)), np.count_nonzero(ids, axis=1)] = self.END
        return read, answer

    def fit(  # type: ignore[override]
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        *,
        bucket_by_length: bool = True,
    ) -> History:
        """Train for a number of passes over pairs of sequences.

        While the biases of the output are all zero, as in a new model, they are first set by how
        often each word is written in the targets: networks that need not learn that learn faster.

        Args:
            x: the sources: lists of ids of any lengths, or an array with 0 behind shorter rows.
            y: the targets, alike, without start and end.
            batch_size: pairs per step, 64 by default.
            epochs: the number of the last pass.
            verbose: as for any model.
            callbacks: as for any model.
            validation_data: `(x, y)` to judge the model on after each pass.
            shuffle: whether each pass has another order.
            initial_epoch: passes already done.
            steps_per_epoch: batches in a pass, if not all.
            validation_batch_size: pairs per step there; `batch_size` by default.
            validation_freq: judge every so many passes.
            bucket_by_length: whether batches hold pairs of similar lengths.

        Returns:
            The record of all passes: loss and perplexity per word, and the share of words that
            are the likeliest.

        Raises:
            ValueError: for ids or settings that cannot be right, before training begins.
        """
        check_counts(batch_size=batch_size, validation_batch_size=validation_batch_size)
        batches = self._batches(x, y, batch_size or 64, shuffle, bucket_by_length)
        if not self.decoder.output_bias.numpy().any():
            self._begin_at_frequencies(batches.target)
        validation = None
        if validation_data is not None:
            size = validation_batch_size or batch_size or 64
            parts = tuple(validation_data)
            if len(parts) != 2:
                raise ValueError(
                    f"{_CALLED} expected validation_data to be (x, y), got {len(parts)} parts."
                )
            validation = self._batches(*parts, size, False, True, "validation ")
        return super().fit(
            batches,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation,
            shuffle=False,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_freq=validation_freq,
        )

    def evaluate(  # type: ignore[override]
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss, perplexity and accuracy over pairs of sequences, given as to `fit`."""
        check_counts(batch_size=batch_size)
        batches = self._batches(x, y, batch_size or 64, False, True)
        return super().evaluate(
            batches, verbose=verbose, steps=steps, callbacks=callbacks, return_dict=return_dict
        )

    def _begin_at_frequencies(self, target: Sentences) -> None:
        """Let fresh logits begin as the logarithms of how often each word is written.

        Otherwise the first steps teach readouts how frequent words are, which drives them to where
        tanh is flat, and they are slow to come back: at a high rate, without attention, never.
        """
        counts = np.bincount(target.flat, minlength=self.target_size).astype(np.float64)
        counts[self.END] = len(target)
        surprises = -np.log((counts + 0.1) / counts.sum())
        self.decoder.output_bias.assign((surprises.mean() - surprises).astype(np.float32))

    def _batches(
        self, x: Any, y: Any, size: int, shuffle: bool, bucket: bool, label: str = ""
    ) -> PairBatches:
        source = Sentences(x, self.source_size, f"{label}source")
        target = Sentences(y, self.target_size, f"{label}target")
        return PairBatches(source, target, size, bool(shuffle), bucket)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training on a batch `(source, target)`."""
        source, target = self._pair(data)
        read, answer = self.shifted(target)
        read = self._forced(source, read)
        with Tape() as tape:
            losses, surprises, hits = self._judge(source, read, answer, True)
            loss = ops.mean(losses)
            scaled = self.optimizer.scale_loss(loss)
        if math.isfinite(loss):
            self._descend(tape, scaled)
        return self._note(loss, surprises, hits)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation on a batch `(source, target)`, with the right words to read."""
        source, target = self._pair(data)
        losses, surprises, hits = self._judge(source, *self.shifted(target), False)
        return self._note(ops.mean(losses), surprises, hits)

    def _pair(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        source, target, sample_weight = unpack_x_y_sample_weight(data)
        if self._compile_loss is not None or self._compile_metrics is not None:
            raise ValueError(
                f"{_CALLED} has its own loss and metrics and expected compile() without any."
            )
        if target is None or sample_weight is not None:
            raise ValueError(f"{_CALLED} expected batches of a source and a target.")
        return _ids(source), _ids(target)

    def _judge(
        self, source: np.ndarray, read: np.ndarray, answer: np.ndarray, training: bool
    ) -> tuple[Any, Any, int]:
        """For each target word the loss and the cross-entropy; how many are the likeliest."""
        places = np.flatnonzero(answer)
        words = answer.reshape(-1)[places]
        encoded = self.encoder.read(source, training)
        written = self.decoder.write(read, encoded, training, places)
        logits = self.decoder.project(written.readouts)
        smoothing = self.label_smoothing if training else 0.0
        losses, surprises, hits = smoothed_cross_entropy(words, logits, smoothing)
        return losses, surprises, int(hits.data.sum())

    def _note(self, loss: Any, surprises: Tensor, hits: int) -> dict[str, Any]:
        count = surprises.size
        self._loss_tracker.update_state(loss, sample_weight=count)
        self.perplexity.update_state(float(surprises.data.sum(dtype=np.float64)), count)
        self.accuracy.update_state(hits, count)
        return self.get_metrics_result()

    def _forced(self, source: np.ndarray, read: np.ndarray) -> np.ndarray:
        """What the decoder reads in this step of training."""
        share = self.teacher_forcing
        if isinstance(share, forcing.ScheduledSampling):
            share = share(int(self.optimizer.iterations))
        if share >= 1:
            return read
        right = self._coins.generator().random(read.shape) < share
        right[:, 0] = True
        return own_words(self, source, read, right)

    def get_config(self) -> dict[str, Any]:
        teacher_forcing: Any = self.teacher_forcing
        if isinstance(teacher_forcing, forcing.ScheduledSampling):
            teacher_forcing = teacher_forcing.get_config()
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "source_size": self.source_size,
            "target_size": self.target_size,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "layers": len(self.cells),
            "cell": list(self.cells),
            "decoder_cell": list(self.decoder_cells),
            "bidirectional": self.bidirectional,
            "attention": self.attention,
            "input_feeding": self.input_feeding,
            "tie_embeddings": self.tie_embeddings,
            "dropout": self.dropout,
            "label_smoothing": self.label_smoothing,
            "teacher_forcing": teacher_forcing,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**config)


def _ids(values: Any) -> np.ndarray:
    """Ids as int32, (batch, steps)."""
    array = as_full_array(values)
    ids = np.ascontiguousarray(array, np.int32)
    if ids.ndim != 2 or not np.array_equal(ids, array):
        raise ValueError(
            f"{_CALLED} expected ids of shape (batch, steps), whole numbers, got shape "
            f"{array.shape} of {array.dtype}."
        )
    return ids


def _cell_names(argument: str, value: Any, layers: int) -> tuple[str, ...]:
    several = isinstance(value, Sequence) and not isinstance(value, str)
    names = tuple(value) if several else (value,) * layers
    if len(names) != layers or not all(name in CELLS for name in names):
        raise ValueError(
            f"{_CALLED} expected {argument} to be one of {', '.join(CELLS)}, or a list of "
            f"{layers} of them, got {value!r}."
        )
    return names
