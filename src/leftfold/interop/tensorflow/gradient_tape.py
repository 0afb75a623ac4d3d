"""`tf.GradientTape` over Leftfold's tape."""

from __future__ import annotations

from typing import Any

from leftfold.engine import Tape, Tensor, no_recording
from leftfold.engine.recording import recording
from leftfold.engine.symbolic import leaves, map_structure


class GradientTape:
    """Records what happens to variables and watched tensors, for their gradients.

    Args:
        persistent: whether gradients may be asked for more than once.
        watch_accessed_variables: accepted as in TensorFlow; variables are always followed.

    Example:
        >>> from leftfold.engine import Variable
        >>> x = Variable(3.0)
        >>> with GradientTape() as tape:
        ...     y = x * x
        >>> tape.gradient(y, x).item()
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self._tape = Tape()
        self._used = False

    def __enter__(self) -> GradientTape:
        self._tape.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._tape.__exit__(*error)

    def watch(self, tensor: Any) -> None:
        """Follow a tensor, or all tensors of a structure.

        Raises:
            TypeError: for anything but tensors of floating-point numbers.
        """
        for leaf in leaves(tensor):
            if not isinstance(leaf, Tensor) or leaf.data.dtype.kind != "f":
                raise TypeError(
                    f"GradientTape.watch expected tensors of floats, got {type(leaf).__name__}: "
                    "make one with tf.constant."
                )
            leaf.tracked = True

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = "none",
    ) -> Any:
        """The gradient of `target`, summed, by each of `sources`, in their structure.

        Args:
            target: a tensor, or several, whose sum is meant.
            sources: variables or watched tensors.
            output_gradients: weights of the elements of a single target.
            unconnected_gradients: `"none"` or `"zero"`, for sources it does not depend on.

        Raises:
            RuntimeError: when asked twice of a tape that is not persistent.
            NotImplementedError: for gradients of gradients.
        """
        if self._used and not self.persistent:
            raise RuntimeError(
                "A GradientTape gives gradients once; make it with persistent=True for more."
            )
        self._used = True
        inside = self._tape_runs()
        if recording() and not (inside and self._runs_alone()):
            raise NotImplementedError(
                "Leftfold has no gradients of gradients: leave the outer GradientTape first."
            )
        listed = list(leaves(sources))
        totals: dict[int, Any] = {}
        with no_recording():
            for one in leaves(target):
                weights = None if output_gradients is None else _array(output_gradients)
                found = self._tape.gradient(one, listed, weights)
                for source, gradient in zip(listed, found, strict=True):
                    if gradient is not None:
                        known = totals.get(id(source))
                        totals[id(source)] = gradient if known is None else known + gradient
        zero = getattr(unconnected_gradients, "value", unconnected_gradients) == "zero"

        def result(source: Any) -> Any:
            gradient = totals.get(id(source))
            if gradient is None:
                return Tensor(0 * source.data) if zero else None
            return Tensor(gradient)

        return map_structure(result, sources)

    def reset(self) -> None:
        """Forget what was recorded."""
        self._tape.steps.clear()

    def stop_recording(self) -> no_recording:
        """A `with` block inside which nothing is recorded."""
        return no_recording()

    def watched_variables(self) -> list[Any]:
        """The variables that were read."""
        read = [tensor for step in self._tape.steps for tensor in step[0]]
        variables = {id(tensor): tensor for tensor in read if hasattr(tensor, "assign")}
        return list(variables.values())

    def _tape_runs(self) -> bool:
        from leftfold.engine.recording import active

        return self._tape in active.tapes

    def _runs_alone(self) -> bool:
        from leftfold.engine.recording import active

        return active.tapes == [self._tape]


def _array(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value
