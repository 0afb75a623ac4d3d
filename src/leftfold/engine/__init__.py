"""Tensors, the tape, symbolic tensors, randomness, workspaces, kernels: the ground floor."""

from leftfold.engine.primitive import primitive, unbroadcast
from leftfold.engine.recording import no_recording
from leftfold.engine.remat_scope import RematScope
from leftfold.engine.symbolic import KerasTensor
from leftfold.engine.tape import RowGradient, Tape
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import FlatBuffer, Variable

__all__ = [
    "FlatBuffer",
    "KerasTensor",
    "RematScope",
    "RowGradient",
    "Tape",
    "Tensor",
    "Variable",
    "no_recording",
    "primitive",
    "unbroadcast",
]
