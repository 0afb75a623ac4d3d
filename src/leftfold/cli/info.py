"""`leftfold info`: what runs here."""

from __future__ import annotations

import platform
import warnings

import numpy as np

from leftfold import __version__
from leftfold.datasets.files import data_folder
from leftfold.engine import config, kernels


def report() -> str:
    """Lines of `name: value`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        isa, products = kernels.isa(), kernels.bfloat16_products()
    kind = (
        "NumPy reference, slow: install with a C++ compiler present"
        if isa == "reference"
        else f"native, {isa}"
    )
    lines = {
        "leftfold": __version__,
        "kernels": kind,
        "bfloat16": products or "computed in float32",
        "threads": config.threads(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "data": data_folder(),
    }
    return "\n".join(f"{name + ':':10} {value}" for name, value in lines.items())
