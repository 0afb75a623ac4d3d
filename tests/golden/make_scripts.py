"""Write `scripts.json`: what Keras 3.15.1 computes in the scripts of `tests/scripts`.

Run from the top of the checkout: `python -m tools.peers install keras-jax keras-tensorflow`, then
`python -m tests.golden.make_scripts`, with the names of scripts to redo only those.
"""

import json
import sys
from pathlib import Path

from tests.parity.script_side import digest, peer_of
from tools.peers import Worker

TESTS = Path(__file__).parents[1]


def main():
    """Run the scripts and write their figures beside this file."""
    path = Path(__file__).with_name("scripts.json")
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    side = TESTS / "parity" / "script_side.py"
    with Worker("keras-jax", side) as jax, Worker("keras-tensorflow", side) as tensorflow:
        workers = {worker.name: worker for worker in (jax, tensorflow)}
        figures = {}
        for script in sorted((TESTS / "scripts").glob("*.py")):
            name = script.stem
            if name in known and sys.argv[1:] and name not in sys.argv[1:]:
                figures[name] = known[name]
                continue
            run = workers[peer_of(script)].call("run", str(script), "keras")
            run.pop("printed")
            figures[name] = digest(run)
    path.write_text(json.dumps(figures, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
