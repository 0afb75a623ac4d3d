"""Write `graphs.json`: what Keras 3.15.1 makes of the models in `graph_programs.py`.

Run with a Python that has Keras: `COLUMNS=120 python tests/golden/make_graphs.py`.
"""

import json
from pathlib import Path

import keras
from graph_programs import MODELS, run


def main():
    """Compute all figures and write them beside this file."""
    figures = {}
    for name in MODELS:
        keras.backend.clear_session()
        figures[name] = run(keras, name)
    path = Path(__file__).with_name("graphs.json")
    path.write_text(json.dumps(figures, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
