"""Write `preprocessing.json`: what Keras 3.15.1 makes of some texts and word pairs.

Run with a Python that has Keras: `python tests/golden/make_preprocessing.py`.
"""

import json
import random
from pathlib import Path

from keras.src.legacy.preprocessing import sequence, text

FIT = [
    "The cat sat on the mat.",
    "The dog, the cat!",
    "A mat; a dog... the END",
    ["List", "of", "THE", "tokens"],
]
NEW = ["the cat saw a Dog end", "", ["THE", "tokens", "unseen"]]

TOKENIZERS = [
    {},
    {"num_words": 4},
    {"num_words": 4, "oov_token": "<OOV>"},
    {"lower": False, "oov_token": "the"},
    {"char_level": True, "num_words": 6},
    {"filters": "", "split": " "},
]


def tokenizer_figures(arguments):
    """Everything one tokenizer learns and returns."""
    tokenizer = text.Tokenizer(**arguments)
    tokenizer.fit_on_texts(FIT)
    sequences = tokenizer.texts_to_sequences(NEW)
    return {
        "arguments": arguments,
        "word_index": tokenizer.word_index,
        "word_counts": list(tokenizer.word_counts.items()),
        "index_docs": sorted(tokenizer.index_docs.items()),
        "sequences": sequences,
        "texts": tokenizer.sequences_to_texts([[1, 2, 3, 0, 9, 30]]),
        "tfidf": tokenizer.sequences_to_matrix(sequences, "tfidf").round(12).tolist(),
        "freq": tokenizer.sequences_to_matrix(sequences, "freq").round(12).tolist(),
    }


def main():
    """Compute all figures and write them beside this file."""
    tokenizers = [tokenizer_figures(arguments) for arguments in TOKENIZERS]
    random.seed(5)
    pairs = sequence.skipgrams(
        [1, 2, 0, 3, 4, 2],
        6,
        window_size=2,
        negative_samples=0.5,
        sampling_table=sequence.make_sampling_table(6, 1e-1),
        seed=11,
    )
    figures = {
        "fit": FIT,
        "new": NEW,
        "tokenizers": tokenizers,
        "skipgrams": pairs,
        "hashing": text.hashing_trick("to be, or not to be", 50, "md5"),
    }
    target = Path(__file__).with_name("preprocessing.json")
    target.write_text(json.dumps(figures, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
