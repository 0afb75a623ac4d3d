"""`Corpus`: texts from anywhere, tokenised once, read as often as training wants."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from leftfold.datasets.errors import DataError
from leftfold.preprocessing.letters import MARKS
from leftfold.preprocessing.text import Tokenizer, text_to_word_sequence
from leftfold.vectors.encoded import EncodedCorpus
from leftfold.vectors.sources import Text, texts_of

Tokenize = Callable[[str], list[str]]

_TAG = re.compile(r"<[^<>\s][^<>]{0,200}>")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PART = rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*"
_WORD = re.compile(rf"{_PART}(?:['\u2019]{_PART})*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n\s*\n|<br\s*/?>")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without marks and HTML tags.

    Example:
        >>> words("It's <br /> a GOOD film.")
        ["it's", 'a', 'good', 'film']
    """
    text = text.lower()
    word = _PLAIN_WORD if text.isascii() else _WORD
    return word.findall(_TAG.sub(" ", text) if "<" in text else text)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, as their marks and its paragraphs part them.

    Example:
        >>> sentences_of("It rained. We slept!")
        ['It rained.', 'We slept!']
    """
    return [sentence for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def tokenize_with(tokenizer: Any) -> Tokenize:
    """What turns a text into tokens.

    Args:
        tokenizer: `"words"` (lower case, without marks), `"whitespace"` (as the text is),
            `"characters"`; a function from text to tokens; or a `Tokenizer`.

    Raises:
        ValueError: for anything else.

    Example:
        >>> tokenize_with("whitespace")("A good film.")
        ['A', 'good', 'film.']
    """
    named: dict[Any, Tokenize] = {"words": words, "whitespace": str.split, "characters": list}
    if isinstance(tokenizer, str) and tokenizer in named:
        return named[tokenizer]
    if isinstance(tokenizer, Tokenizer):
        if tokenizer.char_level or tokenizer.analyzer is not None:
            lower = str.lower if tokenizer.lower and tokenizer.char_level else str
            analyzer: Any = tokenizer.analyzer or list
            return lambda text: list(analyzer(lower(text)))
        return functools.partial(
            text_to_word_sequence,
            filters=tokenizer.filters,
            lower=tokenizer.lower,
            split=tokenizer.split,
        )
    if callable(tokenizer):
        return tokenizer
    raise ValueError(
        f"tokenizer expected one of {', '.join(named)}, a function or a Tokenizer, got "
        f"{tokenizer!r}."
    )


class Corpus:
    r"""Texts as lists of tokens.

    Args:
        source: a path (a text file, a text in each line; a folder or archive of `.txt` files; a
            CSV or TSV file; each also packed by gzip), or a list of texts, or of lists of tokens.
        tokenizer: see `tokenize_with`.
        column: of a table.
        encoding: of files.
        sentences: whether each sentence is a text of its own.

    Attributes:
        name: of the file or folder.
        tokenize: what turns a text into tokens.
        tokenizer: the name of that; empty for functions and `Tokenizer`s.

    Example:
        >>> corpus = Corpus(["A good film.", "A bad one."])
        >>> list(corpus)
        [['a', 'good', 'film'], ['a', 'bad', 'one']]
        >>> corpus.encoded().vocabulary().tokens[0]
        'a'
    """

    def __init__(
        self,
        source: Path | str | Iterable[Any],
        tokenizer: Any = "words",
        column: str | None = None,
        encoding: str = "utf-8",
        sentences: bool = False,
    ) -> None:
        self._source = Path(source) if isinstance(source, str | Path) else list(source)
        self.name = str(source) if isinstance(source, str | Path) else "the list of texts"
        self.tokenize = tokenize_with(tokenizer)
        self.tokenizer = tokenizer if isinstance(tokenizer, str) else ""
        self._column = column
        self._encoding = encoding
        self._sentences = sentences
        self._encoded: EncodedCorpus | None = None

    def by_sentence(self) -> Corpus:
        """The same corpus with each sentence as a text of its own."""
        return Corpus(self._source, self.tokenize, self._column, self._encoding, sentences=True)

    def texts(self) -> Iterator[Text]:
        """The texts with their names, as they are read.

        Raises:
            DataError: for what cannot be read.
        """
        if isinstance(self._source, Path):
            yield from texts_of(self._source, self._column, self._encoding)
            return
        for number, text in enumerate(self._source, 1):
            if not isinstance(text, str):
                text = " ".join(text)
            yield Text(str(number), text)

    def documents(self) -> Iterator[tuple[str, list[str]]]:
        """Names and tokens of texts that have any; parts of a long text have one name."""
        if isinstance(self._source, list) and self._source and not isinstance(self._source[0], str):
            for number, tokens in enumerate(self._source, 1):
                if not isinstance(tokens, list | tuple) or not all(
                    isinstance(token, str) and token for token in tokens
                ):
                    raise DataError(
                        f"text {number}: expected a list of tokens, got {tokens!r:.60}."
                    )
                if tokens:
                    yield str(number), list(tokens)
            return
        for text in self.texts():
            parts = sentences_of(text.text) if self._sentences else [text.text]
            for part in parts:
                if tokens := self.tokenize(part):
                    yield text.name, tokens

    def __iter__(self) -> Iterator[list[str]]:
        for _, tokens in self.documents():
            yield tokens

    def encoded(self) -> EncodedCorpus:
        """All tokens as numbers in a temporary file; made once.

        Raises:
            DataError: when there are no tokens.
        """
        if self._encoded is None:
            self._encoded = EncodedCorpus.of(self.documents(), self.name)
        return self._encoded


def as_corpus(corpus: Any) -> Corpus:
    """A `Corpus`, made of a path or of texts where it is not one already."""
    return corpus if isinstance(corpus, Corpus) else Corpus(corpus)
