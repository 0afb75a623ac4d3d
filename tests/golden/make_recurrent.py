"""Write `recurrent.npz`: what Keras 3.15.1 computes for recurrent layers.

Run in an environment with Keras and JAX: `python tests/golden/make_recurrent.py`. The programs
are in `tests/parity/recurrent_programs.py`; the tests run them in Leftfold and compare. All
figures of a layer, its outputs and then its gradients, stand in one row.
"""

import os
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def main():
    """Run every layer and every training, and keep their figures."""
    os.environ["KERAS_BACKEND"] = "jax"
    sys.path.insert(0, str(HERE.parent / "parity"))
    import recurrent_programs as programs

    figures: dict[str, np.ndarray] = {}
    for training in programs.TRAININGS:
        losses = programs.training("keras", *training)
        figures["/".join(("training", *training))] = np.asarray(losses, np.float32)
        print(*training, flush=True)
    for name in programs.CASES:
        parts = programs.layer("keras", name).values()
        figures[name] = np.concatenate([part.ravel() for part in parts])
        print(name, flush=True)
    np.savez_compressed(HERE / "recurrent.npz", **figures)


if __name__ == "__main__":
    main()
