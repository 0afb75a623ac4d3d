"""word2vec (CBOW and skip-gram with negative sampling) and fastText, trained by gensim.

Sources: T. Mikolov et al., Efficient Estimation of Word Representations in Vector Space, 2013;
Distributed Representations of Words and Phrases, 2013; P. Bojanowski et al., Enriching Word Vectors
with Subword Information, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.extras import require
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import as_corpus
from leftfold.vectors.gensim_training import GensimMethod
from leftfold.vectors.sampled_loss import SampledLoss


@dataclass(kw_only=True)
class _Word2Vec(GensimMethod):
    """What CBOW, skip-gram and fastText share."""

    skip_gram: ClassVar[bool]
    model: Any = field(default=None, init=False, repr=False)

    def fit(self, corpus: Any) -> WordVectors:
        encoded = self.with_phrases(as_corpus(corpus).encoded())
        vocabulary = encoded.vocabulary(self.min_count, self.most)
        self.model = model = self._make()
        model.build_vocab_from_freq(
            dict(zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)),
            corpus_count=len(encoded),
        )
        loss = SampledLoss(encoded, vocabulary, self.window, self.negatives, self.seed)
        rows = np.array([model.wv.key_to_index[token] for token in vocabulary.tokens])

        def epoch_loss() -> float:
            inputs, outputs = self._inputs()[rows], model.syn1neg[rows]
            return (loss.of_word if self.skip_gram else loss.of_window)(inputs, outputs)

        self.train(model, encoded, len(encoded), len(encoded.ids), epoch_loss)
        return WordVectors(vocabulary.tokens, self._inputs()[rows], type(self).__name__.lower())

    def _make(self) -> Any:
        models = require("gensim.models", "vectors", "word2vec")
        return models.Word2Vec(sg=int(self.skip_gram), **self.shared_options())

    def _inputs(self) -> np.ndarray:
        return np.asarray(self.model.wv.vectors)


@dataclass(kw_only=True)
class Cbow(_Word2Vec):
    """word2vec's continuous bag of words: a word predicted by the mean of its neighbours.

    Args:
        dimensions: of the vectors.
        window: neighbours on either side at most; each time a random number of them.
        min_count: how often a word must occur.
        most: words at most, the most frequent ones.
        epochs: passes over the corpus.
        negatives: wrong words to be told from each right one.
        subsample: words that are more frequent than this share are skipped at random.
        learning_rate: at the beginning; it falls in a straight line.
        phrases: how often words that stand together more than by chance are joined by `_`.
        phrase_threshold: the higher, the fewer.
        seed: with `threads=1`, the same seed gives the same vectors.
        threads: all processors by default.

    Example:
        >>> vectors = Cbow(dimensions=8, min_count=1, threads=1).fit(["a b c", "a b d"] * 20)
        >>> vectors.matrix.shape
        (4, 8)
    """

    summary: ClassVar[str] = "word2vec, a word from the mean of its neighbours; the quickest"
    skip_gram: ClassVar[bool] = False


@dataclass(kw_only=True)
class SkipGram(_Word2Vec):
    """word2vec's skip-gram with negative sampling: each neighbour predicts the word.

    Settings are those of `Cbow`. It takes longer, and is better on rare words.
    """

    summary: ClassVar[str] = "word2vec, a word from each neighbour; better on rare words"
    skip_gram: ClassVar[bool] = True


@dataclass(kw_only=True)
class FastText(_Word2Vec):
    """Skip-gram whose words are the mean of themselves and of the runs of letters in them.

    Args:
        shortest: letters of the shortest runs.
        longest: letters of the longest.
        buckets: runs are hashed into so many vectors; each takes `4 * dimensions` bytes.

    The other settings are those of `Cbow`.
    """

    summary: ClassVar[str] = "skip-gram over runs of letters as well; knows unseen words"
    skip_gram: ClassVar[bool] = True
    shortest: int = 3
    longest: int = 6
    buckets: int = 500_000

    def _make(self) -> Any:
        models = require("gensim.models", "vectors", "fastText")
        return models.FastText(
            sg=1,
            min_n=self.shortest,
            max_n=self.longest,
            bucket=self.buckets,
            **self.shared_options(),
        )

    def _inputs(self) -> np.ndarray:
        self.model.wv.adjust_vectors()
        return np.asarray(self.model.wv.vectors)

    def vector(self, word: str) -> np.ndarray:
        """The vector of any word, unseen ones too, `(dimensions,)`; zeros for one too short.

        Raises:
            ValueError: before `fit`.
        """
        if self.model is None:
            raise ValueError("FastText has learnt nothing yet: call fit first.")
        return np.asarray(self.model.wv.get_vector(word))
