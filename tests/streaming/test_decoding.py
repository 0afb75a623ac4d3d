"""`decode`: every way of writing, against the whole model at once and against all targets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import streaming
from leftfold.models import EncoderDecoder
from leftfold.models.seq2seq.stepping import Decoding

SOURCE = [[5, 6, 7, 8], [9, 4], [3], [7, 7, 7]]

KINDS: list[dict[str, Any]] = [
    {},
    {"attention": "luong-dot", "cell": "lstm", "layers": 2, "tie_embeddings": True},
    {"attention": "luong-concat", "cell": "simple_rnn"},
    {"attention": "bahdanau", "cell": "lstm"},
    {"attention": "bahdanau", "input_feeding": True},
    {"attention": None},
    {"input_feeding": True, "bidirectional": False},
]


def model_for(target_size: int = 12, spread: float = 1.0, **settings: Any) -> EncoderDecoder:
    leftfold.utils.set_random_seed(7)
    model = EncoderDecoder(10, target_size, 4, 6, **settings)
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.normal(0, spread, weight.shape))
    return model


def log_probabilities(model: EncoderDecoder, source: list[int], words: list[int]) -> np.ndarray:
    """Of each of `words`, by the whole model at once."""
    read = np.array([[model.START, *words[:-1]]])
    logits = model((np.array([source]), read)).numpy()[0].astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen: np.ndarray = logs[np.arange(len(words)), words]
    return chosen


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_steps_give_what_the_whole_model_gives(settings: dict[str, Any]) -> None:
    model = model_for(**settings)
    source = np.array([[5, 6, 7, 8], [9, 4, 0, 0]])
    words = np.array([[1, 5, 6, 3], [1, 9, 9, 4]])
    whole = model((source, words)).numpy()
    decoding = Decoding(model, source)
    steps = [decoding.step(column) for column in words.T]
    np.testing.assert_allclose(np.stack(steps, axis=1), whole, atol=2e-5)


def test_rows_may_be_repeated_reordered_and_dropped_between_steps() -> None:
    for settings in KINDS:
        model = model_for(**settings)
        source = np.array([[5, 6, 7, 8], [9, 4, 0, 0], [3, 3, 0, 0]])
        decoding = Decoding(model, source)
        decoding.step(np.array([1, 1, 1]))
        decoding.choose(np.array([0, 0, 2]))
        decoding.keep(np.array([0, 2]))
        decoding.step(np.array([5, 6, 7]))
        decoding.choose(np.array([1, 0, 2]))
        last = decoding.step(np.array([8, 9, 4]))
        histories = [(0, [1, 6, 8]), (0, [1, 5, 9]), (2, [1, 7, 4])]
        for row, (sentence, words) in enumerate(histories):
            whole = model((source[[sentence]], np.array([words]))).numpy()[0, -1]
            np.testing.assert_allclose(last[row], whole, atol=2e-5)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_greedy_writes_the_likeliest_word_at_each_step(settings: dict[str, Any]) -> None:
    model = model_for(**settings)
    for source, result in zip(SOURCE, streaming.decode(model, SOURCE, max_length=6), strict=True):
        words = [*result.tokens, *([model.END] if result.finished else [])]
        assert result.finished or len(words) == 6
        read = np.array([[model.START, *words[:-1]]])
        logits = model((np.array([source]), read)).numpy()[0]
        logits[:, :2] = -np.inf
        assert logits.argmax(-1).tolist() == words
        total = log_probabilities(model, source, words).sum()
        assert result.log_probability == pytest.approx(total, abs=1e-4)
        assert result.score == pytest.approx(total / len(words), abs=1e-4)


def test_attention_is_that_of_the_whole_model_and_of_the_source_only() -> None:
    for beams in (1, 3):
        model = model_for()
        results = streaming.decode(model, SOURCE, beams=beams, max_length=5)
        for source, result in zip(SOURCE, results, strict=True):
            words = [*result.tokens, *([model.END] if result.finished else [])]
            encoded = model.encode(np.array([source]))
            read = np.array([[model.START, *words[:-1]]], np.int32)
            weights = model.decoder.write(read, encoded).weights.numpy()[0]
            assert result.attention is not None
            np.testing.assert_allclose(result.attention, weights, atol=1e-5)
    assert streaming.decode(model_for(attention=None), SOURCE)[0].attention is None


def totals_of(model: EncoderDecoder, source: list[int], targets: list[list[int]]) -> np.ndarray:
    """The logarithms of the probabilities of many targets, by the whole model at once."""
    longest = max(map(len, targets))
    words = np.array([[*t, *[0] * (longest - len(t))] for t in targets])
    read = np.concatenate([np.full((len(words), 1), model.START), words[:, :-1]], axis=1)
    logits = model((np.array([source] * len(words)), read)).numpy().astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(logs, words[..., None], 2)[..., 0]
    totals: np.ndarray = np.where(words > 0, chosen, 0).sum(1)
    return totals


def every_target(size: int, longest: int) -> list[list[int]]:
    """All that can be written: ended within `longest` words, or cut off there."""
    words = [w for w in range(3, size)]
    found = []
    for length in range(longest):
        found += [[*text, 2] for text in itertools.product(words, repeat=length)]
    return found + [list(text) for text in itertools.product(words, repeat=longest)]


@pytest.mark.parametrize("early_stop", [True, False])
@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("attention", ["luong-general", "bahdanau", None])
def test_a_wide_beam_finds_what_exhaustive_search_finds(
    attention: str | None, penalty: float, early_stop: bool
) -> None:
    model = model_for(target_size=6, attention=attention)
    longest = 4
    results = streaming.decode(
        model, SOURCE, beams=200, max_length=longest, length_penalty=penalty, early_stop=early_stop
    )
    targets = every_target(6, longest)
    for source, result in zip(SOURCE, results, strict=True):
        scores = {
            tuple(words): total / len(words) ** penalty
            for words, total in zip(targets, totals_of(model, source, targets), strict=True)
        }
        best = max(scores, key=lambda words: scores[words])
        assert (*result.tokens, *([2] if result.finished else [])) == best
        assert result.score == pytest.approx(scores[best], abs=1e-4)
        if not early_stop:
            assert len(result.others) + 1 == len(scores)
            everything = [result, *result.others]
            assert [r.score for r in everything] == pytest.approx(
                sorted(scores.values(), reverse=True), abs=1e-4
            )


def plain_beam_search(
    model: EncoderDecoder, source: list[int], beams: int, longest: int, penalty: float
) -> list[tuple[list[int], float]]:
    """The same search for one sentence, every prefix read again."""
    living: list[tuple[list[int], float]] = [([], 0.0)]
    ended: list[tuple[list[int], float]] = []
    for _ in range(longest):
        longer = [[*words, word] for words, _ in living for word in range(2, model.target_size)]
        ways = list(zip(longer, totals_of(model, source, longer).tolist(), strict=True))
        ways = sorted(ways, key=lambda way: -way[1])[: beams - len(ended)]
        ended += [way for way in ways if way[0][-1] == 2]
        living = [way for way in ways if way[0][-1] != 2]
        if not living:
            break
    return sorted(ended + living, key=lambda way: -way[1] / len(way[0]) ** penalty)


@pytest.mark.parametrize("settings", KINDS[:4], ids=str)
@pytest.mark.parametrize("beams", [2, 3, 5])
def test_a_narrow_beam_finds_what_a_plain_search_finds(
    settings: dict[str, Any], beams: int
) -> None:
    model = model_for(target_size=9, **settings)
    for batch_size in (2, 128):
        results = streaming.decode(
            model, SOURCE, beams=beams, max_length=5, early_stop=False, batch_size=batch_size
        )
        early = streaming.decode(model, SOURCE, beams=beams, max_length=5, batch_size=batch_size)
        for source, result, quick in zip(SOURCE, results, early, strict=True):
            wanted = plain_beam_search(model, source, beams, 5, 1.0)
            found = [[*r.tokens, *([2] if r.finished else [])] for r in (result, *result.others)]
            assert found == [words for words, _ in wanted]
            assert quick.tokens == result.tokens


def test_sentences_have_limits_of_their_own() -> None:
    model = model_for()
    model.decoder.output_bias.assign(np.where(np.arange(12) == 2, -1e9, 0))  # nothing ever ends
    for beams in (1, 3):
        results = streaming.decode(model, SOURCE, beams=beams, max_length=[3, 1, 4, 2])
        assert [len(r.tokens) for r in results] == [3, 1, 4, 2]
        assert not any(r.finished for r in results)
        results = streaming.decode(model, SOURCE, beams=beams)
        assert [len(r.tokens) for r in results] == [18, 14, 12, 16]


def test_padding_and_start_are_never_written() -> None:
    model = model_for()
    model.decoder.output_bias.assign(np.where(np.arange(12) < 2, 50, 0))
    for settings in ({}, {"beams": 3}, {"temperature": 1.0, "seed": 1}):
        for result in streaming.decode(model, SOURCE, **settings):  # type: ignore[arg-type]
            assert all(token > 2 for token in result.tokens)


def test_draws_follow_the_probabilities() -> None:
    model = model_for(target_size=6, spread=0.5)
    results = streaming.decode(model, [[5, 6]] * 4000, temperature=0.7, seed=3, max_length=1)
    counts = np.bincount([(r.tokens or [2])[0] for r in results], minlength=6) / 4000
    logits = model((np.array([[5, 6]]), np.array([[1]]))).numpy()[0, 0].astype(np.float64) / 0.7
    expected = np.exp(logits)
    expected[:2] = 0
    np.testing.assert_allclose(counts, expected / expected.sum(), atol=0.03)


def test_draws_stay_among_the_likeliest() -> None:
    model = model_for(spread=0.3)
    logits = model((np.array([[5, 6]]), np.array([[1]]))).numpy()[0, 0]
    ranks = 2 + np.argsort(-logits[2:])
    run: Callable[..., Any] = streaming.decode
    results = run(model, [[5, 6]] * 300, temperature=1.0, top_k=3, seed=1, max_length=1)
    assert {(r.tokens or [2])[0] for r in results} == set(ranks[:3].tolist())
    results = run(model, [[5, 6]] * 50, temperature=1.0, top_p=1e-6, seed=1, max_length=1)
    assert {(r.tokens or [2])[0] for r in results} == {int(ranks[0])}
    first = run(model, SOURCE, temperature=1.0, seed=4)
    again = run(model, SOURCE, temperature=1.0, seed=4)
    assert [r.tokens for r in first] == [r.tokens for r in again]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beams": 0}, "expected beams to be a positive integer, got 0"),
        ({"max_length": 0}, "expected max_length to be a positive integer"),
        ({"length_penalty": -1}, "expected length_penalty of at least 0"),
        ({"temperature": -1}, "temperature expected a number of at least 0"),
        ({"temperature": 1.0, "beams": 2}, "expected one beam where words are drawn"),
        ({"top_p": 0}, "top_p expected a number above 0"),
        ({"top_k": 3}, "expected a temperature above 0 where top_k or top_p"),
        ({"top_p": 0.5}, "expected a temperature above 0 where top_k or top_p"),
        ({"max_length": [1, 2]}, r"one for each of \d+ sources, got \[1, 2\]"),
        ({"source": [[]]}, "at least one id in each row"),
        ({"source": [[10]]}, "expected ids from 1 to 9"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    settings = {"source": SOURCE, **settings}
    with pytest.raises(ValueError, match=message):
        streaming.decode(model_for(), **settings)


def test_a_model_that_is_no_numbers_is_refused() -> None:
    model = model_for()
    model.decoder.output_bias.assign(np.full(12, np.nan))
    for beams in (1, 2):
        with pytest.raises(ValueError, match="scores that are no numbers"):
            streaming.decode(model, SOURCE, beams=beams)


def test_nothing_to_decode_gives_nothing() -> None:
    assert streaming.decode(model_for(), []) == []
