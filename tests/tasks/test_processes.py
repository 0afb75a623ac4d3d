"""The same seed gives the same task in every process, however Python hashes its strings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BEGIN = """
import hashlib, itertools
import numpy as np

def show(*arrays):
    print(*[hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()[:16] for a in arrays])

words = "ebb flow moon sun tide wave wind sea rain sand salt gull".split()
random = np.random.default_rng(0)
texts = [" ".join(random.choice(words, 6)) for _ in range(60)]
labels = ["wet" if "sea" in text.split() else "dry" for text in texts]
"""

PROGRAMS = {
    "classifier": """
from leftfold.tasks import SequenceClassifier
fitted = SequenceClassifier("lstm", units=4, pairs=40, epochs=2, seed=3).fit(texts, labels)
show(fitted.predict_proba(texts))
""",
    "tagger": """
from leftfold.tasks import SequenceTagger
rows = [text.split() for text in texts]
marks = [["X" if word in ("sea", "moon") else "O" for word in row] for row in rows]
fitted = SequenceTagger(units=4, epochs=2, seed=3).fit(rows, marks)
show(*fitted.predict_proba(rows))
""",
    "translator": """
from leftfold.tasks import Translator
turned = [" ".join(reversed(text.split())) for text in texts]
fitted = Translator("word", units=8, embedding=4, epochs=2, seed=3).fit(texts, turned)
show(*fitted.model.get_weights())
""",
    "writer": """
from leftfold.tasks import TextGenerator
fitted = TextGenerator("word", units=8, epochs=2, seed=3).fit(" . ".join(texts * 4))
show(*fitted.model.get_weights())
""",
    "vectors": """
from leftfold.vectors.glove import GloVe
from leftfold.vectors.ppmi import Ppmi
show(GloVe(dimensions=4, epochs=2, min_count=1).fit(texts).matrix)
show(Ppmi(dimensions=4, min_count=1).fit(texts).matrix)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_hashes_of_strings_change_nothing(name: str, tmp_path: Path) -> None:
    told = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", BEGIN + PROGRAMS[name]],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        told.append(run.stdout)
    assert told[0].strip()
    assert told[0] == told[1]
