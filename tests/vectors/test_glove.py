"""GloVe from texts to vectors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.engine import config
from leftfold.vectors.cooccurrence import count_cooccurrences, harmonic
from leftfold.vectors.corpus import Corpus
from leftfold.vectors.count_blocks import BLOCKS, arrange
from leftfold.vectors.glove import GloVe


def grammar(sentences: int = 3_000, seed: int = 0) -> list[str]:
    """Sentences in which animals drink and vehicles drive, else alike."""
    random = np.random.default_rng(seed)
    kinds = [
        (["cat", "dog", "cow", "goat"], ["drinks", "milk", "water"]),
        (["car", "bus", "truck", "van"], ["needs", "fuel", "oil"]),
    ]
    texts = []
    for _ in range(sentences):
        subjects, (verb, *objects) = kinds[random.integers(2)]
        texts.append(f"the {random.choice(subjects)} {verb} some {random.choice(objects)}")
    return texts


def test_words_that_are_used_alike_come_to_lie_together():
    vectors = GloVe(dimensions=8, window=4, epochs=40).fit(grammar())
    animals, vehicles = vectors[["cat", "dog", "cow", "goat"]], vectors[["car", "bus", "van"]]
    within = [np.linalg.norm(group - group.mean(0), axis=1).max() for group in (animals, vehicles)]
    assert max(within) < np.linalg.norm(animals.mean(0) - vehicles.mean(0)) / 2


def test_products_are_the_logarithms_of_counts():
    """With as many dimensions as words the objective can be brought near zero."""
    method = GloVe(dimensions=16, window=4, epochs=400, learning_rate=0.1)
    method.fit(grammar(200))
    assert method.losses[-1] < 1e-3
    assert method.losses[-1] < method.losses[0] / 100


def test_contexts_are_added_on_demand_and_explain_the_counts_together_with_the_words():
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(list("abcdef"), 12, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05]))] * 3
    texts += [" ".join(random.choice(list("abcdef"), 12)) for _ in range(100)]
    settings = dict(dimensions=6, window=3, min_count=1, epochs=1000, learning_rate=0.5)
    method = GloVe(**settings)
    counts = method.count(texts)
    words = method.fit_counts(counts).matrix
    contexts = GloVe(**settings, contexts=True).fit_counts(counts).matrix - words

    def centred(table: np.ndarray) -> np.ndarray:
        """Without what biases can explain."""
        return table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()

    logs = centred(np.log(np.asarray(counts.counts).reshape(6, 6)))
    assert np.abs(logs).max() > 0.05
    np.testing.assert_allclose(centred(words @ contexts.T), logs, atol=0.02)


def test_the_seed_alone_decides_whatever_the_threads():
    texts = grammar(300)
    results = []
    for threads, seed in ((1, 0), (2, 0), (5, 0), (2, 1)):
        config.set_threads(threads)
        results.append(GloVe(dimensions=5, epochs=3, seed=seed).fit(texts).matrix.tobytes())
    assert results[0] == results[1] == results[2]
    assert results[0] != results[3]


def test_progress_goes_from_epoch_to_epoch_and_ends_with_the_loss():
    told = []
    method = GloVe(dimensions=3, epochs=2, progress=told.append)
    method.fit(grammar(100))
    assert [p.loss for p in told if p.share == 1] == method.losses
    assert [p.epoch for p in told] == sorted(p.epoch for p in told)


def test_blocks_of_a_round_share_neither_words_nor_contexts_and_hold_every_count_once():
    corpus = Corpus(grammar(500)).encoded()
    counts = count_cooccurrences(corpus, corpus.vocabulary(), harmonic(4))
    blocks = arrange(counts)
    assert blocks.starts.shape == (BLOCKS, BLOCKS + 1)
    for starts in blocks.starts:
        parts = [slice(a, b) for a, b in itertools.pairwise(starts)]
        for side in (blocks.rows, blocks.columns):
            taken = [set(side[part].tolist()) for part in parts]
            assert sum(map(len, taken)) == len(set().union(*taken))
    rows = np.repeat(np.arange(len(counts.tokens)), np.diff(counts.starts))
    logs = np.log(counts.counts)
    expected = zip(rows.tolist(), counts.columns.tolist(), logs.tolist(), strict=True)
    arranged = blocks.rows, blocks.columns, blocks.log_counts
    found = zip(*(array.tolist() for array in arranged), strict=True)
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("name", ["dimensions", "window", "epochs", "x_max", "learning_rate"])
def test_settings_that_mean_nothing_are_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        GloVe(**{name: 0})


def test_contexts_other_than_true_or_false_are_refused():
    with pytest.raises(ValueError, match="contexts to be True or False, got 'no'"):
        GloVe(contexts="no")


def test_texts_of_single_words_are_refused():
    with pytest.raises(DataError, match="near each other"):
        GloVe(min_count=1).fit(["a", "b"])


def test_a_rate_that_diverges_is_named():
    with pytest.raises(DataError, match="learning_rate"), np.errstate(all="ignore"):
        GloVe(dimensions=4, min_count=1, learning_rate=1e30).fit(grammar(50))
