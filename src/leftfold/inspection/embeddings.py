"""Which vectors lie close to each other, and how they would look on a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def neighbours(
    vectors: Any, words: Sequence[str], word: str | np.ndarray, count: int = 10
) -> list[tuple[str, float]]:
    """The words whose vectors point most nearly in the same direction.

    Args:
        vectors: `(words, size)`, or an `Embedding` layer.
        words: the word of each vector; `None` or an empty one for a row to leave out.
        word: one of them, or a vector of your own.
        count: how many.

    Returns:
        Words with the cosine of the angle between them and `word`, the nearest first.

    Raises:
        KeyError: for a word without a vector.
        ValueError: where words and vectors are not equally many.

    Example:
        >>> vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]])
        >>> [name for name, _ in neighbours(vectors, ["sun", "star", "mud"], "sun")]
        ['star', 'mud']
    """
    table = _table(vectors, words)
    names = list(words)
    if isinstance(word, str):
        if word not in names:
            raise KeyError(f"neighbours has no vector for {word!r}.")
        own = names.index(word)
        direction = table[own]
    else:
        own, direction = -1, np.asarray(word, float)
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(direction)
    cosines = table @ direction / np.where(lengths > 0, lengths, 1)
    allowed = [i for i, name in enumerate(names) if name and i != own]
    order = sorted(allowed, key=lambda i: -cosines[i])[:count]
    return [(names[i], float(cosines[i])) for i in order]


def flat_map(vectors: Any, method: str = "pca", seed: int = 0) -> np.ndarray:
    """Vectors as points of a plane, `(words, 2)`.

    Args:
        vectors: `(words, size)`, or an `Embedding` layer.
        method: `"pca"` projects them on the two directions in which they differ most; `"tsne"`
            keeps close ones close (van der Maaten and Hinton, 2008) and needs scikit-learn;
            `"umap"` does too, with more of the whole (McInnes, Healy and Melville, 2018), and
            needs umap-learn.
        seed: of t-SNE and UMAP.

    Raises:
        ImportError: for `"tsne"` without scikit-learn, or `"umap"` without umap-learn.

    Example:
        >>> flat_map(np.eye(4)).shape
        (4, 2)
    """
    table = _table(vectors, None)
    if min(table.shape) < 2:
        raise ValueError(
            f"flat_map expected at least two vectors of two numbers, got {table.shape}."
        )
    if method == "tsne":
        try:
            from sklearn.manifold import TSNE
        except ImportError as error:
            raise ImportError(
                "flat_map with method='tsne' needs scikit-learn: pip install scikit-learn"
            ) from error
        perplexity = min(30.0, max(1.0, (len(table) - 1) / 3))
        points = TSNE(2, perplexity=perplexity, random_state=seed, init="pca").fit_transform(
            table.astype(np.float32)
        )
        return np.asarray(points, float)
    if method == "umap":
        try:
            from umap import UMAP
        except ImportError as error:
            raise ImportError(
                "flat_map with method='umap' needs umap-learn: pip install \"leftfold[umap]\""
            ) from error
        # Fewer neighbours than a group has let groups drift apart without end.
        near = min(30, len(table) - 1)
        reduce = UMAP(
            n_components=2, n_neighbors=near, min_dist=0.3, init="pca", random_state=seed, n_jobs=1
        )
        return np.asarray(reduce.fit_transform(table.astype(np.float32)), float)
    if method != "pca":
        raise ValueError(f"flat_map expected method to be 'pca', 'tsne' or 'umap', got {method!r}.")
    centred = table - table.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    signs = np.where(
        directions[np.arange(len(directions)), np.abs(directions).argmax(1)] < 0, -1, 1
    )
    return np.asarray(centred @ (directions * signs[:, None])[:2].T)


def _table(vectors: Any, words: Sequence[str] | None) -> np.ndarray:
    table = getattr(vectors, "embeddings", vectors)
    array = np.asarray(getattr(table, "data", table), float)
    if array.ndim != 2:
        raise ValueError(f"Expected vectors of shape (words, size), got shape {array.shape}.")
    if words is not None and len(words) != len(array):
        raise ValueError(f"Expected a word for each of {len(array)} vectors, got {len(words)}.")
    return array
