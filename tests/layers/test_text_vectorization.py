"""Text layers beyond what `test_text_layers_like_keras.py` holds against Keras."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import Input, Model, Sequential, layers, saving
from leftfold.engine import Tensor
from leftfold.engine.registry import custom_object_scope
from leftfold.layers.fingerprint import fingerprint, keyed_fingerprint
from leftfold.models.data_sources import PyDataset
from leftfold.preprocessing.dataset import Dataset
from leftfold.saving import load_model

TEXTS = ["the cat sat", "the cat ran", "a dog ran"]
TEXT_TENSOR = Tensor(np.array(["the cat", "dog"], object))
WORDS = ["", "[UNK]", "the", "ran", "cat", "sat", "dog", "a"]


def comma(texts: np.ndarray) -> Any:
    return np.char.split(texts, ",")


def shout(texts: np.ndarray) -> Any:
    return np.char.upper(texts)


def twin(layer: Any) -> Any:
    """The layer that its configuration, written as JSON, describes."""
    return layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))


class Batches(PyDataset):
    def __len__(self) -> int:
        return len(TEXTS)

    def __getitem__(self, index: int) -> Any:
        return TEXTS[index : index + 1]


def generated() -> Iterator[list[str]]:
    yield TEXTS[:2]
    yield TEXTS[2:]


@pytest.mark.parametrize(
    "data",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object)[:, None],
        [text.encode() for text in TEXTS],
        generated(),
        iter(TEXTS),
        Batches(),
    ],
    ids=["list", "tuple", "array", "column", "bytes", "batches", "texts", "PyDataset"],
)
def test_the_vocabulary_is_learnt_from_anything_that_holds_texts(data: Any) -> None:
    layer = layers.TextVectorization()
    layer.adapt(data)
    assert layer.get_vocabulary() == WORDS
    assert layer.get_vocabulary(include_special_tokens=False) == WORDS[2:]
    assert layer.vocabulary_size() == len(WORDS)


def test_adapt_may_stop_early_and_begin_anew() -> None:
    layer = layers.TextVectorization()
    layer.adapt(generated(), steps=1)
    assert "dog" not in layer.get_vocabulary()
    layer.adapt(["only this"])
    assert layer.get_vocabulary() == ["", "[UNK]", "this", "only"]


def test_outputs_are_tensors_with_numbers_of_words() -> None:
    layer = layers.TextVectorization(vocabulary=WORDS)
    numbers = layer(["The cat!", "a new dog"])
    assert numbers.numpy().dtype == np.int64
    assert numbers.tolist() == [[2, 4, 0], [7, 1, 6]]
    assert layer([]).shape == (0, 0)


def test_functions_see_arrays_of_texts() -> None:
    layer = layers.TextVectorization(standardize=shout, split=comma)
    layer.adapt(["a,b", "b,c d"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "C D", "A"]
    with pytest.raises(ValueError, match="function 'shout' for standardize: give it in custom_obj"):
        twin(layer)
    with custom_object_scope({"shout": shout, "comma": comma}):
        assert twin(layer)(["b,a"]).tolist() == [[2, 4]]


def test_functions_that_lose_texts_are_named() -> None:
    layer = layers.TextVectorization(standardize=lambda texts: texts[:1], vocabulary=["a"])
    with pytest.raises(ValueError, match=r"standardize to return an array of shape \(2,\), got"):
        layer(["a", "b"])
    layer = layers.TextVectorization(split=lambda texts: [["a"]], vocabulary=["a"])
    with pytest.raises(ValueError, match="split to return a list of tokens for each of 2 texts"):
        layer(["a", "b"])


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.TextVectorization(max_tokens=5, output_sequence_length=3, ngrams=(1, 2)),
        lambda: layers.TextVectorization(output_mode="tf_idf"),
        lambda: layers.TextVectorization(9, output_mode="tf_idf", pad_to_max_tokens=True),
        lambda: layers.StringLookup(mask_token="the", output_mode="count"),
        lambda: layers.StringLookup(output_mode="tf_idf", num_oov_indices=3, salt=5),
    ],
)
def test_what_was_learnt_survives_the_configuration(make: Any) -> None:
    layer = make()
    layer.adapt(TEXTS)
    again = twin(layer)
    assert again.get_vocabulary() == layer.get_vocabulary()
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(["the dog", "new"]), layer(["the dog", "new"]))


def test_integers_are_looked_up_inside_a_model_and_in_its_file(tmp_path: Path) -> None:
    ids = np.array([[10, 30], [20, 10], [99, 30]])
    for mode in ("multi_hot", "tf_idf"):
        lookup = layers.IntegerLookup(output_mode=mode)
        lookup.adapt(ids)
        model = Sequential([Input((2,), dtype="int64"), lookup, layers.Dense(2)])
        assert lookup.output_shape == (None, 5)
        model.compile("sgd", "mse")
        model.fit(ids, np.ones((3, 2)), verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.predict(ids, verbose=0), model.predict(ids, verbose=0))
    inputs = Input((2,), dtype="int64")
    lookup = layers.IntegerLookup(vocabulary=[10, 20, 30])
    model = Model(inputs, layers.Embedding(4, 3)(lookup(inputs)))
    assert model(ids).shape == (3, 2, 3)


def test_numbers_become_words_again() -> None:
    words = layers.StringLookup(vocabulary=["cat", "dog"])
    back = layers.StringLookup(vocabulary=words.get_vocabulary(), invert=True)
    assert back(words([["dog", "cow"]])).tolist() == [["dog", "[UNK]"]]


def test_vocabulary_files_hold_one_token_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("çat\ndog\n\n", encoding="utf-8")
    assert layers.StringLookup(vocabulary=str(path))(["dog", "çat"]).tolist() == [2, 1]
    assert layers.TextVectorization(vocabulary=str(path))(["çat dog"]).tolist() == [[2, 3]]
    path.write_text("12\n-7")
    layer = layers.IntegerLookup(vocabulary=path)
    assert layer([-7, 12, 3]).tolist() == [2, 1, 0]
    assert layer.get_config()["vocabulary"] == [12, -7]


@pytest.mark.parametrize("cls", ["TextVectorization", "StringLookup", "IntegerLookup"])
def test_configurations_do_not_read_files(cls: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("1\n2")
    config = layers.serialize(getattr(layers, cls)())
    config["config"]["vocabulary"] = str(tmp_path / "secret.txt")
    with pytest.raises(ValueError, match="list of tokens in its configuration, got the file"):
        layers.deserialize(config)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "é", "z"]), max_size=6), max_size=5))
def test_vectors_count_what_numbers_list(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    tokens = ["a", "b", "é"]
    numbers = np.array(layers.TextVectorization(vocabulary=tokens)(texts))
    counts = np.array(layers.TextVectorization(vocabulary=tokens, output_mode="count")(texts))
    several = np.array(layers.TextVectorization(vocabulary=tokens, output_mode="multi_hot")(texts))
    expected = (numbers[:, :, None] == np.arange(1, 5)).sum(1)
    np.testing.assert_array_equal(counts, expected.reshape(len(rows), 4))
    np.testing.assert_array_equal(several, counts > 0)
    one_hot = np.array(layers.TextVectorization(vocabulary=tokens, output_mode="one_hot")(texts))
    np.testing.assert_array_equal(one_hot.sum(1).reshape(len(rows), 4), counts)


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_text_has_numbers_of_its_vocabulary(texts: list[str]) -> None:
    for split in ("whitespace", "character"):
        layer = layers.TextVectorization(split=split, max_tokens=5)
        try:
            layer.adapt(texts)
        except ValueError as error:
            assert "expected tokens to learn from, got none" in str(error)
            continue
        numbers = np.array(layer(texts))
        assert numbers.min(initial=0) >= 0
        assert numbers.max(initial=0) < layer.vocabulary_size() <= 5


def test_fingerprints_are_those_of_the_published_algorithms() -> None:
    assert fingerprint(b"hello") == 13009744463427800296
    key = [int.from_bytes(bytes(range(start, start + 8)), "little") for start in (0, 8)]
    assert keyed_fingerprint(b"", *key) == 0x726FDB47DD0E0E31
    assert keyed_fingerprint(bytes(range(15)), *key) == 0xA129CA6149BE45E5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.TextVectorization(standardize="up"), "standardize to be one of 'lower', "),
        (lambda: layers.TextVectorization(split="word"), "split to be one of 'whitespace', 'char"),
        (lambda: layers.TextVectorization(ngrams=0), "ngrams to be positive integers or None"),
        (lambda: layers.TextVectorization(output_mode="ids"), "output_mode to be one of 'int', "),
        (lambda: layers.TextVectorization(max_tokens=1), "max_tokens to be 2 or more, got 1"),
        (lambda: layers.TextVectorization(output_sequence_length=0), "positive integer or None"),
        (lambda: layers.TextVectorization(ragged=True), "ragged to be False"),
        (lambda: layers.StringLookup(output_mode="count", sparse=True), "sparse to be False"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), "max_tokens with pad_to_max_tokens"),
        (lambda: layers.StringLookup(num_oov_indices=-1), "num_oov_indices to be 0 or more"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "'int' with invert"),
        (lambda: layers.StringLookup(idf_weights=[1]), "'tf_idf' with idf_weights, got 'int'"),
        (lambda: layers.StringLookup(salt=[1]), "salt to be one integer or two"),
        (lambda: layers.StringLookup(vocabulary=[]), "expected a vocabulary, got an empty one"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "every token once .* got 'a' more"),
        (lambda: layers.StringLookup(max_tokens=2, vocabulary=["a", "b"]), "max_tokens=2 tokens"),
        (
            lambda: layers.StringLookup(mask_token="m", vocabulary=["a", "m"]),
            r"special tokens \['m', '\[UNK\]'\] in front of the vocabulary .* got 'm' at place 1",
        ),
        (
            lambda: layers.StringLookup(output_mode="tf_idf", vocabulary=["a"]),
            "expected idf_weights in the mode 'tf_idf'",
        ),
        (
            lambda: layers.StringLookup(output_mode="tf_idf", vocabulary=["a"], idf_weights=[1, 2]),
            r"idf_weights for 1 tokens, got an array of shape \(2,\)",
        ),
        (lambda: layers.StringLookup(vocabulary="missing.txt"), "found no missing.txt"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "made with a vocabulary and"),
        (lambda: layers.StringLookup().adapt([]), "expected tokens to learn from, got none"),
        (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["z"]), "got 'z'. With"),
        (lambda: layers.StringLookup(vocabulary=["a"])([3]), "expected strings, got 3"),
        (lambda: layers.StringLookup(vocabulary=["a"])([["a"], []]), "got a ragged list"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([1.5]), "expected whole numbers"),
        (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), "vocabulary_dtype to be 'int64'"),
        (lambda: layers.IntegerLookup(oov_method="md5"), "oov_method to be 'floormod' or 'farm"),
        (lambda: layers.IntegerLookup(salt=3), "oov_method 'farmhash' with salt"),
        (
            lambda: layers.TextVectorization(vocabulary=["a"])([["a", "b"]]),
            r"texts of shape \(batch,\) or \(batch, 1\), got \(1, 2\)",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def text_models(vectorize: layers.TextVectorization) -> list[Model]:
    """The ways in which a model may begin with texts."""
    inner = Sequential([layers.Embedding(9, 3), layers.GRU(2), layers.Dense(1)])
    texts = Input((1,), dtype="string", name="texts")

    class Whole(Model):
        def __init__(self) -> None:
            super().__init__()
            self.vectorize, self.inner = vectorize, inner

        def call(self, inputs: Any) -> Any:
            return self.inner(self.vectorize(inputs))

    return [
        Sequential([vectorize, inner]),
        Sequential([Input((), dtype="string"), vectorize, inner]),
        Model(texts, inner(vectorize(texts))),
        Whole(),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_a_model_may_begin_with_texts(kind: int) -> None:
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(TEXTS)
    model = text_models(vectorize)[kind]
    model.compile("sgd", "mse")
    model.fit(np.array(TEXTS), np.ones(3), verbose=0)
    model.fit(Dataset.from_tensor_slices((TEXTS, [1.0, 0.0, 1.0])).batch(2), verbose=0)
    inner = model.inner if kind == 3 else model.layers[-1]
    expected = inner.predict(vectorize(["the cat", "dog"]), verbose=0)
    for form in (np.array(["the cat", "dog"]), np.array(["the cat", "dog"], object), TEXT_TENSOR):
        np.testing.assert_array_equal(model.predict(form, verbose=0), expected)
    np.testing.assert_allclose(model(TEXT_TENSOR), expected, rtol=1e-6)


def test_a_model_that_begins_with_texts_is_saved_and_read(tmp_path: Path) -> None:
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(TEXTS)
    for model in text_models(vectorize)[:3]:
        model.predict(np.array(TEXTS), verbose=0)
        model.save(tmp_path / "texts.keras")
        again = load_model(tmp_path / "texts.keras")
        assert again.input_shape == model.input_shape
        expected = model.predict(np.array(TEXTS), verbose=0)
        np.testing.assert_array_equal(again.predict(np.array(TEXTS), verbose=0), expected)


def test_texts_for_a_model_of_numbers_are_refused_with_what_to_do() -> None:
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"x expected numbers.*TextVectorization as the first"):
        model.fit(np.array(TEXTS), np.ones(3), verbose=0)
    with pytest.raises(ValueError, match="an array of numbers, got texts: put a TextVectorization"):
        layers.Dense(1)(np.array([TEXTS]))


def test_texts_become_numbers_before_they_reach_a_model() -> None:
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(TEXTS)
    model = Sequential([layers.Embedding(9, 3), layers.GRU(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(vectorize(TEXTS), np.ones(3), verbose=0)
    batches = Dataset.from_tensor_slices((TEXTS, [1.0, 0.0, 1.0])).batch(2)
    model.fit(batches.map(lambda texts, labels: (vectorize(texts), labels)), verbose=0)
    assert model.predict(vectorize(["the cat"]), verbose=0).shape == (1, 1)


def test_a_layer_without_vocabulary_says_what_it_needs() -> None:
    for layer in (layers.TextVectorization(), layers.StringLookup(output_mode="count")):
        with pytest.raises(RuntimeError, match="no vocabulary yet: call adapt on some data"):
            layer(["a"])
