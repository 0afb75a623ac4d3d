"""`WordVectors`: tokens and a matrix, and everything that one asks of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors import analogies, directions, files
from leftfold.vectors.directions import Direction
from leftfold.vectors.faults import Faults, UnknownTokenError
from leftfold.vectors.neighbours import Neighbours

if TYPE_CHECKING:
    from leftfold.layers import Embedding

_SPELLINGS = 5


class WordVectors:
    """Tokens (words, documents, k-mers, concepts) and a vector for each.

    Args:
        tokens: different ones, none of them empty; the most frequent first where that is known.
        matrix: `(tokens, dimensions)`, finite; kept as float32.
        source: what they are called in messages.

    Attributes:
        tokens: the list of tokens.
        matrix: float32 `(tokens, dimensions)`.
        source: what they are called in messages.
        faults: what was left out when they were read, if anything.

    Raises:
        DataError: for tokens and rows that are not equally many, none at all, empty tokens,
            repeated ones, and numbers that are not finite.

    Example:
        >>> vectors = WordVectors(["sun", "star", "mud"], [[1, 0], [0.9, 0.1], [0, 1]])
        >>> [token for token, _ in vectors.near("sun")]
        ['star', 'mud']
    """

    def __init__(self, tokens: Sequence[str], matrix: Any, source: str = "vectors") -> None:
        self.tokens = list(tokens)
        self.matrix = matrix if _is_float32(matrix) else np.asarray(matrix, np.float32)
        self.source = source
        self.faults = Faults()
        self._rows = {token: row for row, token in enumerate(self.tokens)}
        self._check()
        self._lower: dict[str, int] | None = None
        self._searches: dict[str, Neighbours] = {}

    def _check(self) -> None:
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.tokens):
            raise DataError(
                f"{self.source}: expected a row for each of {len(self.tokens):,} tokens, got a "
                f"matrix of shape {self.matrix.shape}."
            )
        if not self.matrix.size:
            raise DataError(f"{self.source} holds no vectors.")
        if "" in self._rows:
            raise DataError(f"{self.source}: the token of row {self._rows['']} is empty.")
        if len(self._rows) < len(self.tokens):
            row = next(row for row, t in enumerate(self.tokens) if self._rows[t] != row)
            raise DataError(f"{self.source}: the token {self.tokens[row]!r} has more than one row.")
        if isinstance(self.matrix, np.memmap):  # looking at all of it would read all of it
            return
        finite = np.isfinite(self.matrix).all(1)
        if not finite.all():
            token = self.tokens[int(np.flatnonzero(~finite)[0])]
            raise DataError(f"{self.source}: the vector of {token!r} is not finite.")

    @classmethod
    def load(
        cls,
        path: Path | str,
        format: str | None = None,
        most: int | None = None,
        mmap: bool = False,
        skip_faults: bool = False,
    ) -> WordVectors:
        r"""Read vectors from a file.

        Args:
            path: word2vec's text or binary format (`.bin`), GloVe's text, fastText's `.vec`,
                each of them also packed by gzip (`.gz`); `.npz` or `.safetensors` as `save`
                writes them.
            format: `"word2vec"`, `"word2vec-binary"`, `"glove"`, `"fasttext"`, `"safetensors"` or
                `"npz"`; by default what the ending says. The three text formats are told apart
                by their first line.
            most: read so many only, the first ones.
            mmap: leave the numbers in the file until they are used (`.npz`, `.safetensors`).
            skip_faults: leave faulty lines out (see `faults`) instead of refusing the file.

        Raises:
            DataError: for a file that is missing or not sound, by line where there are lines.

        Example:
            >>> import tempfile
            >>> path = Path(tempfile.mkdtemp()) / "tiny.txt"
            >>> _ = path.write_text("good 1 0.5\nbad -1 0.5\n")
            >>> WordVectors.load(path)["bad"].tolist()
            [-1.0, 0.5]
        """
        faults = Faults(skip_faults)
        tokens, matrix = files.read(Path(path), format, most, mmap, faults)
        vectors = cls(tokens, matrix, str(path))
        vectors.faults = faults
        return vectors

    def save(self, path: Path | str, format: str | None = None) -> Path:
        """Write vectors to a file; see `load` for the formats.

        Raises:
            DataError: for a format that is not known, or a token that it cannot hold.
            SavingError: when the file cannot be written.
        """
        path = Path(path)
        files.write(path, self.tokens, self.matrix, format)
        return path

    @property
    def dimensions(self) -> int:
        """Numbers of each vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and self.row(token) is not None

    def __getitem__(self, token: str | Sequence[str]) -> np.ndarray:
        return self.matrix[self.rows([token])[0] if isinstance(token, str) else self.rows(token)]

    def __repr__(self) -> str:
        return f"<WordVectors {self.source}: {len(self):,} tokens of {self.dimensions} dimensions>"

    def row(self, token: str) -> int | None:
        """Where a token stands: as it is, or else the first that differs in case only."""
        found = self._rows.get(token)
        if found is not None:
            return found
        if self._lower is None:
            self._lower = {}
            for row, name in enumerate(self.tokens):
                self._lower.setdefault(name.lower(), row)
        return self._lower.get(token.lower())

    def rows(self, tokens: Sequence[str]) -> list[int]:
        """Where tokens stand.

        Raises:
            UnknownTokenError: for one without a vector, with the nearest spellings.
        """
        found = []
        for token in tokens:
            row = self.row(token)
            if row is None:
                raise UnknownTokenError(token, self.spellings(token), self.source)
            found.append(row)
        return found

    def spellings(self, token: str, count: int = _SPELLINGS) -> list[str]:
        """Tokens that are spelt much like another, the most alike first.

        Example:
            >>> WordVectors(["funny", "money"], [[1], [2]]).spellings("funy")
            ['funny']
        """
        wanted = token.lower()
        candidates = [
            name
            for name in self.tokens
            if abs(len(name) - len(wanted)) <= 2
            and (name[:1].lower() == wanted[:1] or name[-2:] == wanted[-2:])
        ]
        return difflib.get_close_matches(wanted, candidates, count, 0.6)

    def search(self, metric: str = "cosine") -> Neighbours:
        """The vectors made ready for many queries; kept for the next call."""
        if metric not in self._searches:
            self._searches[metric] = Neighbours(self.matrix, metric)
        return self._searches[metric]

    def near(
        self,
        query: Any,
        count: int = 10,
        metric: str = "cosine",
        without: Sequence[str] = (),
    ) -> list[Any]:
        """The tokens with the nearest vectors.

        Args:
            query: a token, or a vector `(dimensions,)`; for many queries at once a list of tokens,
                or vectors `(queries, dimensions)`.
            count: how many for each.
            metric: `"cosine"`, of the angle between them, or `"euclidean"`, the distance.
            without: tokens to leave out; a token that is asked for is left out itself.

        Returns:
            Pairs of token and cosine or distance, the nearest first; a list of such lists for
            many queries.

        Raises:
            UnknownTokenError: for a token without a vector.

        Example:
            >>> vectors = WordVectors(["sun", "star", "mud"], [[1, 0], [3, 4], [0, 1]])
            >>> vectors.near("sun", 1, "euclidean")[0][0], vectors.near([0, 2], 1)
            ('mud', [('mud', 1.0)])
        """
        named = isinstance(query, str) or (
            len(query) > 0 and all(isinstance(part, str) for part in query)
        )
        if named:
            own = self.rows([query] if isinstance(query, str) else query)
            queries = self.matrix[own]
        else:
            queries = np.atleast_2d(np.asarray(query, np.float32))
            own = [-1] * len(queries)
        if queries.ndim != 2 or queries.shape[1] != self.dimensions:
            raise ValueError(
                f"near expected vectors of {self.dimensions} dimensions, got shape {queries.shape}."
            )
        left_out = set(self.rows(without))
        rows, scores = self.search(metric).search(queries, count + len(left_out) + named)
        found = []
        for self_row, some, theirs in zip(own, rows.tolist(), scores.tolist(), strict=True):
            pairs = zip(some, theirs, strict=True)
            kept = [(r, s) for r, s in pairs if r != self_row and r not in left_out]
            found.append([(self.tokens[r], s) for r, s in kept[:count]])
        one = isinstance(query, str) or (not named and np.ndim(query) == 1)
        return found[0] if one else found

    def similarity(self, one: str, other: str) -> float:
        """The cosine of the angle between the vectors of two tokens.

        Raises:
            UnknownTokenError: for a token without a vector.
        """
        first, second = self[one].astype(float), self[other].astype(float)
        lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
        return float(first @ second) / lengths if lengths else 0.0

    def analogy(
        self, a: str, b: str, c: str, count: int = 5, rule: str = "add"
    ) -> list[tuple[str, float]]:
        """The best tokens d for "a is to b as c is to d", with their scores.

        Args:
            a: to b ...
            b: ... as ...
            c: ... to the answer, which is none of the three.
            count: answers.
            rule: `"add"` (3CosAdd) or `"multiply"` (3CosMul).

        Raises:
            UnknownTokenError: for a token without a vector.

        Example:
            >>> grid = WordVectors(["a", "b", "c", "d", "x"],
            ...                    [[1, 1], [1, 2], [2, 1], [2, 2], [0, 1]])
            >>> grid.analogy("a", "b", "c")[0][0]
            'd'
        """
        return analogies.analogy(self, a, b, c, count, rule)

    def odd_one_out(self, tokens: Sequence[str]) -> str:
        """The token that is least like the mean of all.

        Raises:
            UnknownTokenError: for a token without a vector.
            ValueError: for fewer than three tokens.

        Example:
            >>> vectors = WordVectors(["sun", "star", "mud"], [[1, 0], [0.9, 0.1], [0, 1]])
            >>> vectors.odd_one_out(["sun", "mud", "star"])
            'mud'
        """
        return analogies.odd_one_out(self, tokens)[0][0]

    def mean(self, tokens: Sequence[str], weights: Sequence[float] | None = None) -> np.ndarray:
        """The mean vector of those tokens that have one, `(dimensions,)`; zeros where none has.

        Args:
            tokens: repeated ones count as often.
            weights: one for each; 1 by default.
        """
        return analogies.mean(self, tokens, weights)

    def phrase(self, text: str) -> np.ndarray:
        """The vector of a phrase: its own (`new_york`), or else the mean of its words.

        Raises:
            UnknownTokenError: for a word without a vector.
        """
        return analogies.phrase(self, text)

    def direction(self, pairs: Sequence[tuple[str, str]]) -> Direction:
        """What leads from the first tokens of pairs to the second, and how consistently.

        Args:
            pairs: such as `[("cat", "cats"), ("dog", "dogs")]`, two or more with vectors.

        Raises:
            ValueError: for fewer.
        """
        return directions.direction(self, pairs)

    def to_embedding(
        self,
        tokenizer: Any,
        trainable: bool = False,
        unknown: str = "zeros",
        mask_zero: bool = True,
        seed: int = 0,
    ) -> Embedding:
        """An `Embedding` layer whose rows are the vectors of a tokenizer's words.

        Args:
            tokenizer: a `Tokenizer`, `TextVectorization` or `StringLookup`; numbers by word; or a
                list of words in the order of their numbers, from 0.
            trainable: whether training changes the vectors.
            unknown: of words without a vector: `"zeros"`, `"mean"` (of those that have one) or
                `"random"` (normal, as wide as those).
            mask_zero: whether number 0 is padding; its vector is zero then.
            seed: of random vectors.

        Returns:
            The layer; its `coverage` tells how many words have a vector.

        Raises:
            ValueError: for a tokenizer that knows no words.

        Example:
            >>> vectors = WordVectors(["good", "bad"], [[1, 2], [3, 4]])
            >>> layer = vectors.to_embedding({"good": 1, "film": 2})
            >>> layer.get_weights()[0].tolist(), layer.coverage.missing
            ([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]], ('film',))
        """
        from leftfold.vectors.embedding import to_embedding

        return to_embedding(self, tokenizer, trainable, unknown, mask_zero, seed)


def _is_float32(matrix: Any) -> bool:
    return isinstance(matrix, np.ndarray) and matrix.dtype == np.float32
