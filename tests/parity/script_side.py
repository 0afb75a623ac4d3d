"""Runs a script as it stands, on Leftfold or on Keras, and notes what it computes.

What two frameworks draw differently is made equal around the script, which knows nothing of it:
initial weights follow from their shape and their turn, `fit` keeps the order of its samples, and
`Dropout` drops nothing.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import io
import os
import re
import runpy
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

DRAWN = (
    *("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"),
    *("Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"),
)
"""Initializers whose values are replaced."""


def run(path: str, framework: str) -> dict[str, Any]:
    """Run a script and return its figures.

    Args:
        path: the script.
        framework: `"leftfold"`, where Keras's names have to be found first, or `"keras"`.

    Returns:
        `calls`, what `fit`, `evaluate` and `predict` returned, in order; `names`, the numbers,
        arrays and texts that the script leaves behind; `models`, the parameters and shapes of its
        models; `printed`, what it wrote to standard output.
    """
    if framework == "leftfold":
        from leftfold.interop import keras_alias

        keras_alias.install()
    import keras

    if framework == "keras":
        _answer_for_tensorflow()
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    calls: list[Any] = []
    printed = io.StringIO()
    os.environ["COLUMNS"] = "100"
    with tempfile.TemporaryDirectory() as folder, _inside(folder), _equal(keras, calls):
        with contextlib.redirect_stdout(printed):
            names = runpy.run_path(path, run_name="__main__")
        left = {name: _plain(value) for name, value in names.items() if not name.startswith("_")}
        return {
            "calls": calls,
            "names": {name: value for name, value in left.items() if value is not _NOTHING},
            "models": {
                name: _describe(value)
                for name, value in names.items()
                if isinstance(value, keras.Model)
            },
            "printed": printed.getvalue(),
        }


ON_TENSORFLOW = {
    "custom_layer": "keras.backend has kept the functions of Keras 2 for TensorFlow alone",
    "sequence_tagger": "on JAX, metrics of training count masked timesteps",
    "stateful_lstm": "on JAX, a stateful layer forgets its state after every call",
}
"""Further scripts that Keras runs only there, and why."""


def peer_of(script: Path, others: str = "keras-jax") -> str:
    """The environment to compare a script with: `others`, unless it uses TensorFlow itself.

    With TensorFlow, Keras treats some cases apart (`docs/differences.md`), which only scripts that
    need it are to meet.
    """
    uses = re.search(r"\btf\.(?!keras\b)", script.read_text(encoding="utf-8"))
    return "keras-tensorflow" if uses or script.stem in ON_TENSORFLOW else others


def digest(figures: Any) -> Any:
    """The same figures for a file: of what is long its size and a few elements."""
    if isinstance(figures, dict):
        return {key: digest(value) for key, value in figures.items()}
    if isinstance(figures, np.ndarray) and figures.size > 6:
        numbers = figures.astype(np.float64)
        return {
            "shape": list(figures.shape),
            "mean": _rounded(numbers.mean()),
            "spread": _rounded(numbers.std()),
            "some": digest(numbers.reshape(-1)[_places(figures.size)]),
        }
    if isinstance(figures, np.ndarray):
        return digest(figures.tolist())
    if isinstance(figures, list) and len(figures) > 12:
        return {"length": len(figures), "some": [digest(figures[i]) for i in _places(len(figures))]}
    if isinstance(figures, list):
        return [digest(value) for value in figures]
    return _rounded(figures) if isinstance(figures, float) else figures


def _places(length: int) -> np.ndarray:
    return np.linspace(0, length - 1, 6).astype(int)


def _rounded(number: float) -> float:
    return float(f"{number:.7g}")


def _answer_for_tensorflow() -> None:
    """Let `tensorflow.keras` and the tokenizer of Keras 2 be found where only Keras is installed.

    Both are in the package of Keras: TensorFlow shows the first as its own, and the second has
    lost its public name.
    """
    from keras.src.legacy.preprocessing import text

    sys.modules.setdefault("keras.preprocessing.text", text)
    from keras.src.utils.module_utils import tensorflow

    if not tensorflow.available and not isinstance(sys.meta_path[0], _KerasOfTensorflow):
        sys.meta_path.insert(0, _KerasOfTensorflow())


class _KerasOfTensorflow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports `keras._tf_keras.keras.layers` where `tensorflow.keras.layers` is asked for."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname.split(".")[0] != "tensorflow":
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        if spec.name == "tensorflow":
            return ModuleType("tensorflow")
        return importlib.import_module(f"keras._tf_keras.{spec.name.removeprefix('tensorflow.')}")

    def exec_module(self, module: ModuleType) -> None:
        """The modules of Keras have run already."""


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _equal(keras: ModuleType, calls: list[Any]) -> Iterator[None]:
    """Take chance out of the framework, and note what its models return."""
    with contextlib.ExitStack() as undo:
        drawn = _drawing()
        for name in DRAWN:
            _replace(undo, getattr(keras.initializers, name), "__call__", drawn)
        for name in ("Dropout", "SpatialDropout1D"):
            _replace(undo, getattr(keras.layers, name), "call", _unchanged)
        for name in ("fit", "evaluate", "predict"):
            noted = _noting(getattr(keras.Model, name), calls)
            _replace(undo, keras.Model, name, noted)
        yield


def _replace(undo: contextlib.ExitStack, owner: type, name: str, value: Any) -> None:
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def _drawing() -> Callable[..., Any]:
    """Values by shape and turn; an initializer asked again, as JAX does, repeats itself."""
    turns: defaultdict[tuple[int, ...], list[Any]] = defaultdict(list)

    def draw(self: Any, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        sizes = tuple(int(size) for size in shape)
        served = turns[sizes]
        if not any(self is other for other in served):
            served.append(self)
        turn = next(index for index, other in enumerate(served) if self is other)
        generator = np.random.default_rng([*sizes, turn])
        deviation = np.sqrt(2 / max(1, sizes[0] + sizes[-1])) if sizes else 1.0
        return generator.normal(0, deviation, sizes).astype(dtype or "float32")

    return draw


def _unchanged(self: Any, inputs: Any, training: Any = None) -> Any:
    return inputs


def _noting(method: Callable[..., Any], calls: list[Any]) -> Callable[..., Any]:
    """`method`, whose result goes to `calls` unless another noted method called it."""

    @functools.wraps(method)
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        place = len(calls)
        if method.__name__ == "fit":
            kwargs.setdefault("shuffle", False)
        result = method(self, *args, **kwargs)
        del calls[place:]
        calls.append(_plain(getattr(result, "history", result)))
        return result

    return noted


_NOTHING = object()


def _plain(value: Any) -> Any:
    """Numbers, texts and arrays, in any nesting; `_NOTHING` for whatever is something else."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        inner = {str(key): _plain(item) for key, item in value.items()}
        return _NOTHING if any(item is _NOTHING for item in inner.values()) else inner
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return _NOTHING if any(item is _NOTHING for item in items) else items
    if hasattr(value, "__array__") and not isinstance(value, type):
        try:
            array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        except (TypeError, ValueError):  # a symbolic tensor
            return _NOTHING
        return array if array.dtype.kind in "biuf" else array.tolist()
    return _NOTHING


def _describe(model: Any) -> dict[str, Any]:
    return {
        "parameters": model.count_params(),
        "weights": [list(weight.shape) for weight in model.weights],
        "layers": [layer.name for layer in model.layers],
    }
