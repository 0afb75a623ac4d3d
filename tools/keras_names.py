"""Write `docs/keras.md`: which of Keras's public names Leftfold offers, and what is there instead.

`python -m tools.keras_names` asks the Keras in the environment `keras-jax` for its names, keeps
them in `tests/golden/keras_names.json` and writes the page; `python -m tools.keras_names page`
only writes the page from the names kept.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from leftfold.interop import keras_alias, keras_names

TOP = Path(__file__).resolve().parents[1]
LISTING = TOP / "tests" / "golden" / "keras_names.json"
PAGE = TOP / "docs" / "keras.md"

OUTSIDE = ("keras.applications.", "keras.utils.bounding_boxes", "keras.visualization.")
"""Namespaces of which only the outermost is shown: nothing of them is there."""

RECURRENT = {
    *("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell"),
    *("StackedRNNCells", "Bidirectional", "TimeDistributed", "ConvLSTM1D", "ConvLSTM2D"),
    *("ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU"),
}
TEXT = {
    *("TextVectorization", "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing"),
    *("text_dataset_from_directory", "pad_sequences"),
}


class Name(NamedTuple):
    """One public name of Keras."""

    space: str
    name: str
    offered: bool
    instead: str

    @property
    def full(self) -> str:
        return f"{self.space}.{self.name}"


def all_names(listing: dict[str, Any]) -> list[Name]:
    """Every name of the listing, held against what the alias of Keras finds."""
    keras_alias.install()
    try:
        return [
            _judge(space, name)
            for space, names in listing["names"].items()
            for name in names
            if not space.startswith(OUTSIDE)
        ]
    finally:
        keras_alias.uninstall()


def _judge(space: str, name: str) -> Name:
    module = _module(space)
    if module is not None and hasattr(module, name):
        return Name(space, name, True, "")
    full = f"{space}.{name}"
    said = keras_names.explain(full, full, [])
    return Name(space, name, False, said.partition(": ")[2].rstrip("."))


@cache
def _module(space: str) -> Any:
    try:
        return importlib.import_module(space)
    except ImportError:
        return None


def for_images(name: Name) -> bool:
    """Whether a name is about images."""
    return "image" in name.instead or name.space == "keras.ops.image"


AREAS: dict[str, Callable[[Name], bool]] = {
    "recurrent layers": lambda n: n.space == "keras.layers" and n.name in RECURRENT,
    "text and sequences": lambda n: (
        (n.name in TEXT and n.space in ("keras.layers", "keras.utils"))
        or n.space in ("keras.preprocessing.text", "keras.preprocessing.sequence")
    ),
    "core and other layers": lambda n: (
        n.space == "keras.layers" and n.name not in RECURRENT | TEXT and not for_images(n)
    ),
    "models": lambda n: n.space == "keras.models",
    **{
        area: (lambda n, space=f"keras.{area}": n.space == space)
        for area in (
            *("losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers"),
            *("constraints", "activations", "random", "saving", "tree", "config"),
        )
    },
    "learning rate schedules": lambda n: n.space == "keras.optimizers.schedules",
    "ops": lambda n: n.space == "keras.ops",
    "backend, with what Keras 2 had": lambda n: n.space == "keras.backend",
    "utils": lambda n: n.space == "keras.utils" and n.name not in TEXT,
    "data sets": lambda n: n.space.startswith("keras.datasets"),
    "element types": lambda n: n.space in ("keras.dtype_policies", "keras.mixed_precision"),
    "layers for images": lambda n: n.space == "keras.layers" and for_images(n),
}


def counts(names: Iterable[Name]) -> dict[str, tuple[int, int]]:
    """How many names of each area there are here, and in Keras."""
    result = {}
    for area, belongs in AREAS.items():
        some = [name for name in names if belongs(name)]
        result[area] = (sum(name.offered for name in some), len(some))
    return result


def render(listing: dict[str, Any]) -> str:
    """The page."""
    names = all_names(listing)
    lines = [
        "# Names of Keras",
        "",
        f"The public names of Keras {listing['keras']}, those that it shows only as `tf.keras`",
        "included, and which of them Leftfold has: under the same name in `leftfold`, and where",
        "scripts for Keras look for them (`leftfold run script.py`). Made by",
        "`python -m tools.keras_names`. How the meaning differs where it does is told in",
        "[differences](differences.md).",
        "",
        "| area | offered | of |",
        "|---|---|---|",
        *(f"| {area} | {here} | {there} |" for area, (here, there) in counts(names).items()),
        "",
    ]
    spaces: dict[str, list[Name]] = defaultdict(list)
    for name in names:
        spaces[name.space].append(name)
    for space, some in spaces.items():
        lines += [f"## {space}", "", *_section(some), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(names: list[Name]) -> list[str]:
    lines = []
    offered = [name.name for name in names if name.offered]
    if offered:
        lines += [", ".join(f"`{name}`" for name in offered), ""]
    missing: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if not name.offered:
            missing[name.instead].append(name.name)
    if missing:
        lines += ["Not here:", ""]
    for reason, some in missing.items():
        lines.append(f"- {', '.join(f'`{name}`' for name in some)}: {reason}.")
    return lines[:-1] if lines and not lines[-1] else lines


def load() -> dict[str, Any]:
    """The names kept."""
    kept: dict[str, Any] = json.loads(LISTING.read_text(encoding="utf-8"))
    return kept


def main() -> None:
    """Ask Keras for its names unless told not to, and write the page."""
    if sys.argv[1:] != ["page"]:
        from tools.peers import Worker

        with Worker("keras-jax", Path(__file__).with_name("keras_names_side.py")) as keras:
            listing = keras.call("listing")
        LISTING.write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(render(load()), encoding="utf-8")


if __name__ == "__main__":
    main()
