"""word2vec, fastText and paragraph vectors against gensim called directly."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors import METHODS, Corpus, Progress, WordVectors
from leftfold.vectors.paragraphs import PvDbow, PvDm
from leftfold.vectors.word2vec import Cbow, FastText, SkipGram

models = pytest.importorskip("gensim.models")


def sentences(count: int = 400) -> list[list[str]]:
    """Animals are fed, fruits are eaten, each with words of its own."""
    rng = np.random.default_rng(3)
    animals, fruits = ["cat", "dog", "cow", "hen"], ["apple", "plum", "pear", "fig"]
    made = []
    for _ in range(count):
        fed = rng.random() < 0.5
        subject = rng.choice(animals if fed else fruits)
        others = ["feed", "the", "hungry"] if fed else ["eat", "the", "ripe"]
        made.append([*others, str(subject), *(["barn"] if fed else ["tree"])])
    return made


SETTINGS = {"dimensions": 12, "window": 3, "min_count": 2, "epochs": 3, "threads": 1, "seed": 5}
OPTIONS = {"vector_size": 12, "window": 3, "min_count": 2, "epochs": 3, "workers": 1, "seed": 5}


@pytest.mark.parametrize(("method", "skip_gram"), [(Cbow, 0), (SkipGram, 1)])
def test_word2vec_is_gensim_s(method: type[Cbow], skip_gram: int) -> None:
    ours = method(**SETTINGS).fit(Corpus(sentences()))
    theirs = models.Word2Vec(sentences(), sg=skip_gram, **OPTIONS).wv
    assert sorted(ours.tokens) == sorted(theirs.index_to_key)
    expected = np.stack([theirs[token] for token in ours.tokens])
    np.testing.assert_allclose(ours.matrix, expected, rtol=1e-4, atol=1e-6)


def test_fasttext_is_gensim_s_and_knows_unseen_words() -> None:
    method = FastText(**SETTINGS, buckets=2_000)
    ours = method.fit(Corpus(sentences()))
    theirs = models.FastText(sentences(), sg=1, bucket=2_000, **OPTIONS).wv
    expected = np.stack([theirs[token] for token in ours.tokens])
    np.testing.assert_allclose(ours.matrix, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(method.vector("apples"), theirs["apples"], rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="call fit first"):
        FastText().vector("apple")


@pytest.mark.parametrize("method", [PvDm, PvDbow])
def test_paragraph_vectors_are_gensim_s(method: type[PvDm]) -> None:
    ours = method(**SETTINGS).fit(Corpus(sentences()))
    tagged = [models.doc2vec.TaggedDocument(s, [n]) for n, s in enumerate(sentences())]
    theirs = models.Doc2Vec(tagged, dm=int(method.memory), **OPTIONS).dv
    assert ours.tokens == [str(n) for n in range(1, 401)]
    np.testing.assert_allclose(ours.matrix, theirs.vectors, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["cbow", "skipgram", "fasttext", "pv-dm", "pv-dbow"])
def test_each_epoch_tells_its_loss_and_the_loss_falls(name: str) -> None:
    heard: list[Progress] = []
    method = METHODS[name](**(SETTINGS | {"epochs": 4, "subsample": 0.0}), progress=heard.append)
    vectors = method.fit(Corpus(sentences(800)))
    assert isinstance(vectors, WordVectors)
    assert len(method.losses) == 4
    assert method.losses[-1] < method.losses[0]
    assert [h.loss for h in heard if h.loss is not None] == method.losses
    assert {h.epoch for h in heard} == set(range(1, 5))
    assert all(0 <= h.share <= 1 for h in heard)


def test_words_of_a_kind_come_near_each_other() -> None:
    vectors = SkipGram(**(SETTINGS | {"epochs": 30, "subsample": 0.0})).fit(sentences(800))
    for kind in (["cat", "dog", "cow", "hen"], ["apple", "plum", "pear", "fig"]):
        near = {token for token, _ in vectors.near(kind[0], 3)}
        assert near == set(kind[1:])


def test_the_same_seed_gives_the_same_vectors_and_another_others() -> None:
    one, two, other = (
        SkipGram(**(SETTINGS | {"seed": seed})).fit(sentences()).matrix for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, other)


def test_phrases_become_tokens() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(50)]
    texts = [[*rng.choice(words, 5), "new", "york", *rng.choice(words, 5)] for _ in range(300)]
    texts = [[str(word) for word in text] for text in texts]
    assert "new_york" in Cbow(**SETTINGS, phrases=1, phrase_threshold=0.1).fit(texts)
    assert "new_york" not in Cbow(**SETTINGS).fit(texts)


@pytest.mark.parametrize("method", [PvDm, PvDbow])
def test_inference_is_gensim_s_from_another_start(
    method: type[PvDm], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = method(**SETTINGS)
    made.fit(sentences())
    tokens = ["feed", "the", "hungry", "cat"]
    start = np.random.default_rng([5, zlib.crc32(b"feed the hungry cat")])
    vector = ((start.random(12) - 0.5) / 12).astype(np.float32)
    monkeypatch.setattr(models.doc2vec, "pseudorandom_weak_vector", lambda *_, **__: vector)
    made.model.random = np.random.RandomState(5)
    expected = made.model.infer_vector(tokens)
    np.testing.assert_allclose(made.infer([tokens])[0], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(made.infer(["feed the hungry cat"]), made.infer([tokens]))


def test_inference_finds_texts_of_the_same_kind() -> None:
    made = PvDbow(**(SETTINGS | {"epochs": 30, "subsample": 0.0}))
    vectors = made.fit(sentences(600))
    new = [["feed", "the", "hungry", "cat"], ["eat", "the", "ripe", "plum"], ["unheard"]]
    found = made.infer(new)
    np.testing.assert_array_equal(found, made.infer(new))
    assert not found[2].any()
    texts = sentences(600)
    for vector, word in zip(found[:2], ["feed", "eat"], strict=True):
        near = vectors.near(vector, 10)
        assert sum(word in texts[int(name) - 1] for name, _ in near) >= 8
    with pytest.raises(ValueError, match="call fit first"):
        PvDm().infer(["text"])


@pytest.mark.parametrize("method", [PvDm, PvDbow])
def test_a_saved_paragraph_model_infers_the_same(method: type[PvDm], tmp_path: Path) -> None:
    made = method(**SETTINGS, subsample=0, phrases=1, phrase_threshold=0.01)
    texts = [" ".join(tokens) for tokens in sentences()]
    made.fit(texts)
    read = method.load(made.save(tmp_path / "model.npz"))
    new = ["Feed the hungry cat!", "eat the ripe ripe plum tree", "unheard"]
    np.testing.assert_array_equal(read.infer(new), made.infer(new))
    assert (read.epochs, read.seed, read.subsample) == (made.epochs, made.seed, 0)
    assert made.infer(["the hungry cat"]).any()
    if made.words is not None:
        assert read.words is not None
        token = made.words.tokens[0]
        np.testing.assert_array_equal(read.words[token], made.words[token])


def test_new_texts_have_the_phrases_that_were_learnt() -> None:
    method = PvDbow(**SETTINGS, phrases=1)
    known = {"new_york", "in", "new", "york"}
    assert method.joined(["in", "new", "york", "york"], known) == ["in", "new_york", "york"]
    assert PvDbow(**SETTINGS).joined(["new", "york"], known) == ["new", "york"]


def test_a_tokenizer_of_one_s_own_must_be_named_again(tmp_path: Path) -> None:
    made = PvDbow(**SETTINGS)
    made.fit(Corpus([" ".join(tokens) for tokens in sentences()], tokenizer=str.split))
    path = made.save(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="trained with a tokenizer of your own: name it"):
        PvDbow.load(path)
    text = ["feed the hungry cat"]
    np.testing.assert_array_equal(PvDbow.load(path, str.split).infer(text), made.infer(text))


def test_another_or_a_spoilt_paragraph_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="call fit first"):
        PvDm().save(tmp_path / "model.npz")
    made = PvDbow(**SETTINGS)
    made.fit(sentences())
    path = made.save(tmp_path / "model.npz")
    with pytest.raises(DataError, match=r"model\.npz holds no PvDm"):
        PvDm.load(path)
    arrays = dict(np.load(path))
    plain = json.loads(arrays["settings"].tobytes())
    spoilt: list[tuple[dict[str, Any], str]] = [
        ({"outputs": arrays["outputs"][:, 1:]}, "expected outputs to be finite float32 of shape"),
        ({"inputs": arrays["inputs"] * np.float32(np.nan)}, "expected inputs to be finite"),
        ({"counts": arrays["counts"] * 0}, "counts to be whole numbers of at least 1"),
        ({"counts": arrays["counts"][1:]}, "different words with a count each"),
        ({"settings": np.frombuffer(b"{", np.uint8)}, "its settings are not JSON"),
        (settings_array(plain | {"window": "5"}), "has no setting window = '5'"),
        (settings_array(plain | {"epochs": 10**9}), "has no setting epochs = 1000000000"),
        (settings_array(plain | {"learning_rate": math.nan}), "no setting learning_rate = nan"),
        (settings_array(plain | {"unheard": 5}), "has no setting unheard = 5"),
        (settings_array(plain | {"dimensions": 13}), "expected inputs to be finite float32"),
        (settings_array([1]), "expected inputs to be finite float32"),
    ]
    for changes, message in spoilt:
        np.savez(path, **(arrays | changes))
        with pytest.raises(DataError, match=message):
            PvDbow.load(path)


def settings_array(settings: Any) -> dict[str, np.ndarray]:
    return {"settings": np.frombuffer(json.dumps(settings).encode(), np.uint8)}


def test_paragraphs_of_a_folder_have_the_names_of_its_files(tmp_path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text("one two three " * 5)
    vectors = PvDbow(**SETTINGS).fit(tmp_path)
    assert vectors.tokens == ["a.txt", "b.txt"]


def test_faults_are_named() -> None:
    with pytest.raises(DataError, match="no token occurs 5 times; the most frequent occurs 1"):
        Cbow().fit(["one text"])
    with pytest.raises(DataError, match="holds no tokens"):
        Cbow().fit([])
    with pytest.raises(ValueError, match="window expected at least 1, got 0"):
        Cbow(window=0)
    with pytest.raises(ValueError, match="phrases expected 0 to 4"):
        Cbow(phrases=9)
    with pytest.raises(DataError, match="method expected one of one-hot"):
        METHODS["glov"]
