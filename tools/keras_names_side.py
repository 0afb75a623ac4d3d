"""The public names of the Keras that is installed; runs in its environment."""

import importlib
import types


def listing():
    """Every public namespace of Keras with its names, and those that only `tf.keras` shows.

    Returns:
        The version, and for each namespace its names in order.
    """
    import keras

    found = {}
    for root in ("keras._tf_keras.keras", "keras"):
        _walk(importlib.import_module(root), root, "keras", found)
    return {
        "keras": keras.__version__,
        "names": {space: sorted(names) for space, names in sorted(found.items())},
    }


def _walk(module, place, space, found):
    names = [name for name in dir(module) if not name.startswith("_") and name != "src"]
    found.setdefault(space, set()).update(names)
    for name in names:
        inner = getattr(module, name)
        if isinstance(inner, types.ModuleType) and inner.__name__ == f"{place}.{name}":
            _walk(inner, inner.__name__, f"{space}.{name}", found)
