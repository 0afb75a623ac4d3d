"""Paragraph vectors (PV-DM and PV-DBOW), trained by gensim: a vector for each text.

Source: Q. Le and T. Mikolov, Distributed Representations of Sentences and Documents, 2014.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.vectors import paragraph_files
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Tokenize, as_corpus, tokenize_with
from leftfold.vectors.encoded import EncodedCorpus
from leftfold.vectors.gensim_training import GensimMethod
from leftfold.vectors.paragraph_files import TrainedWords
from leftfold.vectors.sampled_loss import SampledLoss

_LARGEST = {"epochs": 10_000, "negatives": 1_000, "window": 10_000}
"""Settings of a file are believed so far."""

Own = TypeVar("Own", bound="_Paragraphs")


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
        self._tokenizer = corpus.tokenizer
        encoded = self.with_phrases(corpus.encoded())
        names = list(dict.fromkeys(encoded.names))
        numbers = {name: number for number, name in enumerate(names)}
        tags = np.array([numbers[name] for name in encoded.names])
        vocabulary = encoded.vocabulary(self.min_count, self.most)
        self.model = model = self._make()
        doc2vec = require("gensim.models.doc2vec", "vectors", "Paragraph vectors")
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

    def _make(self) -> Any:
        doc2vec = require("gensim.models.doc2vec", "vectors", "Paragraph vectors")
        return doc2vec.Doc2Vec(dm=int(self.memory), **self.shared_options())

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
        self._trained()
        split = self._tokenize
        found = [self._infer(split(t) if isinstance(t, str) else t, epochs) for t in texts]
        return np.array(found, np.float32).reshape(-1, self.dimensions)

    def text_encoder(self: Own) -> Own:
        return self

    def _trained(self) -> Any:
        if self.model is None:
            raise ValueError(f"{type(self).__name__} has learnt nothing yet: call fit first.")
        return self.model

    def save(self, path: Path | str) -> Path:
        """Write what `infer` needs to a file of NumPy arrays (`.npz`), without the texts' vectors.

        Raises:
            ValueError: before `fit`.
            SavingError: when it cannot be written.
        """
        model = self._trained()
        tokens = list(model.wv.index_to_key)
        counts = np.array([model.wv.get_vecattr(token, "count") for token in tokens], np.int64)
        words = TrainedWords(tokens, counts, model.wv.vectors, model.syn1neg)
        own = {name: getattr(self, name) for name in self.settings() if name != "threads"}
        named = {"method": type(self).__name__, "tokenizer": self._tokenizer}
        paragraph_files.write(Path(path), named | own, words)
        return Path(path)

    @classmethod
    def load(cls: type[Own], path: Path | str, tokenizer: Any = None) -> Own:
        """Read what `save` wrote; vectors of new texts are then the same to the bit.

        Args:
            path: the file.
            tokenizer: see `tokenize_with`; by default that of the corpus that was learnt from,
                which must have a name.

        Raises:
            SavingError: for a file that is missing or no archive of arrays.
            DataError: for one that holds anything else, or another method.
            ValueError: for a model that was trained with a function for a tokenizer, without one.
        """
        settings, words = paragraph_files.read(Path(path))
        method, tokenizer_name = (settings.pop(name, None) for name in ("method", "tokenizer"))
        if method != cls.__name__:
            raise DataError(f"{path} holds no {cls.__name__}.")
        defaults = cls.settings()
        for name, value in settings.items():
            if name not in defaults or not _fits(name, value, defaults[name]):
                raise DataError(f"{path}: {cls.__name__} has no setting {name} = {value!r:.40}.")
        if tokenizer is None and not tokenizer_name:
            raise ValueError(f"{path} was trained with a tokenizer of your own: name it.")
        made = cls(**settings)
        made._tokenizer = tokenizer_name or ""
        made._tokenize = tokenize_with(tokenizer_name if tokenizer is None else tokenizer)
        made._restore(words)
        return made

    def _restore(self, words: TrainedWords) -> None:
        self.model = model = self._make()
        # gensim numbers equally frequent words backwards.
        counts = dict(zip(words.tokens[::-1], words.counts[::-1].tolist(), strict=True))
        model.build_vocab_from_freq(counts)
        rows = [model.wv.key_to_index[token] for token in words.tokens]
        model.wv.vectors[rows], model.syn1neg[rows] = words.inputs, words.outputs
        if self.memory:
            self.words = WordVectors(words.tokens, words.inputs, type(self).__name__.lower())

    def _infer(self, tokens: list[str], epochs: int | None) -> np.ndarray:
        model = self.model
        tokens = self.joined(tokens, model.wv.key_to_index)
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


def _fits(name: str, value: Any, default: Any) -> bool:
    """Whether a setting out of a file is of its type, and nothing that would take for ever."""
    if type(value) is int:
        number = default is None or type(default) in (int, float)
        return number and 0 <= value <= _LARGEST.get(name, 2**32)
    if isinstance(default, float):
        return isinstance(value, float) and math.isfinite(value)
    return value is None and default is None


class _Tagged:
    """Texts as gensim wants them: tokens, and the number of the text."""

    def __init__(self, corpus: EncodedCorpus, tags: np.ndarray, made: Any) -> None:
        self._corpus, self._tags, self._made = corpus, tags.tolist(), made

    def __iter__(self) -> Iterator[Any]:
        for tokens, tag in zip(self._corpus, self._tags, strict=True):
            yield self._made(tokens, [tag])
