"""`tf.train`: checkpoints of models, optimisers and variables."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine import Variable
from leftfold.saving.archive import replacing

__all__ = ["Checkpoint", "CheckpointManager", "latest_checkpoint"]

_INDEX = "checkpoint"


class Checkpoint:
    """Keeps the values of variables in files.

    A file is an archive of NumPy arrays, `PREFIX-NUMBER.npz`; it is not one of TensorFlow's.

    Args:
        root: an object by itself.
        **kwargs: models, layers, optimisers and variables by name.

    Example:
        >>> import tempfile
        >>> from leftfold.engine import Variable
        >>> number = Variable(1.0)
        >>> checkpoint = Checkpoint(number=number)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = checkpoint.save(f"{folder}/numbers")
        ...     _ = number.assign(5.0)
        ...     status = checkpoint.restore(path)
        >>> float(number)
        1.0
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self._objects = {**({} if root is None else {"root": root}), **kwargs}
        self.save_counter = Variable(0, trainable=False, dtype="int64", name="save_counter")
        for name, item in kwargs.items():
            setattr(self, name, item)

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write all values into `file_prefix` + `.npz`; returns `file_prefix`."""
        arrays = {
            f"{name}/{number}": np.asarray(variable)
            for name, item in self._objects.items()
            for number, variable in enumerate(_variables(item))
        }
        with replacing(f"{os.fspath(file_prefix)}.npz") as file:
            np.savez(file, save_counter=np.asarray(self.save_counter), **arrays)  # type: ignore[arg-type]
        return os.fspath(file_prefix)

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write all values under the next number; returns the path that `restore` takes."""
        self.save_counter.assign(int(self.save_counter) + 1)
        path = Path(f"{os.fspath(file_prefix)}-{int(self.save_counter)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path)
        with replacing(path.parent / _INDEX) as file:
            file.write(f'model_checkpoint_path: "{path.name}"\n'.encode())
        return str(path)

    def restore(self, save_path: Any, options: Any = None) -> Checkpoint:
        """Give all variables the values in a file; `None` leaves them as they are.

        Raises:
            FileNotFoundError: where there is no such file.
            ValueError: for a file with other variables.
        """
        if save_path is None:
            return self
        with np.load(f"{os.fspath(save_path)}.npz", allow_pickle=False) as arrays:
            for name, item in self._objects.items():
                self._restore(name, item, arrays, save_path)
            self.save_counter.assign(arrays["save_counter"])
        return self

    read = restore

    def _restore(self, name: str, item: Any, arrays: Any, path: Any) -> None:
        count = sum(key.startswith(f"{name}/") for key in arrays.files)
        if len(_variables(item)) < count and hasattr(item, "apply_gradients"):
            for other in self._objects.values():
                if hasattr(other, "trainable_variables") and not item.built:
                    item.build(other.trainable_variables)
        variables = _variables(item)
        if len(variables) != count:
            raise ValueError(
                f"{name} has {len(variables)} variables, expected the {count} that are in {path}: "
                "call the model once before restoring."
            )
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"{name}/{number}"])

    def assert_consumed(self) -> Checkpoint:
        """Nothing to do: a file with other variables is refused at once."""
        return self

    expect_partial = assert_existing_objects_matched = assert_consumed


class CheckpointManager:
    """Keeps the newest files of a checkpoint.

    Args:
        checkpoint: what to save.
        directory: where the files go.
        max_to_keep: how many stay; `None` for all.
        checkpoint_name: the beginning of their names.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: Any,
        max_to_keep: int | None,
        checkpoint_name: str = "ckpt",
        **options: Any,
    ) -> None:
        self.checkpoint = checkpoint
        self.directory = os.fspath(directory)
        self._prefix = Path(directory) / checkpoint_name
        self._kept = max_to_keep

    @property
    def checkpoints(self) -> list[str]:
        """The files that are there, the oldest first."""
        return _numbered(self._prefix)

    @property
    def latest_checkpoint(self) -> str | None:
        """The newest file."""
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number: Any = None, **options: Any) -> str:
        """Save, and remove files that are too old."""
        if checkpoint_number is not None:
            self.checkpoint.save_counter.assign(int(checkpoint_number) - 1)
        path = self.checkpoint.save(self._prefix)
        for old in self.checkpoints[: -self._kept] if self._kept else []:
            Path(f"{old}.npz").unlink()
        return path


def latest_checkpoint(checkpoint_dir: Any, latest_filename: Any = None) -> str | None:
    """The newest checkpoint in a folder, `None` where there is none."""
    index = Path(checkpoint_dir) / (latest_filename or _INDEX)
    if not index.is_file():
        return None
    found = re.match(r'model_checkpoint_path: "([^"/\\]+)"', index.read_text(encoding="utf-8"))
    return str(index.parent / found[1]) if found else None


def _variables(item: Any) -> list[Any]:
    return [item] if isinstance(item, Variable) else list(item.variables)


def _numbered(prefix: Path) -> list[str]:
    found = {
        int(number[1]): str(path.with_suffix(""))
        for path in prefix.parent.glob(f"{prefix.name}-*.npz")
        if (number := re.fullmatch(rf"{re.escape(prefix.name)}-(\d+)\.npz", path.name))
    }
    return [found[number] for number in sorted(found)]
