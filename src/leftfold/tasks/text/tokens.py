"""Texts as token ids and back, by character, by word or by subword, without losing a letter."""

from __future__ import annotations

import codecs
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from leftfold.preprocessing.letters import APOSTROPHES, SIGN, WORD
from leftfold.saving import SavingError
from leftfold.tasks.extras import require

UNITS = ("character", "word", "subword")
UNKNOWN = 0
"""The id of everything that the training text does not have, or has once."""

WORDS = re.compile(rf" ?{WORD}(?:[{APOSTROPHES}]{WORD})*| ?{SIGN}|\s")
"""Words and marks, each with the space before it, and all other white space; together the text."""

_ALL_CHARACTERS = 0x110000
_BYTES = 256
LEAST_SIZES = {"character": 2, "word": 2, "subword": _BYTES}
"""How many tokens a vocabulary has room for at least: the unknown and another, or every byte."""


class Tokens:
    """What all kinds of tokens can do.

    Attributes:
        unit: `"character"`, `"word"` or `"subword"`.
        size: how many different tokens there are.
        has_unknown: whether id 0 stands for everything outside the vocabulary.
    """

    unit: str
    size: int
    has_unknown: bool

    def split(self, text: str) -> list[str]:
        """The parts of a text that become tokens, one for each; together they are the text."""
        raise NotImplementedError

    def encode(self, text: str) -> np.ndarray:
        """A text as ids `(tokens,)`, int32."""
        raise NotImplementedError

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as a text."""
        return "".join(self.stream(ids))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Ids as pieces of text, each as soon as it is complete."""
        raise NotImplementedError

    def pieces(self) -> list[str]:
        """Every token as a text, by id."""
        raise NotImplementedError

    def spelling_costs(self, text: str) -> np.ndarray:
        """Nats that it takes to say what stands at each token that is unknown, `(tokens,)`.

        A model that says "an unknown word" has not said which. Letters by their frequency in the
        training text say it, which makes probabilities of texts complete and comparable.
        """
        return np.zeros(len(self.encode(text)))

    def plain(self) -> dict[str, Any]:
        """Everything as plain data, for `tokens_from_plain`."""
        raise NotImplementedError


class Pieces(Tokens):
    """Characters or words out of a list, by frequency in the training text.

    Args:
        unit: `"character"` or `"word"`.
        known: the tokens with ids from 1.
        letters: how often each letter occurs in the training text, to spell what is unknown.
    """

    has_unknown = True

    def __init__(self, unit: str, known: list[str], letters: dict[str, int]) -> None:
        self.unit = unit
        self.known = known
        self.letters = letters
        self.size = len(known) + 1
        self._ids = {piece: number for number, piece in enumerate(known, 1)}

    @classmethod
    def of(cls, text: str, unit: str, vocabulary: int, least: int) -> Pieces:
        """The most frequent tokens of a training text.

        Args:
            text: the training text.
            unit: `"character"` or `"word"`.
            vocabulary: how many at most.
            least: how often one must occur.
        """
        counts = Counter(text if unit == "character" else WORDS.findall(text))
        kept = [piece for piece, count in counts.most_common(vocabulary - 1) if count >= least]
        return cls(unit, kept, dict(Counter(text)))

    def split(self, text: str) -> list[str]:
        r"""The tokens of a text, which together are the text.

        Example:
            >>> Pieces("word", [], {}).split("To be, or\nnot")
            ['To', ' be', ',', ' or', '\n', 'not']
        """
        return list(text) if self.unit == "character" else WORDS.findall(text)

    def encode(self, text: str) -> np.ndarray:
        find = self._ids.get
        return np.array([find(piece, UNKNOWN) for piece in self.split(text)], np.int32)

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        for number in ids:
            yield "\N{REPLACEMENT CHARACTER}" if number == UNKNOWN else self.known[number - 1]

    def pieces(self) -> list[str]:
        return ["\N{REPLACEMENT CHARACTER}", *self.known]

    def spelling_costs(self, text: str) -> np.ndarray:
        ends = max(1, self.letters.get(" ", 0)) if self.unit == "word" else 0
        total = math.log(sum(self.letters.values()) + ends + 1)
        strange = total + math.log(_ALL_CHARACTERS)

        def cost(piece: str) -> float:
            if piece in self._ids:
                return 0.0
            letters = (self.letters.get(letter, 0) for letter in piece)
            spelt = sum(total - math.log(count) if count else strange for count in letters)
            return spelt + (total - math.log(ends) if ends else 0.0)

        return np.array([cost(piece) for piece in self.split(text)])

    def plain(self) -> dict[str, Any]:
        return {"unit": self.unit, "known": self.known, "letters": self.letters}


