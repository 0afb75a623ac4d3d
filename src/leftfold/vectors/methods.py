"""What all ways to make vectors share, and the list of them by name."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from leftfold.datasets.errors import DataError


class Progress(NamedTuple):
    """How far a training run is.

    Attributes:
        epoch: the current one, from 1.
        epochs: how many there are.
        share: of the current one that is done, 0 to 1.
        loss: of the current one where it is known, which is at its end.
    """

    epoch: int
    epochs: int
    share: float
    loss: float | None = None


class TextEncoder(Protocol):
    """What makes vectors of texts that it has not learnt from."""

    def infer(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of new texts, `(texts, dimensions)`, float32."""

    def save(self, path: Path | str) -> Path:
        """Write it to a file that `load_text_encoder` reads."""


@dataclass(kw_only=True)
class Method:
    """A way to make vectors, and its settings.

    Args:
        progress: called while it works.

    Attributes:
        losses: one for each epoch, after `fit`; empty where a method has none.
        summary: what it is, in a line.
        reads: what `fit` wants: `"texts"`, `"sentences"` (a `Corpus` of those), or `"file"`, the
            path of a file in a format of its own.
    """

    summary: ClassVar[str]
    reads: ClassVar[str] = "texts"
    progress: Callable[[Progress], None] | None = field(default=None, repr=False)
    losses: list[float] = field(default_factory=list, init=False, repr=False)

    def fit(self, corpus: Any) -> Any:
        """Learn from a corpus.

        Args:
            corpus: a `Corpus`, or what makes one: a path, or texts.

        Returns:
            `WordVectors`, or `SparseFeatures` of methods that make those.

        Raises:
            DataError: for a corpus that is empty or cannot be read.
        """
        raise NotImplementedError

    def text_encoder(self) -> TextEncoder | None:
        """What encodes new texts, after `fit`; `None` where that is the mean of words' vectors."""
        return None

    def tell(self, epoch: int, epochs: int, share: float, loss: float | None = None) -> None:
        """Keep the loss, if there is one, and tell whoever watches."""
        if loss is not None:
            self.losses.append(loss)
        if self.progress is not None:
            self.progress(Progress(epoch, epochs, share, loss))

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """The names of all settings with their defaults."""
        kept = [f for f in dataclasses.fields(cls) if f.init and f.name != "progress"]
        return {f.name: f.default for f in kept}


class Methods(Mapping[str, type[Method]]):
    """Methods by name, imported when they are asked for.

    Args:
        homes: module and class of each, `"module:Class"`.
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = dict(homes)

    def __getitem__(self, name: str) -> type[Method]:
        if name not in self._homes:
            raise DataError(f"method expected one of {', '.join(self._homes)}, got {name!r}.")
        module, made = self._homes[name].split(":")
        return getattr(importlib.import_module(module), made)

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


METHODS = Methods(
    {
        "one-hot": "leftfold.vectors.sparse:OneHot",
        "hashed-one-hot": "leftfold.vectors.sparse:HashedOneHot",
        "ngrams": "leftfold.vectors.sparse:BagOfNgrams",
        "cbow": "leftfold.vectors.word2vec:Cbow",
        "skipgram": "leftfold.vectors.word2vec:SkipGram",
        "fasttext": "leftfold.vectors.word2vec:FastText",
        "glove": "leftfold.vectors.glove:GloVe",
        "ppmi": "leftfold.vectors.ppmi:Ppmi",
        "pv-dm": "leftfold.vectors.paragraphs:PvDm",
        "pv-dbow": "leftfold.vectors.paragraphs:PvDbow",
        "skip-thought": "leftfold.vectors.skip_thought:SkipThought",
        "dna2vec": "leftfold.vectors.dna2vec:Dna2Vec",
        "cui2vec": "leftfold.vectors.cui2vec:Cui2Vec",
    }
)
"""Every method by name. To add one, add a line: module and class, a dataclass below `Method`."""
