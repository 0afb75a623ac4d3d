"""Writing letter by letter: a network learns Python's own manual and goes on from a few words.

The manual comes with Python (`pydoc_data`, some 300,000 letters without its tables). The last
tenth is held out; counts of runs of letters, smoothed by Kneser and Ney's method, are judged on it
as well.
"""

from __future__ import annotations

import argparse
import re
from pydoc_data.topics import topics

from leftfold.tasks import TextGenerator


def manual() -> str:
    """Its paragraphs, each on a line, without tables, drawings and programs."""
    parts = "\n\n".join(topics[name] for name in sorted(topics)).split("\n\n")
    kept = [part for part in parts if not re.search(r"\||--|==|\*\*\*|>>>|::=|      ", part)]
    return "\n".join(" ".join(part.split()) for part in kept if len(part) > 60)


def main(quick: bool = False) -> dict[str, float]:
    text = manual()[:20_000] if quick else manual()
    cut = len(text) * 9 // 10
    settings = {"units": 32, "epochs": 1} if quick else {"units": 256, "epochs": 20}
    writer = TextGenerator(**settings).fit(text[:cut])
    judged = writer.evaluate(text[cut:], text[:cut])
    for row in [*judged.references, judged.model]:
        print(f"{row.name:<26} {row.nats:.3f} nats per character, {row.bits:.3f} bits")
    print(judged.verdict(), "\n")
    for temperature in (0.5, 1.0):
        print(f"--- temperature {temperature}\nThe function ", end="")
        for piece in writer.stream("The function ", 250, temperature, seed=1):
            print(piece, end="", flush=True)
        print("\n")
    return {row.name: row.nats for row in [*judged.references, judged.model]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
