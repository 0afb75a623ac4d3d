"""What all methods that gensim trains share: settings, threads, progress, phrases."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

from leftfold.datasets.extras import require
from leftfold.engine import config
from leftfold.vectors.encoded import EncodedCorpus
from leftfold.vectors.methods import Method

_TELL_EVERY = 0.02


@dataclass(kw_only=True)
class GensimMethod(Method):
    """Settings of word2vec and its relatives; see `Cbow`."""

    dimensions: int = 100
    window: int = 5
    min_count: int = 5
    most: int | None = None
    epochs: int = 5
    negatives: int = 5
    subsample: float = 1e-3
    learning_rate: float = 0.025
    phrases: int = 0
    phrase_threshold: float = 10.0
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("dimensions", "window", "min_count", "epochs", "negatives"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} expected at least 1, got {getattr(self, name)}.")
        if not 0 <= self.phrases <= 4:
            raise ValueError(f"phrases expected 0 to 4, got {self.phrases}.")

    def shared_options(self) -> dict[str, Any]:
        """The settings under gensim's names."""
        return {
            "vector_size": self.dimensions,
            "window": self.window,
            "min_count": self.min_count,
            "max_final_vocab": self.most,
            "negative": self.negatives,
            "sample": self.subsample,
            "alpha": self.learning_rate,
            "seed": self.seed,
            "workers": self.threads or config.threads(),
            "epochs": self.epochs,
        }

    def with_phrases(self, corpus: EncodedCorpus) -> EncodedCorpus:
        """The corpus with words that belong together joined by `_`, as often as `phrases` says."""
        for _ in range(self.phrases):
            phrases = require("gensim.models.phrases", "vectors", "Phrases")
            found = phrases.Phrases(
                iter(corpus), min_count=self.min_count, threshold=self.phrase_threshold
            ).freeze()
            joined = zip(corpus.names, (found[tokens] for tokens in corpus), strict=True)
            corpus = EncodedCorpus.of(joined, "the corpus with phrases")
        return corpus

    def joined(self, tokens: list[str], known: Container[str]) -> list[str]:
        """Tokens of a new text with those joined by `_` that make a known phrase."""
        for _ in range(self.phrases):
            found: list[str] = []
            for token in tokens:
                if found and f"{found[-1]}_{token}" in known:
                    found[-1] += f"_{token}"
                else:
                    found.append(token)
            tokens = found
        return tokens

    def train(
        self, model: Any, texts: Any, count: int, tokens: int, loss: Callable[[], float]
    ) -> None:
        """Let gensim train a model whose vocabulary is built.

        Args:
            model: of gensim.
            texts: what it reads, iterated once an epoch.
            count: how many there are.
            tokens: how many tokens these have.
            loss: computes that of an epoch that has just ended.
        """
        watched = _Watched(texts, count, self)
        callbacks = require("gensim.models.callbacks", "vectors", "Training")

        class AtEnd(callbacks.CallbackAny2Vec):  # type: ignore[name-defined]
            def on_epoch_end(self, _: Any) -> None:
                watched.method.tell(watched.epoch, watched.method.epochs, 1.0, loss())

        self.losses.clear()
        model.train(
            watched,
            total_examples=count,
            total_words=tokens,
            epochs=self.epochs,
            callbacks=[AtEnd()],
        )


class _Watched:
    """Texts that tell how many of them have been read."""

    def __init__(self, texts: Any, count: int, method: GensimMethod) -> None:
        self.method = method
        self.epoch = 0
        self._texts, self._count = texts, count

    def __iter__(self) -> Iterator[Any]:
        self.epoch += 1
        step = max(1, int(self._count * _TELL_EVERY))
        for number, text in enumerate(self._texts):
            if number % step == 0:
                self.method.tell(self.epoch, self.method.epochs, number / self._count)
            yield text
