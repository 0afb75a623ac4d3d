"""Where the names of Keras and TensorFlow live in Leftfold."""

from __future__ import annotations

import difflib

from leftfold.interop import keras_missing, keras_sources

ROOTS = ("keras", "tensorflow", "tf_keras", "keras_preprocessing")
"""Packages whose imports are answered."""

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0"}
"""The versions whose meaning Leftfold follows, for scripts that ask."""

MODULES: dict[str, tuple[str, ...]] = {
    "keras": ("leftfold", "leftfold.interop.keras_version", "leftfold.interop.keras_scopes"),
    "keras.activations": ("leftfold.activations",),
    "keras.backend": (
        "leftfold.interop.keras_backend",
        "leftfold.interop.keras_ctc",
        "leftfold.backend",
        "leftfold.ops",
    ),
    "keras.callbacks": ("leftfold.callbacks",),
    "keras.config": ("leftfold.config",),
    "keras.constraints": ("leftfold.constraints",),
    "keras.datasets": ("leftfold.datasets",),
    "keras.datasets.imdb": ("leftfold.datasets.imdb",),
    "keras.datasets.reuters": ("leftfold.datasets.reuters",),
    "keras.dtype_policies": ("leftfold.dtype_policies",),
    "keras.engine": ("leftfold.layers", "leftfold.models"),
    "keras.initializers": ("leftfold.initializers",),
    "keras.layers": ("leftfold.layers", "leftfold.interop.keras_legacy"),
    "keras.layers.experimental": ("leftfold.layers",),
    "keras.layers.experimental.preprocessing": ("leftfold.layers",),
    "keras.legacy": (),
    "keras.legacy.saving": ("leftfold.saving",),
    "keras.losses": ("leftfold.losses", "leftfold.interop.keras_legacy"),
    "keras.metrics": ("leftfold.metrics",),
    "keras.mixed_precision": ("leftfold.dtype_policies",),
    "keras.models": ("leftfold.models",),
    "keras.ops": ("leftfold.ops",),
    "keras.ops.linalg": ("leftfold.ops",),
    "keras.ops.nn": ("leftfold.ops",),
    "keras.ops.numpy": ("leftfold.ops",),
    "keras.optimizers": ("leftfold.optimizers",),
    "keras.optimizers.legacy": ("leftfold.optimizers",),
    "keras.optimizers.schedules": ("leftfold.optimizers.schedules",),
    "keras.preprocessing": (
        "leftfold.preprocessing",
        "leftfold.preprocessing.series",
        "leftfold.preprocessing.text_files",
    ),
    "keras.preprocessing.sequence": ("leftfold.preprocessing.sequence",),
    "keras.preprocessing.text": ("leftfold.preprocessing.text",),
    "keras.random": ("leftfold.random",),
    "keras.regularizers": ("leftfold.regularizers",),
    "keras.saving": ("leftfold.saving",),
    "keras.tree": ("leftfold.interop.keras_tree",),
    "keras.utils": ("leftfold.utils",),
    "keras.utils.legacy": ("leftfold.saving",),
    "keras.wrappers": ("leftfold.interop.keras_wrappers",),
    "tensorflow": ("leftfold.interop.tensorflow",),
    "tensorflow.autograph": ("leftfold.interop.tensorflow.logs",),
    "tensorflow.config": ("leftfold.interop.tensorflow.config",),
    "tensorflow.compat": ("leftfold.interop.tensorflow",),
    "tensorflow.compat.v1": ("leftfold.interop.tensorflow",),
    "tensorflow.compat.v1.logging": ("leftfold.interop.tensorflow.logs",),
    "tensorflow.compat.v2": ("leftfold.interop.tensorflow",),
    "tensorflow.data": ("leftfold.interop.tensorflow.data",),
    "tensorflow.debugging": ("leftfold.interop.tensorflow.debugging",),
    "tensorflow.initializers": ("leftfold.initializers",),
    "tensorflow.keras": (
        "leftfold",
        "leftfold.interop.keras_version",
        "leftfold.interop.keras_scopes",
    ),
    "tensorflow.losses": ("leftfold.losses",),
    "tensorflow.metrics": ("leftfold.metrics",),
    "tensorflow.math": ("leftfold.interop.tensorflow.math", "leftfold.interop.tensorflow"),
    "tensorflow.nn": ("leftfold.interop.tensorflow.nn",),
    "tensorflow.linalg": ("leftfold.interop.tensorflow.linalg",),
    "tensorflow.logging": ("leftfold.interop.tensorflow.logs",),
    "tensorflow.lookup": ("leftfold.interop.tensorflow.lookup",),
    "tensorflow.nest": ("leftfold.interop.keras_tree",),
    "tensorflow.optimizers": ("leftfold.optimizers",),
    "tensorflow.optimizers.schedules": ("leftfold.optimizers.schedules",),
    "tensorflow.python": ("leftfold.interop.tensorflow",),
    "tensorflow.ragged": ("leftfold.interop.tensorflow.ragged",),
    "tensorflow.random": ("leftfold.interop.tensorflow.random",),
    "tensorflow.sparse": ("leftfold.interop.tensorflow.sparse",),
    "tensorflow.summary": ("leftfold.interop.tensorflow.summary",),
    "tensorflow.test": ("leftfold.interop.tensorflow.test",),
    "tensorflow.train": ("leftfold.interop.tensorflow.train",),
    "tensorflow.strings": ("leftfold.interop.tensorflow.strings",),
}
"""The modules of Leftfold whose names a module of Keras or TensorFlow shows, in order."""

