"""The modules behind a state dict, recognised by the names and shapes of their tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

_RECURRENT = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d+)(_reverse)?")
_GATES = {1: "simple_rnn", 3: "gru", 4: "lstm"}
_MODULE_NAMES = {"simple_rnn": "nn.RNN", "gru": "nn.GRU", "lstm": "nn.LSTM"}


class Module(NamedTuple):
    """One module of PyTorch."""

    prefix: str
    """Its name in the model; empty for a state dict of one module."""
    kind: str
    """`simple_rnn`, `gru`, `lstm`, `Embedding`, `Linear`, `LayerNorm`, `BatchNorm` or `Conv1d`."""
    tensors: dict[str, np.ndarray]
    """Its tensors by their own names, such as `weight_ih_l0`."""

    @property
    def title(self) -> str:
        """How to speak of it: `encoder (nn.LSTM)`."""
        name = _MODULE_NAMES.get(self.kind, f"nn.{self.kind}")
        return f"{self.prefix} ({name})" if self.prefix else name

    @property
    def depth(self) -> int:
        """The number of layers of a recurrent module."""
        return 1 + max(int(_RECURRENT.fullmatch(name).group(3)) for name in self.tensors)  # type: ignore[union-attr]

    @property
    def bidirectional(self) -> bool:
        return "weight_ih_l0_reverse" in self.tensors

    @property
    def recurrent(self) -> bool:
        return self.kind in _MODULE_NAMES

    @property
    def sizes(self) -> tuple[int | None, int]:
        """How many features it takes and gives; token ids, which have none, are `None`."""
        if self.recurrent:
            last = f"weight_hh_l{self.depth - 1}"
            gives = self.tensors[last].shape[1] * (1 + self.bidirectional)
            return self.tensors["weight_ih_l0"].shape[1], gives
        weight = self.tensors.get("weight", self.tensors.get("running_mean"))
        assert weight is not None
        if self.kind == "Embedding":
            return None, weight.shape[1]
        return weight.shape[0 if weight.ndim == 1 else 1], weight.shape[0]

    def tensor(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A tensor of the module.

        Raises:
            ValueError: when it is missing or has another shape.
        """
        if name not in self.tensors:
            raise ValueError(
                f"{self.title} expected a tensor {name} of shape {shape}, got none; there are "
                f"{', '.join(sorted(self.tensors))}."
            )
        found = self.tensors[name]
        if found.shape != shape:
            raise ValueError(
                f"{self.title} expected {name} to have shape {shape}, got {found.shape}."
            )
        return found


def modules_of(
    state: Mapping[str, np.ndarray], kinds: Mapping[str, str] | None = None
) -> dict[str, Module]:
    """The modules of a state dict by name.

    Args:
        state: tensors by name, such as `encoder.weight_ih_l0`.
        kinds: what to take the modules of these names for, where shapes cannot tell: a lone
            matrix is an `Embedding` if its name contains "emb", and otherwise a `Linear`.

    Raises:
        ValueError: when tensors belong to no module known here; it names them.
    """
    groups: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in state.items():
        prefix, _, own = name.rpartition(".")
        groups.setdefault(prefix, {})[own] = tensor
    kinds = kinds or {}
    unknown = sorted(set(kinds) - set(groups))
    if unknown:
        raise ValueError(f"kinds expected names of modules in the state dict, got {unknown[0]!r}.")
    return {
        prefix: Module(prefix, kinds.get(prefix) or _kind(prefix, tensors), tensors)
        for prefix, tensors in groups.items()
    }