class Subwords(Tokens):
    """Parts of words that often stand together, found by byte-pair encoding (`tokenizers`).

    Every byte is a token of its own as well, so nothing is unknown.

    Args:
        tokenizer: a byte-level `tokenizers.Tokenizer`.

    Reference: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units"
    (2016), over bytes as in Radford et al. (2019).
    """

    unit = "subword"
    has_unknown = False

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.size = int(tokenizer.get_vocab_size())
        letters = _letters_of_bytes()
        self._bytes = [
            bytes(letters[letter] for letter in tokenizer.id_to_token(number))
            for number in range(self.size)
        ]

    @classmethod
    def of(cls, text: str, vocabulary: int) -> Subwords:
        """Learn subwords from a training text."""
        tokenizers = _tokenizers()
        made = tokenizers.Tokenizer(tokenizers.models.BPE())
        made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = tokenizers.decoders.ByteLevel()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=vocabulary,
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        made.train_from_iterator(text.splitlines(keepends=True), trainer)
        return cls(made)

    def encode(self, text: str) -> np.ndarray:
        return np.array(self.tokenizer.encode(text).ids, np.int32)

    def split(self, text: str) -> list[str]:
        ends = [end for _, end in self.tokenizer.encode(text).offsets]
        reached = np.maximum.accumulate([0, *ends]).tolist()
        return [text[a:b] for a, b in itertools.pairwise(reached)]

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for number in ids:
            piece = decoder.decode(self._bytes[int(number)])
            if piece:
                yield piece
        rest = decoder.decode(b"", final=True)
        if rest:
            yield rest

    def pieces(self) -> list[str]:
        return [content.decode("utf-8", "replace") for content in self._bytes]

    def plain(self) -> dict[str, Any]:
        return {"unit": self.unit, "tokenizer": self.tokenizer.to_str()}


def _letters_of_bytes() -> dict[str, int]:
    """The letter by which byte-level tokenizers write each byte: its own if that is visible."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(_BYTES) if byte not in visible]
    letters = {chr(byte): byte for byte in visible}
    return letters | {chr(_BYTES + place): byte for place, byte in enumerate(hidden)}


def learn_tokens(text: str, unit: str, vocabulary: int) -> Tokens:
    """The tokens of a training text.

    Args:
        text: the training text, and only that.
        unit: one of `UNITS`.
        vocabulary: how many different tokens at most. Words that occur once are unknown ones, so
            that the model learns where such stand.

    Example:
        >>> tokens = learn_tokens("the cat and the dog and the cow", "word", 4)
        >>> tokens.encode("the dog and the cat").tolist(), tokens.pieces()
        ([0, 0, 1, 2, 0], ['\N{REPLACEMENT CHARACTER}', ' and', ' the'])
    """
    if unit == "subword":
        return Subwords.of(text, vocabulary)
    return Pieces.of(text, unit, vocabulary, least=2 if unit == "word" else 1)


def tokens_from_plain(data: Any) -> Tokens:
    """What `plain` gave.

    Raises:
        SavingError: for anything else.
    """
    try:
        if data["unit"] == "subword":
            tokenizers = _tokenizers()
            return Subwords(tokenizers.Tokenizer.from_str(data["tokenizer"]))
        known, letters = data["known"], data["letters"]
        if data["unit"] not in UNITS or not all(isinstance(piece, str) for piece in known):
            raise TypeError(f"its tokens are {data['unit']!r}")
        if not all(isinstance(n, int) and n > 0 for n in letters.values()):
            raise TypeError("its letters have no counts")
        return Pieces(data["unit"], list(known), dict(letters))
    except ImportError:
        raise
    except Exception as error:  # what a file that nobody vouches for can bring about
        raise SavingError(f"The vocabulary in the file is damaged: {error}.") from error


def _tokenizers() -> Any:
    for part in ("decoders", "models", "pre_tokenizers", "trainers"):
        require(f"tokenizers.{part}", "subword", "Writing by subword")
    return require("tokenizers", "subword", "Writing by subword")
