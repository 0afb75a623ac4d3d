"""`leftfold run`: a script written for Keras, unchanged, on Leftfold."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from leftfold.cli.errors import FAILED, UserError
from leftfold.datasets.files import DatasetError
from leftfold.interop import keras_alias


def run(target: str, arguments: Sequence[str], as_module: bool = False) -> int:
    """Run a script or module as Python would, with Keras and TensorFlow meaning Leftfold.

    Args:
        target: the path of a script, or the dotted name of a module.
        arguments: what the script finds in `sys.argv` behind its own name.
        as_module: whether `target` names a module.

    Returns:
        The exit code: 0, or 1 where the script failed; its traceback has been printed.

    Raises:
        UserError: where there is no such script.
        DatasetError: where the script asks for data that cannot be had; its message says how.
    """
    keras_alias.install()
    sys.argv = [target, *arguments]
    if as_module:
        sys.path.insert(0, os.getcwd())
    else:
        if not Path(target).is_file():
            raise UserError(f"run expected the path of a script, got {target!r}: no such file.")
        sys.path.insert(0, str(Path(target).resolve().parent))
    try:
        if as_module:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(target, run_name="__main__")
    except DatasetError:
        raise
    except Exception as error:
        error.__traceback__ = _of_the_script(error.__traceback__)
        traceback.print_exception(error)
        return FAILED
    finally:
        sys.stdout.flush()
    return 0


def _of_the_script(frames: TracebackType | None) -> TracebackType | None:
    """A traceback without the calls that only started the script, or looked an import up."""
    first = frames
    while first is not None and _module(first) != "__main__":
        first = first.tb_next
    last = first
    while last is not None and last.tb_next is not None:
        if _module(last.tb_next) == keras_alias.__name__:
            last.tb_next = None
            break
        last = last.tb_next
    return first or frames


def _module(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__"))
