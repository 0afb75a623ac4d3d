"""Layers and data sets that Keras has with TensorFlow only: `run(keras, name)`.

Nothing here knows which of Keras and Leftfold `keras` is.
"""

import numpy as np

TEXTS = [
    "The cat sat on the mat.",
    "the DOG, the cat!",
    "  It's\ta dog\u00a0dog;\x1cthe End\n",
    "Été à la mer, É!",
    "",
]
NEW = ["The cat ran", "a b c the the mat mat", "", "été dog's"]
ROWS = [["b", "a", "c"], ["a", "a", "d"], ["", "c", "z"]]
LETTERS = [["a", "b", "zz", "a"], ["", "d", "[UNK]", "c"]]
UNKNOWN = ["", "z", "yy", "four", "eight or", "z" * 16, "seventeen letters", "x" * 32, "y" * 33]
UNKNOWN += ["w" * 64, "0123456789" * 7, "äöü" * 50]
NUMBERS = [[5, 5, 2], [2, 9, 0], [2, -1, 7]]
SERIES = np.arange(40.0).reshape(20, 2)

LEARNT = {
    "words": ("TextVectorization()", TEXTS, NEW),
    "few_words": ("TextVectorization(max_tokens=5)", TEXTS, NEW),
    "fixed_length": ("TextVectorization(output_sequence_length=4)", TEXTS, NEW),
    "lower": ("TextVectorization(standardize='lower')", TEXTS, NEW),
    "strip": ("TextVectorization(standardize='strip_punctuation')", TEXTS, NEW),
    "as_is": ("TextVectorization(standardize=None)", TEXTS, NEW),
    "characters": ("TextVectorization(split='character', max_tokens=9)", TEXTS, NEW),
    "whole": ("TextVectorization(split=None)", TEXTS, [[text] for text in NEW]),
    "bigrams": ("TextVectorization(ngrams=2)", TEXTS, NEW),
    "some_ngrams": ("TextVectorization(ngrams=(3, 2), output_mode='count')", TEXTS, NEW),
    "multi_hot": ("TextVectorization(output_mode='multi_hot')", TEXTS, NEW),
    "count": ("TextVectorization(output_mode='count')", TEXTS, NEW),
    "tf_idf": ("TextVectorization(output_mode='tf_idf')", TEXTS, NEW),
    "padded": ("TextVectorization(30, output_mode='tf_idf', pad_to_max_tokens=True)", TEXTS, NEW),
    "text": ("TextVectorization()", TEXTS, "the cat ran"),
    "column": ("TextVectorization()", np.array(TEXTS)[:, None], np.array(NEW)[:, None]),
    "strings": ("StringLookup()", ROWS, LETTERS),
    "strings_masked": ("StringLookup(mask_token='')", ROWS, LETTERS),
    "strings_tf_idf": ("StringLookup(output_mode='tf_idf', mask_token='')", ROWS, LETTERS),
    "few_strings": ("StringLookup(max_tokens=3)", ROWS, LETTERS),
    "integers": ("IntegerLookup()", NUMBERS, NUMBERS),
    "integers_masked": ("IntegerLookup(mask_token=0)", NUMBERS, NUMBERS),
    "integers_tf_idf": ("IntegerLookup(output_mode='tf_idf')", NUMBERS, NUMBERS),
}
"""Layer, what it learns from, what it is called on."""

_ABC = "vocabulary=['a', 'b', 'c']"
GIVEN = {
    "vocabulary": ("TextVectorization(vocabulary=['the', 'cat'])", NEW),
    "weighted": (
        "TextVectorization(output_mode='tf_idf', vocabulary=['the', 'cat'], idf_weights=[0.5, 1])",
        NEW,
    ),
    "weighted_whole": (
        "StringLookup(output_mode='tf_idf', vocabulary=['[UNK]', 'a'], idf_weights=[0.9, 0.25])",
        LETTERS,
    ),
    "one_hot": (f"StringLookup({_ABC}, output_mode='one_hot', mask_token='')", LETTERS),
    "one_hot_column": (f"StringLookup({_ABC}, output_mode='one_hot')", [["a"], ["z"]]),
    "multi_hot_row": (f"StringLookup({_ABC}, output_mode='multi_hot')", ["a", "z", "a"]),
    "count_strings": (f"StringLookup({_ABC}, output_mode='count', mask_token='')", LETTERS),
    "single": (f"StringLookup({_ABC})", "b"),
    "buckets": (f"StringLookup({_ABC}, num_oov_indices=97)", UNKNOWN),
    "salted": (f"StringLookup({_ABC}, num_oov_indices=97, salt=[7, 11])", UNKNOWN),
    "remainders": ("IntegerLookup(vocabulary=[12, 36], num_oov_indices=3)", [[12, 7, -5, 99]]),
    "hashed": (
        "IntegerLookup(vocabulary=[12], num_oov_indices=9, oov_method='farmhash')",
        [[12, 7, -5, 123456789012]],
    ),
    "inverse": (f"StringLookup({_ABC}, invert=True)", [[0, 1, 3, 4, 9]]),
    "inverse_masked": (f"StringLookup({_ABC}, invert=True, mask_token='')", [[0, 1, 4, 9]]),
    "inverse_integers": ("IntegerLookup(vocabulary=[12, 36], invert=True)", [[0, 1, 2, 3]]),
}
"""Layer with a vocabulary, what it is called on."""

WINDOWS = {
    "plain": {"sequence_length": 4, "batch_size": 5},
    "strided": {"sequence_length": 3, "sequence_stride": 2, "sampling_rate": 3, "batch_size": 2},
    "part": {"sequence_length": 2, "start_index": 4, "end_index": 11},
    "single": {"sequence_length": 17, "batch_size": None},
    "alone": {"sequence_length": 6, "sequence_stride": 6, "targets": None},
    "few_targets": {"sequence_length": 3, "targets": np.arange(7)},
}


def run_layer(keras, name):
    """The vocabulary, the configuration and the output."""
    expression, *data = (LEARNT | GIVEN)[name]
    layer = eval(f"L.{expression}", {"L": keras.layers})
    if len(data) == 2:
        layer.adapt(data[0] if isinstance(data[0], np.ndarray) else np.array(data[0]))
    inputs = data[-1] if isinstance(data[-1], str) else np.array(data[-1])
    output = np.asarray(layer(inputs))
    config = keras.saving.serialize_keras_object(layer)
    config.pop("build_config", None)  # there is nothing to build
    if len(data) == 2:  # Keras leaves out what was learnt
        config["config"]["vocabulary"] = config["config"]["idf_weights"] = None
    return {
        "vocabulary": [_plain(token) for token in layer.get_vocabulary()],
        "size": layer.vocabulary_size(),
        "config": config,
        "dtype": "strings" if output.dtype == object else output.dtype.name,
        "output": [_plain(value) for value in output.ravel()],
        "shape": list(output.shape),
    }


def run_windows(keras, name):
    """All batches, as lists."""
    arguments = {"targets": np.arange(20), **WINDOWS[name]}
    windows = keras.utils.timeseries_dataset_from_array(SERIES, **arguments)
    alone = arguments["targets"] is None
    batches = [
        [np.asarray(part).tolist() for part in ([batch] if alone else batch)] for batch in windows
    ]
    return {"length": len(windows), "batches": batches}


def _plain(value):
    value = value.item() if isinstance(value, np.generic) else value
    return value.decode() if isinstance(value, bytes) else value