_PREFIXES = (
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tf_keras", "keras"),
    ("keras_preprocessing", "keras.preprocessing"),
    ("keras._tf_keras.keras", "keras"),
    ("keras.api._v2.keras", "keras"),
    ("keras.api._v1.keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
)
"""Other places where Keras has been, the longest first."""

MOVED = {
    "keras.layers.preprocessing": "keras.layers",
    "keras.optimizer_v1": "keras.optimizers",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.legacy.preprocessing": "keras.preprocessing",
    "keras.utils.np_utils": "keras.utils",
    "keras.backend.config": "keras.config",
    "keras.trainers.data_adapters": "keras.utils",
    "keras.trainers": "keras.models",
    "keras.wrappers.scikit_learn": "keras.wrappers",
}

_DEEP = (*sorted(keras_sources.HOMES, key=len, reverse=True), "keras.engine")
"""Modules whose inner modules (`keras.layers.recurrent`) show all names of the outer one."""

OTHER_NAMES = {
    "keras.layers.CuDNNGRU": "GRU",
    "keras.layers.CuDNNLSTM": "LSTM",
    "keras.models.Input": "Input",
    **{f"keras.losses.{name}": name.lower() for name in ("KLD", "MAE", "MAPE", "MSE", "MSLE")},
    **{
        f"keras.metrics.{name}": function
        for function, names in (
            ("kl_divergence", ("KLD", "kld", "kullback_leibler_divergence")),
            ("log_cosh", ("logcosh",)),
            ("mean_absolute_error", ("MAE", "mae")),
            ("mean_absolute_percentage_error", ("MAPE", "mape")),
            ("mean_squared_error", ("MSE", "mse")),
            ("mean_squared_logarithmic_error", ("MSLE", "msle")),
        )
        for name in names
    },
}
"""Names that something else has here."""


def canonical(name: str) -> str:
    """`tensorflow.keras.layers` and the like as `keras.layers`."""
    for prefix, home in _PREFIXES:
        if name == prefix or name.startswith(f"{prefix}."):
            name = home + name[len(prefix) :]
            break
    for old, new in MOVED.items():
        if name == old or name.startswith(f"{old}."):
            return new
    return name


def home_of(name: str) -> str | None:
    """The key of `MODULES` that answers for a module, `None` if there is none."""
    home = canonical(name)
    if home in MODULES:
        return home
    if keras_missing.is_missing(home):
        return None
    for outer in _DEEP:
        if home.startswith(f"{outer}."):
            return outer
    if home.startswith("tensorflow.python."):
        return "tensorflow"
    return None


def is_source(name: str) -> bool:
    """Whether a module lies where Keras has its source, such as `keras.src.layers`."""
    return name.startswith(("keras.src.", "tensorflow.python.keras."))


def is_class_of_keras(home: str) -> bool:
    """Whether a missing name is known as a class that Keras has."""
    home = canonical(home)
    is_class = home.rpartition(".")[2][:1].isupper()
    return home.startswith("keras.") and is_class and keras_missing.reason(home) is not None


def explain(asked: str, home: str, known: list[str]) -> str:
    """Why a name is missing, in one line.

    Args:
        asked: as the script has it, such as `"tensorflow.keras.layers.Conv2D"`.
        home: the same in the table's terms.
        known: the names that are there.
    """
    home = canonical(home)
    reason = keras_missing.reason(home)
    if reason is not None:
        return f"Leftfold has no {asked}: {reason}."
    near = difflib.get_close_matches(home.rpartition(".")[2], known, n=1)
    advice = f"did you mean {near[0]}?" if near else "docs/keras.md lists what it has."
    return f"Leftfold has no {asked}: {advice}"
