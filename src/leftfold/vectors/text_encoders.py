"""Encoders of new texts out of files: paragraph vectors and skip-thought."""

from __future__ import annotations

from pathlib import Path

from leftfold.saving.archive import Archive
from leftfold.vectors import paragraph_files
from leftfold.vectors.methods import TextEncoder
from leftfold.vectors.paragraphs import PvDbow, PvDm
from leftfold.vectors.sentence_encoder import SentenceEncoder


def load_text_encoder(path: Path | str) -> TextEncoder:
    """Read an encoder that `PvDm`, `PvDbow` or `SentenceEncoder` wrote.

    Raises:
        SavingError: for a file that is missing or no archive of arrays.
        DataError: for one that holds anything else.

    Example:
        >>> import tempfile
        >>> method = PvDbow(dimensions=8, min_count=1, threads=1)
        >>> _ = method.fit(["a good film", "a bad film"] * 5)
        >>> path = method.save(Path(tempfile.mkdtemp()) / "model.npz")
        >>> load_text_encoder(path).infer(["a film"]).shape
        (1, 8)
    """
    path = Path(path)
    with Archive(path, "file of NumPy arrays") as archive:
        paragraphs = f"{paragraph_files.SETTINGS}.npy" in archive
    if not paragraphs:
        return SentenceEncoder.load(path)
    memory = paragraph_files.read(path)[0].get("method") == PvDm.__name__
    return (PvDm if memory else PvDbow).load(path)
