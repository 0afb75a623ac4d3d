"""Skip-thought: a sentence encoder that learns from what stands before and after.

Kiros et al., "Skip-Thought Vectors", NIPS 2015. Of the paper's variants this is uni-skip; the
decoders start from the sentence's vector instead of seeing it at every step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Corpus, as_corpus
from leftfold.vectors.encoded import EncodedCorpus, Vocabulary
from leftfold.vectors.methods import Method
from leftfold.vectors.sentence_encoder import SentenceEncoder

_PADDING, _END, _FIRST_WORD = 0, 1, 2


@dataclass(kw_only=True)
class SkipThought(Method):
    """A GRU reads a sentence; two more, from its last state, write the sentences beside it.

    Args:
        dimensions: of the sentences' vectors.
        word_dimensions: of the words' vectors in the network.
        words: how many words it learns, the most frequent ones; others are passed over.
        sentences: how many to learn from at most, chosen at random.
        longest: words of a sentence that are read and written.
        epochs: passes over the sentences.
        batch_size: sentences at a time.
        learning_rate: of Adam.
        wide: vectors of more words (`WordVectors` or a file of them). A linear map from these to
            the network's, fitted on the words that both have, makes it read all of them. Where
            they have `word_dimensions`, the network's words begin at them.
        seed: of the weights and of the order of the sentences.

    Attributes:
        encoder: the `SentenceEncoder`, after `fit`.

    Example:
        >>> story = ["The sun rose. The day began. We woke.", "Night fell. It rained. We slept."]
        >>> method = SkipThought(dimensions=6, word_dimensions=4, epochs=1)
        >>> vectors = method.fit(Corpus(story, sentences=True))
        >>> vectors.tokens[:2], method.encoder.encode(["the night"]).shape
        (['the day began', 'it rained'], (1, 6))
    """

    summary: ClassVar[str] = "a GRU whose sentences predict their neighbours; encodes any sentence"
    reads: ClassVar[str] = "sentences"
    dimensions: int = 256
    word_dimensions: int = 100
    words: int = 4_000
    sentences: int = 60_000
    longest: int = 20
    epochs: int = 2
    batch_size: int = 64
    learning_rate: float = 1e-3
    wide: Any = None
    seed: int = 0
    encoder: SentenceEncoder | None = field(default=None, init=False, repr=False)

    def fit(self, corpus: Any) -> WordVectors:
        """Learn from sentences and their neighbours.

        Args:
            corpus: a `Corpus` with `sentences=True`, whose texts have several sentences each; or
                what makes one: a path, or texts.

        Returns:
            Vectors of the sentences that it learnt from.

        Raises:
            DataError: when no text has three sentences.
        """
        if not isinstance(corpus, Corpus):
            corpus = Corpus(corpus, sentences=True)
        encoded = as_corpus(corpus).encoded()
        vocabulary = encoded.vocabulary(most=self.words)
        table, middles = self._table(encoded, vocabulary.rank)
        wide = WordVectors.load(self.wide) if isinstance(self.wide, str | Path) else self.wide
        model, network_words, recurrence = self._network(
            self._first_words(vocabulary.tokens, wide), self._frequencies(vocabulary, len(encoded))
        )
        self._train(model, table, middles)
        vectors = np.asarray(network_words.get_weights()[0])[_FIRST_WORD:]
        tokens, vectors = self._expanded(vocabulary.tokens, vectors, wide)
        self.encoder = SentenceEncoder(tokens, vectors, recurrence.get_weights())
        texts = {
            " ".join(text): text
            for text in (
                [encoded.tokens[n] for n in encoded.ids[self._span(encoded, m)].tolist()]
                for m in middles.tolist()
            )
        }
        return WordVectors(list(texts), self.encoder.encode(texts.values()), "skip-thought")

    def text_encoder(self) -> SentenceEncoder | None:
        return self.encoder

    @staticmethod
    def _span(encoded: EncodedCorpus, sentence: int) -> slice:
        first = int(encoded.ends[sentence - 1]) if sentence else 0
        return slice(first, int(encoded.ends[sentence]))

    def _table(self, encoded: EncodedCorpus, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(sentences, longest) words of all sentences, and which have one before and one after."""
        table = np.full((len(encoded), self.longest), _PADDING, np.int32)
        for row, numbers in enumerate(encoded.texts()):
            known = rank[numbers]
            known = known[known >= 0][: self.longest]
            table[row, : len(known)] = known + _FIRST_WORD
        names = np.array(encoded.names, object)
        filled = table[:, 0] != _PADDING
        same = (names[:-2] == names[1:-1]) & (names[1:-1] == names[2:])
        middles = np.flatnonzero(same & filled[:-2] & filled[1:-1] & filled[2:]) + 1
        if not len(middles):
            raise DataError("skip-thought expected a text with three sentences, got none.")
        random = np.random.default_rng(self.seed)
        chosen = random.permutation(len(middles))[: self.sentences]
        return table, middles[np.sort(chosen)]

    def _first_words(self, tokens: list[str], wide: WordVectors | None) -> np.ndarray:
        """(tokens + marks, word_dimensions): `wide` ones where they fit, others at random."""
        shape = len(tokens) + _FIRST_WORD, self.word_dimensions
        rows = np.random.default_rng(self.seed).uniform(-0.05, 0.05, shape).astype(np.float32)
        if wide is not None and wide.dimensions == self.word_dimensions:
            for number, token in enumerate(tokens, _FIRST_WORD):
                if (row := wide.row(token)) is not None:
                    rows[number] = wide.matrix[row]
        return rows

    @staticmethod
    def _frequencies(vocabulary: Vocabulary, sentences: int) -> np.ndarray:
        """(tokens + marks,), logarithms of how often each is written; padding never is."""
        counts = np.concatenate([[1, sentences], vocabulary.counts]).astype(np.float64)
        return np.log(counts / counts.sum()).astype(np.float32)

    def _network(self, words: np.ndarray, frequencies: np.ndarray) -> tuple[Any, Any, Any]:
        """The model, its layer of words and its encoder.

        The scores of words begin at how often these are written, which learning would otherwise
        spend its first epoch on.
        """
        from leftfold.engine.random import set_random_seed
        from leftfold.layers import GRU, Dense, Embedding, Input
        from leftfold.losses import SparseCategoricalCrossentropy
        from leftfold.models import Model
        from leftfold.optimizers import Adam

        set_random_seed(self.seed)
        shape = (self.longest,)
        sentence = Input(shape, dtype="int32")
        sides = [Input((self.longest + 1,), dtype="int32") for _ in range(2)]
        size = len(words)
        network_words = Embedding(size, self.word_dimensions, mask_zero=True, weights=[words])
        recurrence = GRU(self.dimensions)
        thought = recurrence(network_words(sentence))
        scores = Dense(size)
        written = [
            scores(
                GRU(self.dimensions, return_sequences=True)(
                    network_words(side), initial_state=thought
                )
            )
            for side in sides
        ]
        model = Model([sentence, *sides], written)
        scores.set_weights([scores.get_weights()[0], frequencies])
        model.compile(
            Adam(self.learning_rate, clipnorm=5.0),
            [SparseCategoricalCrossentropy(from_logits=True) for _ in sides],
        )
        return model, network_words, recurrence

    def _train(self, model: Any, table: np.ndarray, middles: np.ndarray) -> None:
        """Each epoch goes through the sentences in an order of its own."""
        random = np.random.default_rng(self.seed)
        self.losses.clear()
        for epoch in range(1, self.epochs + 1):
            order = random.permutation(middles)
            total = 0.0
            for start in range(0, len(order), self.batch_size):
                rows = order[start : start + self.batch_size]
                before, after = (_written(table[rows + step]) for step in (-1, 1))
                inputs = [table[rows], before[0], after[0]]
                loss = model.train_on_batch(inputs, [before[1], after[1]])
                total += float(np.ravel(loss)[0]) * len(rows)
                self.tell(epoch, self.epochs, start / len(order))
            self.tell(epoch, self.epochs, 1.0, total / len(order))

    @staticmethod
    def _expanded(
        tokens: list[str], vectors: np.ndarray, wide: WordVectors | None
    ) -> tuple[list[str], np.ndarray]:
        """The words of the network, and those of `wide` mapped to them by least squares."""
        if wide is None:
            return tokens, vectors
        own = {token: row for row, token in enumerate(tokens)}
        shared = [token for token in wide.tokens if token in own]
        if len(shared) <= wide.dimensions:
            raise DataError(
                f"skip-thought expected wide vectors with more than {wide.dimensions} of its own "
                f"words, got {len(shared)}."
            )
        target = vectors[[own[token] for token in shared]]
        map_, *_ = np.linalg.lstsq(wide[shared], target, rcond=None)
        more = [token for token in wide.tokens if token not in own]
        if not more:
            return tokens, vectors
        return tokens + more, np.concatenate([vectors, wide[more] @ map_])


def _written(sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a decoder reads and shall write: the sentence behind a mark, and before one."""
    rows = len(sentences)
    read = np.concatenate([np.full((rows, 1), _END, np.int32), sentences], axis=1)
    shall = np.concatenate([sentences, np.full((rows, 1), _PADDING, np.int32)], axis=1)
    shall[np.arange(rows), (sentences != _PADDING).sum(1)] = _END
    return read, shall
