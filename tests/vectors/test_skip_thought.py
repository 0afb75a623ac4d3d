"""Skip-thought: what it learns, the words it learns to read, files."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.saving import SavingError
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Corpus
from leftfold.vectors.sentence_encoder import SentenceEncoder
from leftfold.vectors.skip_thought import SkipThought


def stories(count: int = 150, seed: int = 0) -> list[str]:
    """Texts about the sea or the town, with a middle sentence that two neighbours surround."""
    random = np.random.default_rng(seed)
    parts = {
        "sea": ["the wave rose", "a fish swam", "the boat sailed"],
        "town": ["the car stopped", "a bus turned", "the street slept"],
    }
    texts = []
    for _ in range(count):
        sentences = parts[random.choice(list(parts))]
        texts.append(". ".join(random.permutation(sentences)) + ".")
    return texts


OPTIONS = {
    "dimensions": 12,
    "word_dimensions": 8,
    "epochs": 15,
    "batch_size": 8,
    "learning_rate": 0.01,
}


@pytest.fixture(scope="module")
def trained() -> SkipThought:
    method = SkipThought(**OPTIONS)
    method.fit(Corpus(stories(), sentences=True))
    return method


def test_sentences_with_like_neighbours_come_to_lie_together(trained):
    encoder = trained.encoder
    sea = encoder.encode(["the wave rose", "a fish swam", "the boat sailed"])
    town = encoder.encode(["the car stopped", "a bus turned", "the street slept"])
    centres = sea.mean(0), town.mean(0)
    for vectors, own, other in ((sea, *centres), (town, *centres[::-1])):
        near, far = (np.linalg.norm(vectors - centre, axis=1) for centre in (own, other))
        assert (near < far).all()
    assert trained.losses[-1] < trained.losses[0] / 2


def test_a_sentence_has_one_vector_whatever_is_beside_it(trained):
    encoder = trained.encoder
    alone = encoder.encode(["a fish swam"])
    among = encoder.encode(["the wave rose the boat sailed", "a fish swam", "nothing known"])
    np.testing.assert_allclose(among[1], alone[0], atol=1e-6)
    assert not encoder.encode(["!", "unknown"]).any()
    np.testing.assert_array_equal(encoder.encode([["a", "fish", "swam"]]), alone)


def test_the_same_seed_learns_the_same():
    corpus = Corpus(stories(20), sentences=True)
    runs = [SkipThought(**OPTIONS | {"epochs": 1}, seed=s).fit(corpus) for s in (0, 0, 1)]
    assert runs[0].matrix.tobytes() == runs[1].matrix.tobytes() != runs[2].matrix.tobytes()


def test_wide_vectors_teach_it_to_read_words_that_it_never_saw(trained):
    """Where wide vectors are the network's own times a matrix, the map finds the way back."""
    known = trained.encoder
    random = np.random.default_rng(0)
    through = random.normal(size=(8, 9))
    twin = known.table[known.tokens.index("fish")]
    table = np.concatenate([known.table, [twin]]) @ through
    wide = WordVectors([*known.tokens, "herring"], table)
    method = SkipThought(**OPTIONS, wide=wide)
    method.fit(Corpus(stories(), sentences=True))
    vectors = method.encoder.encode(["a herring swam", "a fish swam"])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-3)
    assert not trained.encoder.encode(["herring"]).any()


def test_words_begin_at_wide_vectors_of_their_dimensions(trained):
    tokens = trained.encoder.tokens
    wide = WordVectors(tokens, np.random.default_rng(0).normal(size=(len(tokens), 8)))
    method = SkipThought(**OPTIONS | {"learning_rate": 1e-7, "epochs": 1}, wide=wide)
    method.fit(Corpus(stories(5), sentences=True))
    known = method.encoder.tokens
    np.testing.assert_allclose(method.encoder.table, wide[known], atol=1e-4)


def test_wide_vectors_with_too_few_common_words_are_refused():
    with pytest.raises(DataError, match="wide vectors"):
        SkipThought(**OPTIONS, wide=WordVectors(["fish"], [[1.0]])).fit(
            Corpus(stories(5), sentences=True)
        )


def test_an_encoder_is_the_same_from_a_file(trained, tmp_path):
    path = trained.encoder.save(tmp_path / "encoder.npz")
    again = SentenceEncoder.load(path)
    sentences = ["the wave rose", "a bus turned"]
    np.testing.assert_array_equal(again.encode(sentences), trained.encoder.encode(sentences))
    sound = dict(np.load(path))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(SavingError, match="is not a file of NumPy arrays"):
        SentenceEncoder.load(path)
    for name, array in sound.items():
        np.savez(path, **{**sound, name: np.float32(1)})
        with pytest.raises(DataError):
            SentenceEncoder.load(path)
        np.savez(path, **{other: kept for other, kept in sound.items() if other != name})
        with pytest.raises(DataError, match=f"has no array '{name}'"):
            SentenceEncoder.load(path)
        np.savez(path, **{**sound, name: np.zeros(array.shape, "S9")})
        with pytest.raises(DataError, match="is no array of numbers"):
            SentenceEncoder.load(path)


def test_a_text_is_the_mean_of_its_sentences(trained):
    encoder = trained.encoder
    parts = encoder.encode(["The wave rose.", "A fish swam!"])
    texts = ["The wave rose. A fish swam! Unheard.", "", "A fish swam!"]
    found = encoder.infer(texts)
    np.testing.assert_allclose(found[0], parts.mean(0), atol=1e-6)
    np.testing.assert_allclose(found[2], parts[1], atol=1e-6)
    assert not found[1].any()


def test_texts_without_three_sentences_are_refused():
    with pytest.raises(DataError, match="three sentences"):
        SkipThought(**OPTIONS).fit(Corpus(["one. two.", "three."], sentences=True))
