"""Randomness by seed: everything random comes from here and follows `set_random_seed`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from leftfold.engine.naming import auto_name
from leftfold.engine.recording import active
from leftfold.engine.variable import Variable

_MASK = 0xFFFFFFFF

_session = {"seed": int.from_bytes(random.randbytes(4), "little"), "drawn": 0}
_notes: list[dict[int, tuple[SeedGenerator, int]]] = []
"""For each `noting_draws` that is open, the generators used and their counts before."""


def set_random_seed(seed: int) -> None:
    """Fix Python's, NumPy's and Leftfold's randomness, so that a run can be repeated.

    Example:
        >>> import leftfold
        >>> leftfold.utils.set_random_seed(812)
    """
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed expected an integer from 0 to 2**32 - 1, got {seed!r}.")
    random.seed(seed)
    np.random.seed(seed)
    _session["seed"] = int(seed)
    _session["drawn"] = 0


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside the block, all randomness follows from `seed`; behind it, all goes on as before.

    Example:
        >>> with seeded(1):
        ...     first = fresh_seed()
        >>> with seeded(1):
        ...     fresh_seed() == first
        True
    """
    python, numpy, session = random.getstate(), np.random.get_state(), dict(_session)
    try:
        set_random_seed(seed)
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        _session.update(session)


def fresh_seed() -> int:
    """A new 32-bit seed from the session's own sequence."""
    _session["drawn"] += 1
    words = np.random.SeedSequence((_session["seed"], _session["drawn"])).generate_state(1)
    return int(words[0])


class Key(tuple):
    """Two 32-bit words that fix random numbers, and the generator they are from."""

    generator: SeedGenerator


class SeedGenerator:
    """A sequence of seeds: each call of `next()` gives a new key, the same ones for one seed.

    Args:
        seed: an integer, or `None` for one from the session's sequence.
        name: unique by default.

    Attributes:
        state: a variable of two numbers, the seed and how many keys were given. A layer that
            has a generator shows it among its `variables`, but not among its `weights`.
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        if isinstance(seed, SeedGenerator):
            seed = seed.seed
        if seed is not None and (not isinstance(seed, int | np.integer) or seed < 0):
            raise ValueError(f"seed expected a non-negative integer or None, got {seed!r}.")
        self.initial_seed = None if seed is None else int(seed)
        self.seed = fresh_seed() if seed is None else int(seed)
        self.name = name or auto_name("seed_generator")
        self.state = Variable(
            np.array((self.seed & _MASK, 0), np.uint32),
            trainable=False,
            name="seed_generator_state",
            path=f"{self.name}/seed_generator_state",
        )

    @property
    def count(self) -> int:
        """How many keys were given."""
        return int(self.state.data[1])

    @count.setter
    def count(self, value: int) -> None:
        self.state.data[1] = value & _MASK

    def next(self) -> Key:
        """The next key: `(seed, count)`, two 32-bit words."""
        for note in _notes:
            note.setdefault(id(self), (self, self.count))
        words = self.state.data.tolist()
        self.count = words[1] + 1
        key = Key(words)
        key.generator = self
        if active.trace is not None:
            active.trace.drawn.append(key)
        return key

    def generator(self) -> np.random.Generator:
        """A NumPy generator for the next key."""
        return np.random.Generator(np.random.Philox(key=list(self.next())))

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.initial_seed, "name": self.name}


def as_generator(seed: int | SeedGenerator | None) -> np.random.Generator:
    """A NumPy generator for an integer seed, a `SeedGenerator` (its next key) or `None`."""
    if not isinstance(seed, SeedGenerator):
        seed = SeedGenerator(seed)
    return seed.generator()


class Draws:
    """Which random numbers a piece of code drew, so that it can draw them again."""

    def __init__(self) -> None:
        self.session = dict(_session)
        self.generators: dict[int, tuple[SeedGenerator, int]] = {}


@contextmanager
def noting_draws() -> Iterator[Draws]:
    """A `with` block whose random numbers are noted in the `Draws` it gives."""
    draws = Draws()
    _notes.append(draws.generators)
    try:
        yield draws
    finally:
        _notes.remove(draws.generators)


@contextmanager
def repeating_draws(draws: Draws) -> Iterator[None]:
    """A `with` block that draws the noted numbers again; afterwards all is as it was before."""
    session = dict(_session)
    counts = [(generator, generator.count) for generator, _ in draws.generators.values()]
    _session.update(draws.session)
    for generator, count in draws.generators.values():
        generator.count = count
    try:
        yield
    finally:
        _session.update(session)
        for generator, count in counts:
            generator.count = count
