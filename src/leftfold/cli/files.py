"""`leftfold inspect` and `leftfold convert`: model files, looked into and rewritten."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from leftfold.cli.errors import UserError
from leftfold.interop import formats
from leftfold.saving import SavingError
from leftfold.saving.description import Description
from leftfold.saving.errors import one_line

_OPEN = "?"


def inspect(path: Path, as_json: bool = False) -> None:
    """Print what is in a file.

    Raises:
        UserError: for a file that is missing, damaged, hostile, or of no known format.
    """
    try:
        found = formats.describe(path)
    except (SavingError, ImportError, OSError) as error:
        raise UserError(_one_line(error)) from error
    if as_json:
        print(json.dumps(_data(found), indent=2))
        return
    console = Console(highlight=False)
    for name, value in _facts(found).items():
        console.print(f"{name + ':':12}{_shown(value)}", soft_wrap=True)
    console.print(_table(found))


def convert(source: Path, target: Path, model: Path | None, force: bool) -> None:
    """Write what one file holds into another.

    Raises:
        UserError: for a file that cannot be read or written, or formats that do not go together.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", formats.ConversionNote)
        try:
            formats.convert(source, target, model, overwrite=force)
        except (SavingError, ImportError, ValueError, OSError) as error:
            hint = " (--force replaces it)" if "exists already" in str(error) else ""
            hint = " (--model FILE)" if "name a file with the model" in str(error) else hint
            raise UserError(_one_line(error) + hint) from error
    for warning in told:
        if warning.category is formats.ConversionNote:
            print(one_line(str(warning.message)))
    print(f"{source} -> {target} ({_bytes(target.stat().st_size)})")


def _shown(text: str) -> str:
    """What a file says, so that it can do nothing to the terminal."""
    return escape(one_line(text))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _data(found: Description) -> dict[str, Any]:
    parts = [{**asdict(part), "parameters": part.parameters} for part in found.parts]
    for part in parts:
        if not part["stored"]:
            del part["stored"]
    return {**asdict(found), "parts": parts, "parameters": found.parameters}


def _facts(found: Description) -> dict[str, str]:
    written = " ".join(filter(None, [found.writer, found.written.replace("@", " ")]))
    facts = {
        "format": found.format,
        "written by": written,
        "size": _bytes(found.size),
        "model": found.model,
        "inputs": ", ".join(f"{name} {_shape(shape)}" for name, shape in found.inputs.items()),
        "parameters": f"{found.parameters:,}",
        "training": ", ".join(f"{key} {_told(value)}" for key, value in found.training.items()),
    }
    return {name: value for name, value in facts.items() if value}


def _table(found: Description) -> Table:
    table = Table()
    table.add_column("layer" if found.model else "name")
    if any(part.kind for part in found.parts):
        table.add_column("kind")
    table.add_column("weights")
    table.add_column("parameters", justify="right")
    for part in found.parts:
        stored = f" ({part.stored})" if part.stored else ""
        kind = [_shown(part.kind + stored)] if len(table.columns) == 4 else []
        shapes = " ".join(map(_shape, part.shapes))
        table.add_row(_shown(part.name), *kind, shapes, f"{part.parameters:,}")
    return table


def _shape(shape: Any) -> str:
    return f"({', '.join(_OPEN if size is None else str(size) for size in shape)})"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).replace('"', "")


def _bytes(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
