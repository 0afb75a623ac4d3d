"""Weights of PyTorch modules, in and out, without PyTorch.

Example:
    >>> import leftfold
    >>> from leftfold.interop import torch
    >>> model = leftfold.Sequential([leftfold.Input((None, 3)), leftfold.layers.GRU(4)])
    >>> sorted(torch.state_dict(model, {"encoder": "gru"}))
    ['encoder.bias_hh_l0', 'encoder.bias_ih_l0', 'encoder.weight_hh_l0', 'encoder.weight_ih_l0']
"""

from leftfold.interop.torch.building import model_from_state
from leftfold.interop.torch.files import read_state, write_state
from leftfold.interop.torch.projected import ProjectedLSTMCell
from leftfold.interop.torch.states import load_state, state_dict

__all__ = [
    "ProjectedLSTMCell",
    "load_state",
    "model_from_state",
    "read_state",
    "state_dict",
    "write_state",
]
