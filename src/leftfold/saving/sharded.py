"""Weights in several files: a `.weights.json` that says in which file each object's lie."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from leftfold.saving.archive import parse_json
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5 import Variables
from leftfold.saving.hdf5_safe import close_file, find_group, open_file

_MOST_PARTS = 1000


class ShardedReader:
    """The parts of one set of weights.

    Args:
        source: the path of the `.weights.json` file; the parts lie beside it.
        name: what it is called in messages.

    Raises:
        SavingError: when it is missing, damaged, or names files elsewhere.
    """

    def __init__(self, source: Any, name: str) -> None:
        self.name = name
        self._folder = Path(source).parent
        self._places = _read_places(Path(source), name)
        self._open = contextlib.ExitStack()
        self._files: dict[str, Any] = {}

    def __enter__(self) -> ShardedReader:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @property
    def parts(self) -> list[Path]:
        """The files that hold the weights."""
        names = {part for parts in self._places.values() for part in parts}
        return [self._folder / part for part in sorted(names)]

    @property
    def places(self) -> list[str]:
        """The paths of all objects for which something is stored."""
        return [place.removesuffix("vars").strip("/") for place in self._places]

    def variables(self, path: str) -> Variables:
        """What is stored for the object at `path`; nothing where the file does not know it."""
        place = f"{path}/vars" if path else "vars"
        groups = [
            find_group(self._file(part), place, part) for part in self._places.get(f"/{place}", [])
        ]
        found = [group for group in groups if group is not None]
        return Variables(found, f"{path or 'the model'} in {self.name}")

    def _file(self, part: str) -> Any:
        if part not in self._files:
            file = open_file(self._folder / part, str(self._folder / part))
            self._files[part] = file
            self._open.callback(close_file, file)
        return self._files[part]


def _read_places(path: Path, name: str) -> dict[str, list[str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SavingError(f"{name} cannot be read: {error.strerror or error}.") from error
    data = parse_json(content, name)
    places = data.get("weight_map") if isinstance(data, dict) else None
    if not isinstance(places, dict):
        raise SavingError(f"{name} expected a weight_map that says where weights lie.")
    found = {
        place: parts if isinstance(parts, list) else [parts] for place, parts in places.items()
    }
    parts = {part if isinstance(part, str) else "" for each in found.values() for part in each}
    for part in parts:
        if not part.endswith(".weights.h5") or "/" in part or "\\" in part or ":" in part:
            raise SavingError(f"{name} was refused: its part {part!r} is no file beside it.")
    if len(parts) > _MOST_PARTS:
        raise SavingError(f"{name} was refused: it has {len(parts)} parts.")
    return found
