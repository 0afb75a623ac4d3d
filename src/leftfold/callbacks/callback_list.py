"""Many callbacks as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leftfold.callbacks.callback import Callback, Logs
from leftfold.callbacks.history import History
from leftfold.engine.symbolic import leaves

_HOOKS = [name for name in vars(Callback) if name.startswith("on_")]
_SPOKEN_BY = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
"""Hooks that by default call another one."""


class CallbackList(Callback):
    """Passes every call on to each of several callbacks, in their order.

    A hook that a callback does not define costs nothing.

    Args:
        callbacks: the callbacks, also in nested lists.
        add_history: whether to append a `History` if there is none.
        add_progbar: accepted for Keras; the model reports its own progress.
        model: the model that runs.
        **params: what callbacks are told about the run: `epochs`, `steps`, `verbose`.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = [] if callbacks is None else list(leaves(callbacks))
        for callback in self.callbacks:
            if isinstance(callback, type) or not hasattr(callback, "set_model"):
                raise ValueError(f"callbacks expected instances of Callback, got {callback!r}.")
        histories = [c for c in self.callbacks if isinstance(c, History)]
        if add_history and not histories:
            histories = [History()]
            self.callbacks += histories
        self._history = histories[-1] if histories else None
        self._listen()
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)
        self._listen()

    def _listen(self) -> None:
        """Find out who defines which hook."""
        self._listeners: dict[str, list[Callable[..., Any]]] = {
            hook: [getattr(c, hook) for c in self.callbacks if _defines(c, hook)] for hook in _HOOKS
        }

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: Mapping[str, Any] | None) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def _tell(self, hook: str, *args: Any) -> None:
        for listener in self._listeners[hook]:
            listener(*args)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._tell("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs = None) -> None:
        self._tell("on_train_end", logs or {})

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._tell("on_epoch_begin", epoch, {} if logs is None else logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._tell("on_epoch_end", epoch, {} if logs is None else logs)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_train_batch_begin", batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_train_batch_end", batch, logs or {})

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_batch_begin", batch, logs or {})

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_batch_end", batch, logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        self._tell("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs = None) -> None:
        self._tell("on_test_end", logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_test_batch_end", batch, logs or {})

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._tell("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs = None) -> None:
        self._tell("on_predict_end", logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._tell("on_predict_batch_end", batch, logs or {})


def _defines(callback: Any, hook: str) -> bool:
    """Whether calling `hook` does anything, so that it must be called."""
    own = getattr(callback, hook, None)
    if own is None:
        return False
    if getattr(own, "__func__", own) is not getattr(Callback, hook):
        return True
    return hook in _SPOKEN_BY and _defines(callback, _SPOKEN_BY[hook])
