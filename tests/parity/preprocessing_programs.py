"""Preprocessing on random input, run by Leftfold and by Keras; see `programs.py`."""

import importlib
import json
import random

import numpy as np

LETTERS = "abcAB éÉß'.,!-\t\n\x85İ  "
FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def rooms(framework):
    """The modules with the tokenizer and with windows, and `pad_sequences`."""
    place = "leftfold" if framework == "leftfold" else "keras.src.legacy"
    text = importlib.import_module(f"{place}.preprocessing.text")
    sequence = importlib.import_module(f"{place}.preprocessing.sequence")
    return text, sequence, importlib.import_module(framework).utils.pad_sequences


def attempt(function, *args, **kwargs):
    """The result as plain data, or that there is none."""
    try:
        result = function(*args, **kwargs)
    except (ValueError, ZeroDivisionError):
        return "refused"
    return [*result.shape, *np.round(result.astype("float64"), 9).ravel().tolist()]


def tokenizer(framework, seed):
    """What a tokenizer with random settings learns from random texts and makes of others."""
    text, _, _ = rooms(framework)
    draw = random.Random(seed)

    def texts():
        made = ["".join(draw.choices(LETTERS, k=draw.randint(0, 60))) for _ in range(5)]
        return [one if draw.random() < 0.8 else one.split(" ") for one in made]

    fitted = text.Tokenizer(
        num_words=draw.choice([None, 0, 1, 3, 5, 20]),
        filters=draw.choice([FILTERS, "", "!,"]),
        lower=draw.random() < 0.7,
        split=draw.choice([" ", " ", "a", "--"]),
        char_level=draw.random() < 0.2,
        oov_token=draw.choice([None, "?", "a"]),
        analyzer=draw.choice([None, None, None, str.split]),
    )
    results = []
    for _ in range(2):
        seen = texts()
        fitted.fit_on_texts(seen)
        seen += texts()
        sequences = fitted.texts_to_sequences(seen)
        numbers = [draw.choices(range(30), k=draw.randint(0, 8)) for _ in range(5)]
        fitted.fit_on_sequences(numbers)
        matrices = [
            attempt(fitted.sequences_to_matrix, rows, mode)
            for mode in ("binary", "count", "freq", "tfidf")
            for rows in (sequences, numbers)
        ]
        config = fitted.get_config()
        learnt = {
            name: sorted(json.loads(config[name]).items())
            for name in ("word_docs", "index_docs", "index_word", "word_index", "word_counts")
        }
        results.append([sequences, fitted.sequences_to_texts(numbers), matrices, str(learnt)])
    hashed = text.hashing_trick("".join(draw.choices(LETTERS, k=40)), draw.randint(2, 50), "md5")
    return [json.dumps(results), hashed, fitted.to_json()]


def reread(framework, written, texts):
    """What the tokenizer in a JSON string makes of texts."""
    text, _, _ = rooms(framework)
    return text.tokenizer_from_json(written).texts_to_sequences(texts)


def padding(framework, seed):
    """Random ragged input, padded in a random way."""
    _, _, pad_sequences = rooms(framework)
    draw = random.Random(seed)
    element = draw.choice([lambda: draw.randint(-9, 99), draw.random, lambda: [draw.random(), 1.0]])
    sequences = [[element() for _ in range(draw.randint(0, 6))] for _ in range(draw.randint(0, 5))]
    return attempt(
        pad_sequences,
        sequences,
        maxlen=draw.choice([None, 1, 3, 8]),
        dtype=draw.choice(["int32", "float32", "int64"]),
        padding=draw.choice(["pre", "post"]),
        truncating=draw.choice(["pre", "post"]),
        value=draw.choice([0.0, -1, 7]),
    )


def windows(framework, seed):
    """All batches of a random `TimeseriesGenerator`."""
    _, sequence, _ = rooms(framework)
    draw = random.Random(seed)
    np.random.seed(seed)
    steps = draw.randint(5, 40)
    data = np.arange(steps * 2.0).reshape(steps, 2)
    arguments = {
        "length": draw.randint(1, 5),
        "sampling_rate": draw.randint(1, 3),
        "stride": draw.randint(1, 3),
        "start_index": draw.randint(0, 4),
        "end_index": draw.choice([None, steps - 2]),
        "shuffle": draw.random() < 0.3,
        "reverse": draw.random() < 0.5,
        "batch_size": draw.randint(1, 6),
    }
    try:
        generator = sequence.TimeseriesGenerator(data, list(range(steps)), **arguments)
    except ValueError:
        return "refused"
    return [list(generator[index]) for index in range(len(generator))]


def pairs(framework, seed):
    """Skip-grams of a random sequence."""
    _, sequence, _ = rooms(framework)
    draw = random.Random(seed)
    random.seed(seed)
    couples, labels = sequence.skipgrams(
        [draw.randint(1, 19) for _ in range(draw.randint(2, 15))],
        20,
        window_size=draw.randint(1, 4),
        negative_samples=draw.choice([0, 0.5, 2]),
        shuffle=draw.random() < 0.5,
        categorical=draw.random() < 0.5,
        sampling_table=None,
        seed=3,
    )
    return [np.array(couples), np.array(labels), sequence.make_sampling_table(seed + 1)]
