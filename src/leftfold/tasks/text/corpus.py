"""The text to learn from: a file, a folder of files, a column of a table, or standard input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leftfold.tasks.columns import text_column
from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import read_table, read_text

_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass
class Corpus:
    """A text and where it comes from.

    Attributes:
        text: all of it.
        source: its file or folder.
        remark: which files or which column were read; empty for a plain text.
    """

    text: str
    source: str
    remark: str = ""


def read_corpus(path: Path | str, column: str | None = None, encoding: str | None = None) -> Corpus:
    r"""Read one long text.

    Args:
        path: a file of text; a folder, whose `.txt` files are read in the order of their names; a
            table (CSV, TSV, JSON lines, Parquet), whose texts are read row by row; or `"-"` for
            standard input.
        column: of a table; by default it is guessed.
        encoding: of text files; UTF-8 by default.

    Raises:
        DataError: for what cannot be read, or holds no text.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("b", "a"):
        ...     _ = (folder / f"{name}.txt").write_text(f"chapter {name}")
        >>> read_corpus(folder).text
        'chapter a\nchapter b'
    """
    source = "standard input" if str(path) == "-" else str(path)
    if str(path) != "-" and Path(path).is_dir():
        corpus = _from_folder(Path(path), encoding)
    elif str(path) != "-" and (Path(path).suffix.lower() in _TABLES or column is not None):
        table = read_table(path, encoding=encoding)
        chosen = text_column(table, column)
        texts = [text for text in table.texts(chosen.column) if text]
        remark = f"{chosen.announcement('text', '--text')}; {len(texts):,} rows"
        corpus = Corpus("\n".join(texts), source, remark)
    else:
        corpus = Corpus(read_text(path, encoding), source)
    if not corpus.text.strip():
        raise DataError(f"{source} holds no text.")
    return corpus


def _from_folder(folder: Path, encoding: str | None) -> Corpus:
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise DataError(f"{folder} has no files that end in .txt.")
    texts = [read_text(file, encoding) for file in files]
    remark = f"{len(files):,} file{'s' if len(files) > 1 else ''}, in the order of their names"
    return Corpus("\n".join(texts), str(folder), remark)
