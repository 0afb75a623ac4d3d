"""What a language's code changes: where its words end, how it is lowered, how BLEU reads it."""

from __future__ import annotations

import re
import unicodedata

from leftfold.preprocessing.letters import APOSTROPHES, MARKS, SIGN, WORD
from leftfold.tasks.errors import DataError
from leftfold.tasks.text.tokens import WORDS

_ALL = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu
lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu
rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
CODES = frozenset(_ALL.split())
"""Two-letter codes of ISO 639-1."""

_WITHOUT_SPACES = frozenset(["bo", "dz", "ja", "km", "lo", "my", "th", "zh"])
_ELIDING = frozenset(["ca", "co", "fr", "it", "oc"])
_DOTTED = frozenset(["az", "tr"])

_ELIDED = re.compile(rf" ?{WORD}[{APOSTROPHES}](?=\w)| ?{WORD}| ?{SIGN}|\s")
_SINGLE = re.compile(rf" ?[A-Za-z0-9]+| ?\w[{MARKS}]*| ?{SIGN}|\s")


def check_language(argument: str, code: str | None) -> str | None:
    """A code as it is used here: `"de"`, or of `"de-AT"` its first part.

    Raises:
        DataError: for a code that ISO 639-1 does not have.

    Example:
        >>> check_language("source_language", "pt_BR")
        'pt'
    """
    if code is None:
        return None
    short = re.split("[-_]", str(code).strip().lower())[0]
    if short not in CODES:
        raise DataError(
            f"{argument} expected a two-letter code of a language such as de, en or zh, got "
            f"{code!r}."
        )
    return short


def words(text: str, language: str | None = None) -> list[str]:
    """The words and marks of a text, each with the space before it; together they are the text.

    French and its sisters end a word behind an elision; where a language writes no spaces, every
    character is a word.

    Example:
        >>> words(" l'eau, don't", "fr"), words(" l'eau, don't", "en")
        ([" l'", 'eau', ',', " don'", 't'], [" l'eau", ',', " don't"])
    """
    pattern = WORDS
    if language in _WITHOUT_SPACES:
        pattern = _SINGLE
    elif language in _ELIDING:
        pattern = _ELIDED
    return pattern.findall(text)


def count_words(text: str, language: str | None = None) -> int:
    """How many words there are between spaces; where a language writes none, how many characters.

    Example:
        >>> count_words("l'eau, non"), count_words("\N{CJK UNIFIED IDEOGRAPH-4E8C}" * 3, "zh")
        (2, 3)
    """
    return len(words(text, language) if language in _WITHOUT_SPACES else text.split())


def tidy(text: str, language: str | None = None, lowercase: bool = False) -> str:
    """A text with single spaces, composed letters (NFC), and lowered as the language does it.

    Example:
        >>> tidy("  Ein   Hund ", "de", lowercase=True)
        'ein hund'
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not lowercase:
        return text
    if language in _DOTTED:
        text = text.replace("I", "\N{LATIN SMALL LETTER DOTLESS I}")
        text = text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i")
    return text.lower()


def bleu_tokenizer(language: str | None) -> str:
    """How sacrebleu shall split this language: its usual way, or by character."""
    if language == "zh":
        return "zh"
    return "char" if language in _WITHOUT_SPACES else "13a"
