"""Write `layers.json`: what Keras 3.15.1 makes of the layers in `layer_programs.py`.

Run with a Python that has Keras: `python tests/golden/make_layers.py`.
"""

import json
from pathlib import Path

import keras
from layer_programs import LAYERS, TRAINED, run


def main():
    """Compute all figures and write them beside this file."""
    figures = {}
    for name in (*LAYERS, *TRAINED):
        keras.backend.clear_session()
        figures[name] = run(keras, name)
    path = Path(__file__).with_name("layers.json")
    path.write_text(json.dumps(figures, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
