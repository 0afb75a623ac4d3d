"""Constants whose numbers lie in a file beside the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leftfold.saving import SavingError

_MOST_READINGS = 2
"""How often all bytes of a file may be asked for: shared weights are, bombs more often."""


class ExternalData:
    """The files beside a model.

    Args:
        folder: where the model lies; `None` for a model that came without a file.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def content(self, tensor: Any, size: int, what: str) -> bytes:
        """The bytes of a tensor.

        Args:
            tensor: a `TensorProto`.
            size: how many bytes its shape needs.
            what: how to speak of it.

        Raises:
            SavingError: when they lie outside of the folder, are not there, or are another number.
        """
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        path = self._path(location, what)
        try:
            offset, length = int(entries.get("offset", 0)), int(entries.get("length", size))
        except ValueError:
            raise SavingError(f"{what} was refused: its offset or length is no number.") from None
        found = path.stat().st_size
        if offset < 0 or length != size or offset + length > found:
            raise SavingError(
                f"{what} was refused: {location!r} does not have {size} bytes from {offset} on."
            )
        self._read[path] = self._read.get(path, 0) + length
        if self._read[path] > _MOST_READINGS * found:
            raise SavingError(
                f"{what} was refused: the constants need {location!r} more than {_MOST_READINGS} "
                "times over."
            )
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(length)

    def _path(self, location: str, what: str) -> Path:
        if self._folder is None:
            raise SavingError(f"{what} was refused: its data lie in another file.")
        outside = SavingError(
            f"{what} was refused: its data lie outside the folder: {location[:100]!r}."
        )
        try:
            path = (self._folder / location).resolve()
        except (ValueError, OSError, RuntimeError) as error:  # a zero in the name, a circle
            raise outside from error
        if not location or not path.is_relative_to(self._folder.resolve()):
            raise outside
        try:
            there = path.is_file()
        except (ValueError, OSError) as error:
            raise outside from error
        if not there:
            raise SavingError(f"{what} is incomplete: {location[:100]!r} is missing.")
        return path
