"""`Vocabulary`: tokens in the order of their numbers, given or counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine import Tensor

Token = Any
"""A string or an integer."""


class Vocabulary:
    """Tokens and their numbers, special tokens in front.

    Args:
        owner: the layer, as messages call it.
        special: tokens for padding and for unknown ones.
        reserved: tokens that may not occur behind the special ones.
        limit: how many tokens there may be, special ones included; `None` for any number.
    """

    def __init__(
        self, owner: str, special: list[Token], reserved: list[Token], limit: int | None
    ) -> None:
        self.owner = owner
        self.special = special
        self.reserved = reserved
        self.limit = limit
        self.tokens: list[Token] = []
        self.index: dict[Token, int] = {}

    def __len__(self) -> int:
        return len(self.special) + len(self.tokens)

    def __getitem__(self, number: int) -> Token:
        """The token of that number; `IndexError` where there is none."""
        start = len(self.special)
        return self.special[number] if number < start else self.tokens[number - start]

    def take(self, tokens: list[Token]) -> bool:
        """Replace the tokens by others, and tell whether the special ones were among them.

        Raises:
            ValueError: for none, too many, repeated or reserved tokens.
        """
        if not tokens:
            raise ValueError(f"{self.owner} expected a vocabulary, got an empty one.")
        start = len(self.special)
        complete = tokens[:start] == self.special
        if complete:
            tokens = tokens[start:]
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(
                f"{self.owner} expected every token once in the vocabulary, got "
                f"{', '.join(map(repr, repeated[:5]))} more than once."
            )
        for token in self.reserved:
            if token in tokens:
                raise ValueError(
                    f"{self.owner} expected the special tokens {self.special} in front of the "
                    f"vocabulary or not at all, got {token!r} at place {tokens.index(token)}."
                )
        size = start + len(tokens)
        if self.limit is not None and size > self.limit:
            raise ValueError(
                f"{self.owner} expected at most max_tokens={self.limit} tokens, got {size}, "
                "special ones included."
            )
        self.tokens = tokens
        self.index = {token: number for number, token in enumerate(tokens, start)}
        return complete


class TokenCounts:
    """How often tokens occur, and in how many documents."""

    def __init__(self) -> None:
        self.tokens: Counter[Token] = Counter()
        self.documents: Counter[Token] = Counter()
        self.document_count = 0

    def add(self, documents: Iterable[Sequence[Token]], documents_too: bool) -> None:
        """Count the tokens of documents.

        Args:
            documents: the tokens of each.
            documents_too: whether to count in how many of them each token occurs.
        """
        for tokens in documents:
            self.tokens.update(tokens)
            self.document_count += 1
            if documents_too:
                self.documents.update(set(tokens))

    def ranked(self, special: Iterable[Token]) -> list[Token]:
        """The tokens but the special ones, frequent ones first, ties from last to first."""
        found = [token for token in self.tokens if token not in special]
        return sorted(found, key=lambda token: (self.tokens[token], token), reverse=True)

    def rarities(self, tokens: Sequence[Token]) -> np.ndarray:
        """`log(1 + documents / (1 + documents with the token))` for each token."""
        containing = np.array([self.documents[token] for token in tokens])
        return np.log(1 + self.document_count / (1 + containing))


def read_lines(path: str | Path, owner: str) -> list[str]:
    """The lines of a text file, without empty ones at its end.

    Raises:
        ValueError: where there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{owner} expected the path of a vocabulary file, found no {path}.")
    lines = path.read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def refuse_vocabulary_file(cls: type, config: dict[str, Any]) -> None:
    """Refuse a configuration, perhaps a stranger's, that names a file to be read."""
    if isinstance(config.get("vocabulary"), str):
        raise ValueError(
            f"{cls.__name__} expected a list of tokens in its configuration, got the file "
            f"{config['vocabulary']!r}: only vocabulary= and set_vocabulary read files."
        )


def batches(data: Any, steps: int | None) -> Iterator[Any]:
    """The batches of a data set; of a list or array, itself, with one row for each element."""
    if isinstance(data, str | bytes | list | tuple) or hasattr(data, "__array__"):
        array = data.data if isinstance(data, Tensor) else np.asarray(data)
        yield array[:, None] if array.ndim == 1 else array
    elif not hasattr(data, "__iter__") and hasattr(data, "num_batches"):
        yield from islice((data[number] for number in range(data.num_batches)), steps)
    else:
        yield from islice(data, steps)
