"""`tf.summary`: numbers for TensorBoard."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from leftfold.callbacks.event_file import EventFile

__all__ = ["create_file_writer", "scalar"]

_writers: list[SummaryWriter] = []


class SummaryWriter:
    """Writes numbers into a folder, see `create_file_writer`."""

    def __init__(self, folder: Any) -> None:
        self.file = EventFile(folder)

    @contextlib.contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """Let `scalar` write here."""
        _writers.append(self)
        try:
            yield self
        finally:
            _writers.pop()

    def flush(self) -> None:
        """Nothing to do: every number is written at once."""

    def close(self) -> None:
        """Finish the file."""
        self.file.close()


def create_file_writer(logdir: Any, **options: Any) -> SummaryWriter:
    """A writer of numbers into a folder that TensorBoard shows."""
    return SummaryWriter(logdir)


def scalar(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """Write a number with the writer in charge; without one, nothing happens, as in TensorFlow."""
    if not _writers:
        return False
    if step is None:
        raise ValueError("tf.summary.scalar expected a step, got none.")
    _writers[-1].file.add(name, float(data), int(step))
    return True