def in_order(
    modules: Mapping[str, Module],
    state: Mapping[str, np.ndarray],
    order: Sequence[str] | None = None,
) -> list[Module]:
    """The modules of a state dict in the order in which they run.

    That is the order of the state dict, unless its names are sorted: safetensors files keep no
    order. Then numbered modules go by number, and others one behind the other as the one takes
    what the other gives, if that leaves no choice.

    Args:
        modules: as `modules_of` found them.
        state: the state dict.
        order: the names of all modules, where the order cannot be known.

    Raises:
        ValueError: when the order is open.
    """
    if order is not None:
        if sorted(order) != sorted(modules):
            raise ValueError(
                f"order expected the names of all modules ({', '.join(sorted(modules))}), got "
                f"{', '.join(order)}."
            )
        return [modules[prefix] for prefix in order]
    found = list(modules.values())
    if len(found) < 2 or not _is_sorted(state):
        return found
    numbered = [re.fullmatch(r"(|.*\.)(\d+)", module.prefix) for module in found]
    if all(numbered) and len({match.group(1) for match in numbered if match}) == 1:
        return sorted(found, key=lambda module: int(module.prefix.rpartition(".")[2]))
    chains = _chains(found)
    first, second = next(chains, None), next(chains, None)
    if first is None or second is not None:
        raise ValueError(
            "The order of the modules is lost, since the names are sorted, as safetensors files "
            f"have them, and does not follow from sizes: {', '.join(m.title for m in found)}. "
            "Say which goes where by name."
        )
    return first


def _is_sorted(state: Mapping[str, np.ndarray]) -> bool:
    """Whether names stand in alphabetical order within each type, as safetensors leaves them."""
    by_type: dict[str, list[str]] = {}
    for name, tensor in state.items():
        by_type.setdefault(tensor.dtype.name, []).append(name)
    return all(names == sorted(names) for names in by_type.values())


def _chains(modules: list[Module], gives: int | None = -1) -> Iterator[list[Module]]:
    """The orders in which every module takes as many features as the one before it gives."""
    if not modules:
        yield []
    for i, module in enumerate(modules):
        if gives == -1 or module.sizes[0] == gives:
            for rest in _chains(modules[:i] + modules[i + 1 :], module.sizes[1]):
                yield [module, *rest]


def _kind(prefix: str, tensors: Mapping[str, np.ndarray]) -> str:
    names = set(tensors)
    if all(_RECURRENT.fullmatch(name) for name in names):
        return _recurrent_kind(prefix, tensors)
    weight = tensors.get("weight")
    if weight is not None and names <= {"weight", "bias"}:
        if weight.ndim == 2:
            embeds = names == {"weight"} and "emb" in prefix.lower()
            return "Embedding" if embeds else "Linear"
        if weight.ndim in (1, 3):
            return "LayerNorm" if weight.ndim == 1 else "Conv1d"
    if names - {"weight", "bias", "num_batches_tracked"} == {"running_mean", "running_var"}:
        return "BatchNorm"
    raise ValueError(
        f"The state dict has tensors of no module known here (nn.RNN, nn.LSTM, nn.GRU, "
        f"nn.Embedding, nn.Linear, nn.LayerNorm, nn.BatchNorm1d, nn.Conv1d): "
        f"{', '.join(f'{prefix}.{name}' if prefix else name for name in sorted(names))}."
    )


def _recurrent_kind(prefix: str, tensors: Mapping[str, np.ndarray]) -> str:
    """Which of the three cells: from the height of a weight matrix, in units."""
    hidden = tensors.get("weight_hh_l0")
    if hidden is None or hidden.ndim != 2:
        raise ValueError(f"{prefix or 'The state dict'} expected a matrix weight_hh_l0, got none.")
    projection = tensors.get("weight_hr_l0")
    units = hidden.shape[1] if projection is None else projection.shape[-1]
    gates, rest = divmod(hidden.shape[0], units) if units else (0, 1)
    if rest or gates not in _GATES:
        raise ValueError(
            f"{prefix or 'The state dict'} expected weight_hh_l0 to have 1, 3 or 4 times as many "
            f"rows as the {units} units of its state, got shape {hidden.shape}."
        )
    return _GATES[gates]
