"""Write `text_layers.json`: what Keras 3.15.1 does with text and windows on TensorFlow.

Run with a Python that has Keras and TensorFlow: `python tests/golden/make_text_layers.py`.
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
from text_layer_programs import GIVEN, LEARNT, WINDOWS, run_layer, run_windows


def main():
    """Compute all figures and write them beside this file."""
    figures = {"layers": {}, "windows": {name: run_windows(keras, name) for name in WINDOWS}}
    for name in (*LEARNT, *GIVEN):
        keras.backend.clear_session()
        figures["layers"][name] = run_layer(keras, name)
    path = Path(__file__).with_name("text_layers.json")
    path.write_text(json.dumps(figures, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
