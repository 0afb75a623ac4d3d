"""Paragraph vectors (PV-DM and PV-DBOW), trained by gensim: a vector for each text.

Source: Q. Le and T. Mikolov, Distributed Representations of Sentences and Documents, 2014.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.extras import require
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Tokenize, as_corpus
from leftfold.vectors.encoded import EncodedCorpus
from leftfold.vectors.gensim_training import GensimMethod
from leftfold.vectors.sampled_loss import SampledLoss


@dataclass(kw_only=True)
class _Paragraphs(GensimMethod):
    """What PV-DM and PV-DBOW share."""

    memory: ClassVar[bool]
    epochs: int = 10
    model: Any = field(default=None, init=False, repr=False)
    words: WordVectors | None = field(default=None, init=False, repr=False)

    def fit(self, corpus: Any) -> WordVectors:
        corpus = as_corpus(corpus)
        self._tokenize: Tokenize = corpus.tokenize
        encoded = self.with_phrases(corpus.encoded())
        names = list(dict.fromkeys(encoded.names))
        numbers = {name: number for number, name in enumerate(names)}
        tags = np.array([numbers[name] for name in encoded.names])
        vocabulary = encoded.vocabulary(self.min_count, self.most)
        doc2vec = require("gensim.models.doc2vec", "vectors", "Paragraph vectors")
        self.model = model = doc2vec.Doc2Vec(dm=int(self.memory), **self.shared_options())
        texts = _Tagged(encoded, tags, doc2vec.TaggedDocument)
        model.build_vocab(texts)
        loss = SampledLoss(encoded, vocabulary, self.window, self.negatives, self.seed)
        rows = np.array([model.wv.key_to_index[token] for token in vocabulary.tokens])

        def epoch_loss() -> float:
            outputs, own = model.syn1neg[rows], model.dv.vectors[tags[loss.texts]]
            if self.memory:
                return loss.of_window(model.wv.vectors[rows], outputs, own)
            return loss.of_text(own, outputs)

        self.train(model, texts, len(encoded), len(encoded.ids), epoch_loss)
        name = type(self).__name__.lower()
        if self.memory:
            self.words = WordVectors(vocabulary.tokens, model.wv.vectors[rows], name)
        return WordVectors(names, np.array(model.dv.vectors[: len(names)]), name)

    def infer(self, texts: Iterable[str | list[str]], epochs: int | None = None) -> np.ndarray:
        """Vectors of new texts, with all words as they are.

        The same text gets the same vector every time.

        Args:
            texts: texts or lists of tokens.
            epochs: passes over each text; as many as in training by default.

        Returns:
            float32 `(texts, dimensions)`; zeros for a text without a known word.

        Raises:
            ValueError: before `fit`.
        """
        if self.model is None:
            raise ValueError(f"{type(self).__name__} has learnt nothing yet: call fit first.")
        split = self._tokenize
        found = [self._infer(split(t) if isinstance(t, str) else t, epochs) for t in texts]
        return np.array(found, np.float32).reshape(-1, self.dimensions)

    def _infer(self, tokens: list[str], epochs: int | None) -> np.ndarray:
        model = self.model
        tokens = [token for token in tokens if token in model.wv.key_to_index]
        if not tokens:
            return np.zeros(self.dimensions, np.float32)
        # gensim's own infer_vector starts from Python's hash, which differs from run to run.
        inner = require("gensim.models.doc2vec_inner", "vectors", "Inference")
        start = np.random.default_rng([self.seed, zlib.crc32(" ".join(tokens).encode())])
        model.random = np.random.RandomState(self.seed)
        vector = ((start.random((1, self.dimensions)) - 0.5) / self.dimensions).astype(np.float32)
        lock, place = np.ones(1, np.float32), [0]
        work = np.zeros(self.dimensions, np.float32)
        frozen: dict[str, Any] = {"learn_words": False, "learn_hidden": False}
        frozen |= {"doctag_vectors": vector, "doctags_lockf": lock}
        for rate in np.linspace(model.alpha, model.min_alpha, epochs or self.epochs):
            if self.memory:
                inner.train_document_dm(
                    model, tokens, place, float(rate), work, np.zeros_like(work), **frozen
                )
            else:
                inner.train_document_dbow(model, tokens, place, float(rate), work, **frozen)
        return np.array(vector[0])


@dataclass(kw_only=True)
class PvDm(_Paragraphs):
    """Distributed memory: a word predicted by its neighbours and by the text that it stands in.

    Settings are those of `Cbow`. `fit` returns a vector for each text; `words` has those of words.

    Example:
        >>> method = PvDm(dimensions=8, min_count=1, threads=1)
        >>> method.fit(["a good film", "a bad film"] * 5).matrix.shape
        (10, 8)
        >>> method.infer(["a film"]).shape
        (1, 8)
    """

    summary: ClassVar[str] = "paragraph vectors with memory of the neighbours; words as well"
    memory: ClassVar[bool] = True


@dataclass(kw_only=True)
class PvDbow(_Paragraphs):
    """Distributed bag of words: each word of a text predicted by the text alone.

    Settings are those of `Cbow`. Quicker than `PvDm`, and often better for classification.
    """

    summary: ClassVar[str] = "paragraph vectors, each word from its text alone"
    memory: ClassVar[bool] = False


class _Tagged:
    """Texts as gensim wants them: tokens, and the number of the text."""

    def __init__(self, corpus: EncodedCorpus, tags: np.ndarray, made: Any) -> None:
        self._corpus, self._tags, self._made = corpus, tags.tolist(), made

    def __iter__(self) -> Iterator[Any]:
        for tokens, tag in zip(self._corpus, self._tags, strict=True):
            yield self._made(tokens, [tag])
