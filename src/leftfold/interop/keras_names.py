"""Where the names of Keras and TensorFlow live in Leftfold, and what to use for those it lacks."""

from __future__ import annotations

import difflib

ROOTS = ("keras", "tensorflow", "tf_keras", "keras_preprocessing")
"""Packages whose imports are answered."""

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0"}
"""The versions whose meaning Leftfold follows, for scripts that ask."""

MODULES: dict[str, tuple[str, ...]] = {
    "keras": ("leftfold", "leftfold.interop.keras_version", "leftfold.interop.keras_scopes"),
    "keras.activations": ("leftfold.activations",),
    "keras.backend": ("leftfold.interop.keras_backend", "leftfold.backend", "leftfold.ops"),
    "keras.callbacks": ("leftfold.callbacks",),
    "keras.config": ("leftfold.config",),
    "keras.constraints": ("leftfold.constraints",),
    "keras.datasets": ("leftfold.datasets",),
    "keras.datasets.imdb": ("leftfold.datasets.imdb",),
    "keras.datasets.reuters": ("leftfold.datasets.reuters",),
    "keras.dtype_policies": ("leftfold.dtype_policies",),
    "keras.engine": ("leftfold.layers", "leftfold.models"),
    "keras.initializers": ("leftfold.initializers",),
    "keras.layers": ("leftfold.layers",),
    "keras.losses": ("leftfold.losses",),
    "keras.metrics": ("leftfold.metrics",),
    "keras.mixed_precision": ("leftfold.dtype_policies",),
    "keras.models": ("leftfold.models",),
    "keras.ops": ("leftfold.ops",),
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
    "tensorflow": ("leftfold.interop.tensorflow",),
    "tensorflow.config": ("leftfold.interop.tensorflow.config",),
    "tensorflow.compat": ("leftfold.interop.tensorflow",),
    "tensorflow.compat.v1": ("leftfold.interop.tensorflow",),
    "tensorflow.compat.v2": ("leftfold.interop.tensorflow",),
    "tensorflow.data": ("leftfold.interop.tensorflow.data",),
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
    "tensorflow.linalg": ("leftfold.interop.tensorflow.math", "leftfold.interop.tensorflow"),
    "tensorflow.optimizers": ("leftfold.optimizers",),
    "tensorflow.optimizers.schedules": ("leftfold.optimizers.schedules",),
    "tensorflow.python": ("leftfold.interop.tensorflow",),
    "tensorflow.random": ("leftfold.interop.tensorflow.random",),
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

_MOVED = {
    "keras.layers.preprocessing": "keras.layers",
    "keras.optimizer_v1": "keras.optimizers",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.legacy.preprocessing": "keras.preprocessing",
    "keras.utils.np_utils": "keras.utils",
    "keras.trainers": "keras.models",
}

_DEEP = (
    *("keras.layers", "keras.engine", "keras.models", "keras.optimizers", "keras.utils"),
    *("keras.callbacks", "keras.losses", "keras.metrics", "keras.initializers", "keras.saving"),
    *("keras.regularizers", "keras.backend", "keras.ops", "keras.constraints"),
)
"""Modules whose inner modules (`keras.layers.recurrent`) show all names of the outer one."""

OTHER_NAMES = {
    "keras.layers.CuDNNGRU": "GRU",
    "keras.layers.CuDNNLSTM": "LSTM",
    "keras.models.Input": "Input",
}
"""Names that something else has here."""

_INSTEAD = {
    "keras.applications": "image models: Leftfold is for sequences",
    "keras.callbacks.TensorBoard": "leftfold.callbacks.CSVLogger writes the same numbers to a file",
    "keras.distribution": "training uses every processor of this machine by itself",
    "keras.preprocessing.image": "images: Leftfold is for sequences",
    "keras.wrappers": "leftfold.tasks has estimators in scikit-learn's manner",
    "tensorflow.distribute": "training uses every processor of this machine by itself",
    "tensorflow.estimator": "use keras.Model, or the estimators of leftfold.tasks",
    "tensorflow.lite": "save the model as .keras",
    "tensorflow.Session": "nothing is traced: call functions directly",
    "tensorflow.placeholder": "nothing is traced: use keras.Input, or call functions directly",
    "tensorflow.saved_model": "save the model as .keras",
    "tensorflow.summary": "leftfold.callbacks.CSVLogger writes the numbers of training to a file",
    "tensorflow.train": "use keras.optimizers and keras.callbacks.ModelCheckpoint",
}
_VISION = (
    *("Conv3DTranspose", "Cropping3D", "Padding3D", "Sampling3D", "SeparableConv2D"),
    *("SeparableConvolution2D", "DepthwiseConv2D", "Dropout3D", "ConvLSTM3D", "Equalization"),
    *("Resizing", "Random", "CenterCrop", "AutoContrast", "Solarization", "CutMix", "MixUp"),
)
"""What the names of layers for images that are not there have in them."""


def canonical(name: str) -> str:
    """`tensorflow.keras.layers` and the like as `keras.layers`."""
    for prefix, home in _PREFIXES:
        if name == prefix or name.startswith(f"{prefix}."):
            name = home + name[len(prefix) :]
            break
    for old, new in _MOVED.items():
        if name == old or name.startswith(f"{old}."):
            return new
    return name


def home_of(name: str) -> str | None:
    """The key of `MODULES` that answers for a module, `None` if there is none."""
    home = canonical(name)
    if home in MODULES:
        return home
    if home in _INSTEAD:
        return None
    for outer in _DEEP:
        if home.startswith(f"{outer}."):
            return outer
    if home.startswith("tensorflow.python."):
        return "tensorflow"
    return None


def explain(asked: str, home: str, known: list[str]) -> str:
    """Why a name is missing, in one line.

    Args:
        asked: as the script has it, such as `"tensorflow.keras.layers.Conv2D"`.
        home: the same in the table's terms.
        known: the names that are there.
    """
    home = canonical(home)
    for missing, instead in _INSTEAD.items():
        if home == missing or home.startswith(f"{missing}."):
            return f"Leftfold has no {asked}: {instead}."
    name = home.rpartition(".")[2]
    if any(part in name for part in _VISION):
        return f"Leftfold has no {asked}: it is for sequences and has few layers for images."
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]}?" if near else "docs/keras.md lists what it has."
    return f"Leftfold has no {asked}: {advice}"
