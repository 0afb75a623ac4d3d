"""`tf.config`: one processor, no graphics cards."""

from __future__ import annotations

from typing import Any, NamedTuple


class PhysicalDevice(NamedTuple):
    """A device as TensorFlow describes it."""

    name: str
    device_type: str


_PROCESSOR = PhysicalDevice("/physical_device:CPU:0", "CPU")


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The processor; no other kind of device is used."""
    return [_PROCESSOR] if device_type in (None, "CPU") else []


list_logical_devices = get_visible_devices = list_physical_devices


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Nothing to do: everything runs at once."""


experimental_run_functions_eagerly = run_functions_eagerly


def set_visible_devices(devices: Any, device_type: Any = None) -> None:
    """Nothing to do: there is one device."""


def functions_run_eagerly() -> bool:
    """True, always."""
    return True


class _Threading:
    """`tf.config.threading`, over Leftfold's number of threads."""

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads: int) -> None:
        """How many threads a kernel may use; 0 for all."""
        from leftfold.engine import config

        if num_threads:
            config.set_threads(num_threads)

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads: int) -> None:
        """Nothing to do: kernels run one after the other."""

    @staticmethod
    def get_intra_op_parallelism_threads() -> int:
        """How many threads a kernel may use."""
        from leftfold.engine import config

        return config.threads()


class _Experimental:
    """`tf.config.experimental`."""

    list_physical_devices = staticmethod(list_physical_devices)

    @staticmethod
    def set_memory_growth(device: Any, enable: bool) -> None:
        """Nothing to do without graphics cards."""

    @staticmethod
    def enable_op_determinism() -> None:
        """Nothing to do: the same seed always gives the same bits."""


class _Optimizer:
    """`tf.config.optimizer`."""

    @staticmethod
    def set_jit(enabled: Any) -> None:
        """Nothing to do: kernels are compiled already."""


optimizer = _Optimizer()
threading = _Threading()
experimental = _Experimental()
