"""`keras.version`."""

from leftfold.interop.keras_names import VERSIONS


def version() -> str:
    """The version of Keras whose meaning Leftfold follows."""
    return VERSIONS["keras"]


__all__ = ["version"]
