"""The state of an optimiser from files of Keras 2, which count and order it in other ways."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from leftfold.engine.variable import Variable
from leftfold.optimizers import Nadam, Optimizer

_SLOTS = {
    "m": ("momentum",),
    "v": ("velocity", "norm"),
    "u": ("norm",),
    "vhat": ("velocity_hat",),
    "rms": ("velocity",),
    "mg": ("average_gradient",),
} | {
    name: (name,)
    for name in (
        "momentum",
        "velocity",
        "average_gradient",
        "accumulator",
        "accumulated_grad",
        "accumulated_delta_var",
        "average",
    )
}
"""What Keras 2 called the state beside each variable, and what Keras 3 calls it."""

Stored = tuple[str, tuple[int, ...], Callable[[], np.ndarray]]
"""An array in a file: its name (empty if it has none), its shape, and how to read it."""


def read_state_of_keras2(optimizer: Optimizer, stored: Sequence[Stored], where: str) -> None:
    """Give an optimiser the state that one of Keras 2 had; with a warning, none if it cannot be.

    Args:
        optimizer: built for the model's variables.
        stored: the number of steps first, then what is kept for each variable. Names tell what
            is what; without them it is in the order of Keras 3.
        where: which optimiser of which file, for the warning.
    """
    if not stored:
        return
    (_, shape, read), *rest = stored
    slots = [variables for variables in _slots(optimizer).values() if variables]
    plan = _by_name(optimizer, rest) if stored[0][0] else _by_order(optimizer, rest)
    fits = all(variable.shape == shape for variable, shape, _ in plan)
    if shape != () or not fits or len(plan) != sum(map(len, slots)):
        warnings.warn(
            f"The state of the optimizer {optimizer.name} was not loaded: what is stored for "
            f"{where} does not fit it. Training begins anew.",
            stacklevel=4,
        )
        return
    optimizer._iterations.assign(read())
    for variable, _, values in plan:
        variable.assign(values())
    if isinstance(optimizer, Nadam):
        optimizer.restore_schedule()


def _slots(optimizer: Optimizer) -> dict[str, tuple[Variable, ...]]:
    return {name: buffer.variables for name, buffer in optimizer._slots.items()}


def variables_as_stored(optimizer: Optimizer, shapes: Sequence[tuple[int, ...]]) -> list[Variable]:
    """The variables of an optimiser in the order in which a file of Keras 3 has them.

    Args:
        optimizer: built for the model's variables.
        shapes: of the arrays in the file.
    """
    variables = optimizer.variables
    if isinstance(optimizer, Nadam) and [v.shape for v in variables] != list(shapes):
        # Until Keras 3.6 what all variables share came before what each has.
        *others, product = variables
        first = sum(not variable.shape for variable in others[:2])
        return [*others[:first], product, *others[first:]]
    return variables


Plan = list[tuple[Variable, tuple[int, ...], Callable[[], np.ndarray]]]


def _by_order(optimizer: Optimizer, stored: Sequence[Stored]) -> Plan:
    kept = {id(variable) for slot in _slots(optimizer).values() for variable in slot}
    ours = [variable for variable in optimizer.variables if id(variable) in kept]
    if len(ours) > len(stored):
        return []
    return [(variable, *each[1:]) for variable, each in zip(ours, stored, strict=False)]


def _by_name(optimizer: Optimizer, stored: Sequence[Stored]) -> Plan:
    """`Adam/m/dense/kernel:0` of later, `Adam/dense/kernel/m:0` of earlier versions."""
    places: dict[str, list[Stored]] = defaultdict(list)
    for each in stored:
        parts = each[0].split(":")[0].split("/")
        later = len(parts) > 2 and parts[1] in _SLOTS
        places[parts[1] if later else parts[-1]].append(each)
    plan: Plan = []
    for name, variables in _slots(optimizer).items():
        found = next(
            (places[old] for old, new in _SLOTS.items() if name in new and old in places), []
        )
        if len(found) == len(variables):
            plan.extend((v, *each[1:]) for v, each in zip(variables, found, strict=True))
    return plan
