"""The IMDb reviews from their own archive, made into the files that `load_data` reads.

The words, their ranks and the order of the reviews are those of the official `imdb.npz`: bytes
cut as Keras's `Tokenizer` cuts text, files in alphabetical order, positive reviews first, words
of equal frequency in the order of a Python 2 dictionary.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from leftfold.datasets import files, ragged
from leftfold.datasets.files import DatasetError
from leftfold.datasets.python2 import python2_order

_REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg)/(\d+_\d+\.txt)$")
_LARGEST_REVIEW = 1 << 20
_LARGEST_ARCHIVE = 1 << 30
_SEPARATORS = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TO_SPACES = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))


class Review(NamedTuple):
    """A review as the archive holds it. Sorting puts reviews in the official order."""

    part: str
    negative: bool
    file: str
    text: bytes


def add(source: Path) -> tuple[Path, Path]:
    """Build `imdb.npz` and `imdb_word_index.json` in the data folder.

    Args:
        source: `aclImdb_v1.tar.gz` (or another tar archive laid out like it), its folder, or a
            folder with such archives.

    Returns:
        The paths of the two files.

    Raises:
        DatasetError: where `source` is missing, broken or not that data set.
    """
    reviews = sorted(_from_folder(source) if source.is_dir() else _from_archive(source))
    members, word_index = encode(reviews, source)
    folder = files.data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ragged.write_npz(folder / "imdb.npz", members)
        unfinished = folder / "imdb_word_index.json.part"
        unfinished.write_text(json.dumps(word_index), encoding="utf-8")
        os.replace(unfinished, folder / "imdb_word_index.json")
    except OSError as error:
        raise DatasetError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder / "imdb.npz", folder / "imdb_word_index.json"


def encode(reviews: Iterable[Review], source: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Reviews as ranks of words; test words that no training review has are left out."""
    words: dict[str, list[list[bytes]]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for review in reviews:
        lowered = review.text.lower().translate(_TO_SPACES)
        words[review.part].append([word for word in lowered.split(b" ") if word])
        labels[review.part].append(int(not review.negative))
    for part in ("train", "test"):
        if set(labels[part]) != {0, 1}:
            raise DatasetError(
                f"{source} does not hold the IMDb reviews: expected files such as "
                f"{part}/pos/0_9.txt and {part}/neg/0_2.txt in it, found {len(labels[part])} "
                f"reviews for {part}."
            )
    counts: Counter[bytes] = Counter()
    for text in words["train"]:
        counts.update(text)
    ranked = sorted(python2_order(counts), key=counts.__getitem__, reverse=True)
    ranks = {word: rank for rank, word in enumerate(ranked, 1)}
    members: dict[str, Any] = {}
    for part in ("train", "test"):
        members[f"x_{part}"] = [[ranks[w] for w in text if w in ranks] for text in words[part]]
        members[f"y_{part}"] = np.array(labels[part], dtype=np.int64)
    return members, {word.decode("utf-8", "replace"): rank for word, rank in ranks.items()}


def _from_folder(folder: Path) -> Iterator[Review]:
    if not (folder / "train").is_dir() and (folder / "aclImdb").is_dir():
        folder = folder / "aclImdb"
    archives = [] if (folder / "train").is_dir() else sorted(folder.glob("aclImdb*.tar*"))
    for archive in archives:
        yield from _from_archive(archive)
    for path in sorted(folder.glob("t*/*/*.txt")):
        found = _REVIEW.search(path.as_posix())
        if found and path.is_file():
            yield _review(found, path.stat().st_size, path.read_bytes)


def _from_archive(path: Path) -> Iterator[Review]:
    """Reviews straight from the stream: nothing is unpacked, so no member can land anywhere."""
    try:
        with (
            open(path, "rb") as file,
            tarfile.open(fileobj=_Limited(file), mode="r|") as archive,  # type: ignore[call-overload]
        ):
            for member in archive:
                found = _REVIEW.search(member.name)
                if found and member.isreg():
                    content = archive.extractfile(member) or io.BytesIO()
                    yield _review(found, member.size, content.read)
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file or folder {path}.") from error
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise DatasetError(
            f"{path} cannot be read as a .tar or .tar.gz archive: {error}. Download it again."
        ) from error


class _Limited:
    """The bytes of a file, unpacked if need be; far more than the reviews take are an error."""

    def __init__(self, file: BinaryIO) -> None:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self.stream = gzip.GzipFile(fileobj=file) if compressed else file
        self.left = _LARGEST_ARCHIVE

    def read(self, size: int) -> bytes:
        self.left -= size
        if self.left < 0:
            raise ValueError(f"it unpacks to more than {_LARGEST_ARCHIVE} bytes")
        return self.stream.read(size)


def _review(found: re.Match[str], size: int, read: Any) -> Review:
    part, kind, name = found.groups()
    if size > _LARGEST_REVIEW:
        raise DatasetError(f"{part}/{kind}/{name} is {size} bytes long: that is no review.")
    return Review(part, kind == "neg", name, read())
