"""What `compile` was given, matched to the outputs of the model: losses and their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from leftfold import losses as losses_module
from leftfold.engine import Tensor
from leftfold.losses import Loss, LossFunctionWrapper
from leftfold.metrics import Mean


def output_names(y_pred: Any, declared: Sequence[str] | None) -> list[str]:
    """What the outputs of a model are called, in its own order.

    Args:
        y_pred: what the model returned: a tensor, a list or a dictionary of tensors.
        declared: the names that a functional model gives them.
    """
    if isinstance(y_pred, Mapping):
        if declared is not None and set(declared) == set(y_pred):
            return list(declared)
        return sorted(y_pred)
    count = len(y_pred) if isinstance(y_pred, list | tuple) else 1
    if declared is not None and len(declared) == count:
        return list(declared)
    return ["output"] if count == 1 else [f"output_{index + 1}" for index in range(count)]


def per_output(argument: str, value: Any, names: list[str], used: list[str] | None = None) -> list:
    """`value` as one entry for each output, `None` where it has none.

    Args:
        argument: what the user calls it, for messages.
        value: one entry, a list of entries or a dictionary by output name.
        names: the outputs.
        used: the outputs for which an entry is needed; a list may hold just theirs.
    """
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in names]
        if unknown:
            raise ValueError(
                f"{argument} expected keys out of the model's outputs {', '.join(names)}, got "
                f"{', '.join(map(repr, unknown))}."
            )
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        if len(value) == len(names):
            return list(value)
        if used is not None and len(value) == len(used):
            given = iter(value)
            return [next(given) if name in used else None for name in names]
        raise ValueError(
            f"{argument} expected one entry for each of the model's outputs ({', '.join(names)}), "
            f"got {len(value)} entries."
        )
    if len(names) == 1:
        return [value]
    if used is not None and len(used) == 1:
        return [value if name in used else None for name in names]
    raise ValueError(
        f"{argument} expected one entry for each of the model's outputs ({', '.join(names)}), got "
        "a single one."
    )


def is_binary_or_sparse(y_true: Any, y_pred: Any) -> tuple[bool, bool]:
    """Which kind of classification the shapes of targets and predictions speak of.

    Returns:
        Whether there is one probability per row; whether targets are class numbers.
    """
    true, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    sparse = len(true) < len(predicted) or (true[-1] == 1 and predicted[-1] > 1)
    return predicted[-1] == 1, sparse


def get_loss(identifier: Any, y_true: Any, y_pred: Any) -> Loss | None:
    """The loss object for what the user gave for one output."""
    if identifier is None:
        return None
    found = identifier = _unwrapped(identifier)
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        binary, sparse = is_binary_or_sparse(y_true, y_pred)
        kind = "binary" if binary else "sparse_categorical" if sparse else "categorical"
        found = losses_module.get(f"{kind}_crossentropy")
    elif not isinstance(identifier, Loss):
        found = losses_module.get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", None)
    return LossFunctionWrapper(found, name=name)


class LossMean(Mean):
    """The mean of a loss over rows, given batch by batch."""

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take one batch into account: its loss, and how many rows it has."""
        if sample_weight is None or isinstance(sample_weight, int):
            rows = 1 if sample_weight is None else sample_weight
            self._add_totals(float(values) * rows, rows)
        else:
            super().update_state(values, sample_weight)


class OutputLoss(NamedTuple):
    """The loss of one output: which output, how it is computed, its weight, its running mean."""

    output: int
    loss: Loss
    weight: float | None
    tracker: LossMean | None


class CompiledLoss:
    """The losses of all outputs, added up with their weights.

    Args:
        loss: a loss for every output, a list or a dictionary with one for each (`None`: none).
        loss_weights: numbers in the same form; 1 by default.
        names: what a functional model calls its outputs.
    """

    def __init__(
        self, loss: Any, loss_weights: Any = None, names: Sequence[str] | None = None
    ) -> None:
        self.identifier = loss
        self.loss_weights = loss_weights
        self.declared_names = names
        self.names: list[str] = []
        self.used: list[str] = []
        self.losses: list[OutputLoss] = []
        self.built = False
        for identifier in _identifiers(loss):
            get_early(identifier)

    @property
    def metrics(self) -> list[LossMean]:
        """The running mean of each loss, if there are several."""
        return [entry.tracker for entry in self.losses if entry.tracker is not None]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match the losses with the outputs, by a first batch."""
        self.names = names = output_names(y_pred, self.declared_names)
        given = self.identifier
        if not isinstance(given, list | tuple | Mapping):
            given = [given] * len(names)
        identifiers = per_output("loss", given, names)
        weights = per_output("loss_weights", self._weights(names), names)
        self.used = [n for n, i in zip(names, identifiers, strict=True) if i is not None]
        predictions = per_output("y_pred", y_pred, names)
        targets = per_output("y", y_true, names, self.used)
        self.losses = []
        for index, name in enumerate(names):
            loss = get_loss(identifiers[index], targets[index], predictions[index])
            if loss is not None:
                tracker = LossMean(name=f"{name}_loss") if len(self.used) > 1 else None
                self.losses.append(OutputLoss(index, loss, weights[index], tracker))
        if isinstance(y_pred, Mapping) and isinstance(given, Mapping):
            order = list(given)  # as in Keras, they are told in the order of the losses
            self.losses.sort(key=lambda entry: order.index(names[entry.output]))
        self.built = True

    def _weights(self, names: list[str]) -> Any:
        weights = self.loss_weights
        return [weights] * len(names) if isinstance(weights, int | float | None) else weights

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The total loss of one batch."""
        if not self.built:
            self.build(y_true, y_pred)
        predictions = per_output("y_pred", y_pred, self.names)
        targets = per_output("y", y_true, self.names, self.used)
        if isinstance(sample_weight, list | tuple | Mapping):
            weights = per_output("sample_weight", sample_weight, self.names, self.used)
        else:
            weights = [sample_weight] * len(self.names)
        total: Any = None
        for index, loss, weight, tracker in self.losses:
            if targets[index] is None:
                name = self.names[index]
                raise ValueError(f"y expected targets for the output {name}, got None.")
            value = loss(targets[index], predictions[index], weights[index])
            if tracker is not None:
                tracker.update_state(value, sample_weight=predictions[index].shape[0])
            if weight is not None and weight != 1:
                value = value * weight
            total = value if total is None else total + value
        return total


def _identifiers(loss: Any) -> list[Any]:
    if isinstance(loss, Mapping):
        return [_unwrapped(each) for each in loss.values()]
    if not isinstance(loss, list | tuple):
        return [loss]
    return [_unwrapped(each) for each in loss]


def _unwrapped(identifier: Any) -> Any:
    """What a list of one loss, which may stand for an output's loss, has in it."""
    while isinstance(identifier, list | tuple) and len(identifier) == 1:
        identifier = identifier[0]
    return identifier


def get_early(identifier: Any) -> None:
    """Resolve a name at once, so that an unknown one is refused by `compile`, not by `fit`."""
    if isinstance(identifier, str) and identifier.lower() not in ("crossentropy", "ce"):
        losses_module.get(identifier)
