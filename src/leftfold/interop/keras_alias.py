"""Scripts written for Keras, unchanged: their imports resolve to Leftfold.

`install()` puts a finder in front of all others. From then on `import keras`,
`from tensorflow.keras.layers import LSTM` and their like give modules whose names are
Leftfold's, in this process only, whether or not Keras is installed too. A name that Leftfold does
not have is an error that says what is missing and what there is instead.

Example:
    >>> from leftfold.interop import keras_alias
    >>> keras_alias.install()
    >>> from tensorflow.keras.layers import LSTM
    >>> LSTM
    <class 'leftfold.layers.recurrent.lstm.LSTM'>
    >>> keras_alias.uninstall()
"""

from __future__ import annotations

import dis
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import Any

from leftfold.interop import keras_names, keras_sources

_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


def install() -> None:
    """Let imports of Keras and TensorFlow find Leftfold, in this process.

    Raises:
        RuntimeError: where the real ones have been imported already.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    for name in keras_names.ROOTS:
        if name in sys.modules:
            raise RuntimeError(
                f"The real {name} has been imported in this process already: call "
                "keras_alias.install() before, or start a new process."
            )
    sys.meta_path.insert(0, _Finder())


def uninstall() -> None:
    """Let later imports find what is really installed."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name in [n for n, module in sys.modules.items() if isinstance(module, AliasModule)]:
        del sys.modules[name]


class AliasModule(ModuleType):
    """A module of Keras or TensorFlow whose names are Leftfold's."""

    def __init__(self, spec: importlib.machinery.ModuleSpec) -> None:
        super().__init__(spec.name, f"{spec.name}, as Leftfold has it.")
        self.__path__: list[str] = []
        self._home = keras_names.home_of(spec.name) or ""
        self.__version__ = keras_names.VERSIONS["tensorflow" if self._is_tensorflow() else "keras"]

    def _is_tensorflow(self) -> bool:
        return self._home.startswith("tensorflow")

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self._public_names()
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        full = f"{self._home}.{name}"
        if full in keras_names.MODULES or full in keras_names.MOVED:
            return importlib.import_module(f"{self.__name__}.{name}")
        found = self._find(name)
        if found is _NOTHING and self._has_file(name):
            return importlib.import_module(f"{self.__name__}.{name}")
        if found is _NOTHING:
            message = keras_names.explain(f"{self.__name__}.{name}", full, self._public_names())
            if not _is_import(sys._getframe(1)):
                raise AttributeError(message)
            if not keras_names.is_class_of_keras(full):
                raise ImportError(message, name=self.__name__)
            found = type(
                name, (), {"__new__": _refusal(message), "__init_subclass__": _refusal(message)}
            )
        self.__dict__[name] = found
        return found

    def _has_file(self, name: str) -> bool:
        is_source = keras_names.is_source(f"{self.__name__}.")
        return is_source and keras_sources.is_file(self._home, name)

    def _find(self, name: str) -> Any:
        name = keras_names.OTHER_NAMES.get(f"{self._home}.{name}", name)
        for source in keras_names.MODULES[self._home]:
            module = importlib.import_module(source)
            value = getattr(module, name, _NOTHING)
            if value is not _NOTHING:
                return value
        return _NOTHING

    def _public_names(self) -> list[str]:
        names: set[str] = set()
        for source in keras_names.MODULES[self._home]:
            module = importlib.import_module(source)
            names |= set(getattr(module, "__all__", None) or dir(module))
        inner = f"{self._home}."
        for full in (*keras_names.MODULES, *keras_names.OTHER_NAMES):
            if full.startswith(inner) and "." not in full[len(inner) :]:
                names.add(full[len(inner) :])
        return sorted(name for name in names if not name.startswith("_"))

    def __dir__(self) -> list[str]:
        return self._public_names()


_NOTHING = object()


def _refusal(message: str) -> Any:
    """A method for what stands in for a missing class: a script may import it, but not use it."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(message)

    return refuse


def _is_import(frame: FrameType) -> bool:
    """Whether a missing name was asked for by `from ... import`, which wants an ImportError."""
    if frame.f_globals.get("__name__") == "importlib._bootstrap":
        return True
    return frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds alias modules for everything below the roots of Keras and TensorFlow."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] not in keras_names.ROOTS:
            return None
        if keras_names.home_of(fullname) is None:
            parent = fullname.rpartition(".")[0]
            known = dir(sys.modules[parent]) if parent in sys.modules else []
            home = keras_names.canonical(fullname)
            raise ModuleNotFoundError(
                keras_names.explain(fullname, home, known), name=fullname
            ) from None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return AliasModule(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Names are looked up when they are asked for."""
