"""One-hot, hashed and n-gram features against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors.corpus import Corpus, words
from leftfold.vectors.murmur import murmur
from leftfold.vectors.sparse import BagOfNgrams, HashedOneHot, OneHot

text = pytest.importorskip("sklearn.feature_extraction.text")

TEXTS = [
    "It's a good, good film!",
    "Not a bad film",
    "na\u00efve caf\u00e9 \U0001f600 talk",
    "film",
]


def test_one_hot_is_that_of_scikit_learn() -> None:
    ours = OneHot().fit(TEXTS)
    theirs = text.CountVectorizer(analyzer=words, binary=True)
    expected = theirs.fit_transform(TEXTS).toarray()
    order = [ours.features.index(name) for name in theirs.get_feature_names_out()]
    np.testing.assert_array_equal(ours.matrix.toarray()[:, order], expected)


def test_steps_of_a_text_are_one_hot_each() -> None:
    one_hot = OneHot(min_count=2)
    one_hot.fit(TEXTS)
    steps = one_hot.steps(["film", "unheard", "good"]).toarray()
    assert [one_hot.vocabulary[row.argmax()] for row in steps[[0, 2]]] == ["film", "good"]
    assert steps.sum(1).tolist() == [1, 0, 1]


@pytest.mark.parametrize("signed", [False, True])
def test_hashed_features_are_those_of_scikit_learn(signed: bool) -> None:
    ours = HashedOneHot(size=16, signed=signed).fit(TEXTS)
    theirs = text.HashingVectorizer(
        n_features=16, analyzer=words, norm=None, alternate_sign=signed
    ).transform(TEXTS)
    np.testing.assert_array_equal(ours.matrix.toarray(), theirs.toarray())


def test_the_hash_is_that_of_scikit_learn() -> None:
    from sklearn.utils import murmurhash3_32

    for word in ("", "a", "ab", "abc", "abcd", "na\u00efve", "caf\u00e9s", "\U0001f600" * 3):
        assert murmur(word) == murmurhash3_32(word, seed=0)


def test_collisions_are_counted_and_near_what_chance_gives() -> None:
    hashed = HashedOneHot(size=1000)
    hashed.fit([" ".join(f"w{i}" for i in range(700))])
    found = hashed.collisions
    assert found is not None
    columns = [hashed.place(f"w{i}")[0] for i in range(700)]
    assert found.rate == sum(columns.count(c) > 1 for c in columns) / 700
    assert found.running == pytest.approx(found.rate)
    assert found.rate == pytest.approx(found.expected, abs=0.06)
    assert "share one of 1,000 columns" in str(found)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"longest": 3}, {"ngram_range": (1, 3)}),
        (
            {"shortest": 2, "longest": 2, "weights": "binary"},
            {"ngram_range": (2, 2), "binary": True},
        ),
        ({"longest": 2, "min_texts": 2}, {"ngram_range": (1, 2), "min_df": 2}),
        ({"most": 3}, {"max_features": 3}),
    ],
)
def test_bags_are_those_of_scikit_learn(settings: dict, options: dict) -> None:
    ours = BagOfNgrams(**settings).fit(TEXTS)
    theirs = text.CountVectorizer(tokenizer=words, token_pattern=None, **options)
    np.testing.assert_array_equal(ours.matrix.toarray(), theirs.fit_transform(TEXTS).toarray())
    assert ours.features == theirs.get_feature_names_out().tolist()


def test_tf_idf_is_that_of_scikit_learn() -> None:
    bag = BagOfNgrams(longest=2, weights="tfidf")
    ours = bag.fit(TEXTS)
    theirs = text.TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, 2))
    np.testing.assert_allclose(
        ours.matrix.toarray(), theirs.fit_transform(TEXTS).toarray(), rtol=1e-5
    )
    new = ["a film film", "unheard"]
    np.testing.assert_allclose(
        bag.transform(new).matrix.toarray(), theirs.transform(new).toarray(), rtol=1e-5
    )


def test_bad_settings_and_empty_corpora_are_named() -> None:
    with pytest.raises(ValueError, match="size expected 1 to"):
        HashedOneHot(size=0)
    with pytest.raises(ValueError, match="expected 1 <= shortest <= longest, got 2 and 1"):
        BagOfNgrams(shortest=2)
    with pytest.raises(ValueError, match="weights expected one of"):
        BagOfNgrams(weights="bm25")
    for method in (OneHot(), HashedOneHot(), BagOfNgrams()):
        with pytest.raises(DataError, match="holds no tokens"):
            method.fit(Corpus(["", "!"]))
