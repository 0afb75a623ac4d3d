"""The shape of the house: imports point downwards, and `import leftfold` stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import leftfold

ROOT = Path(leftfold.__file__).parent

FLOORS = [
    ["engine.reference"],
    ["engine"],
    ["ops"],
    [
        "activations",
        "callbacks",
        "constraints",
        "initializers",
        "losses",
        "metrics",
        "optimizers",
        "regularizers",
    ],
    ["layers"],
    ["saving"],
    ["models"],
    ["datasets", "preprocessing"],
    ["streaming"],
    ["inspection"],
    ["interop"],
    ["vectors"],
    ["tasks"],
    ["cli"],
]
"""From the ground up. A room may import from its own floor and from those below."""

FACADES = {"backend", "config", "dtype_policies", "random", "utils"}
"""Public namespaces that only gather names: nothing below `interop`, which shows them under the
names of other frameworks, imports them."""

HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}

MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.parent != ROOT) + [
    path.relative_to(ROOT) for path in sorted(ROOT.glob("*.py")) if not path.stem.startswith("_")
]


def room_of(dotted: str) -> str:
    """`engine.reference.lstm` lives in `engine.reference`, `layers.core` in `layers`."""
    return "engine.reference" if dotted.startswith("engine.reference") else dotted.split(".")[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name (without the leading `leftfold.`) of each import that can run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in only_typing:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write imports out in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("leftfold."):
                yield node.lineno, name.removeprefix("leftfold.")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_point_downwards(module: Path) -> None:
    room = room_of(".".join(module.with_suffix("").parts))
    if room in FACADES or module == Path("__init__.py"):
        return
    assert room in HEIGHT, f"{module} stands outside the plan: give its room a floor"
    for line, name in imports(ROOT / module):
        target = room_of(name)
        if target.startswith("_"):
            continue
        if target in FACADES:
            shows_names = HEIGHT[room] >= HEIGHT["interop"]
            assert shows_names, f"{module}:{line} imports the public facade {target}"
            continue
        assert target in HEIGHT, f"{module}:{line} imports {name}, which has no floor"
        assert HEIGHT[target] <= HEIGHT[room], f"{module}:{line} ({room}) imports {name} above it"


def loaded_after(statement: str) -> set[str]:
    """Names of the modules in a fresh interpreter after `statement`."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


HEAVY = {"h5py", "rich", "typer", "pooch", "requests", "sklearn", "pandas", "scipy", "matplotlib"}


def test_import_leftfold_loads_nothing_but_itself() -> None:
    new = {name.split(".")[0] for name in loaded_after("import leftfold") - loaded_after("pass")}
    assert new - set(sys.stdlib_module_names) == {"leftfold"}


def test_building_a_model_loads_none_of_the_optional_or_heavy_packages() -> None:
    loaded = loaded_after(
        "import leftfold\n"
        "m = leftfold.Sequential([leftfold.Input((3, 2)), leftfold.layers.LSTM(2)])\n"
        "m.compile('adam', 'mse')\n"
        "m.predict([[[0.0, 1.0]] * 3], verbose=0)"
    )
    assert not HEAVY & loaded


def test_every_public_name_resolves() -> None:
    for name in leftfold.__all__:
        assert getattr(leftfold, name) is not None
    assert set(leftfold.__all__) <= set(dir(leftfold))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = leftfold.nonsense
