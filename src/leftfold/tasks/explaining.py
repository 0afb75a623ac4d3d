"""What each word contributed to a class: integrated gradients, with their sum checked.

Between a text of nothing (all vectors zero) and the text itself lie texts whose vectors are scaled
by a share from 0 to 1. The score of a class changes along this way by the integral of its
gradient times the vectors, which falls apart into one number for each word. Their sum is therefore
the difference of the scores at both ends; how far the numeric integral misses it is reported.

Source: M. Sundararajan, A. Taly, Q. Yan, Axiomatic Attribution for Deep Networks, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from leftfold.engine import Tape, Tensor
from leftfold.tasks.networks import Plan, read
from leftfold.tasks.sequences import SequenceEncoder
from leftfold.tasks.texts import UNKNOWN, TextEncoder, Token, cut_middle

_POINTS = (32, 128, 512)
_BATCH = 64
_TOLERANCE = 0.01

Score = Callable[[list[Tensor]], Tensor]


@dataclass(frozen=True)
class Explanation:
    """Contributions to the score of one class.

    The score is the class's logit minus the mean of the others' (for two classes, the logarithm
    of the odds); `base + contributions.sum()` is the score, up to `gap`.

    Attributes:
        target: the class.
        probability: that the network gives it.
        tokens: words and where they stand in the text; empty for numeric sequences.
        contributions: one for each word `(words,)`, or each step and feature `(steps, features)`;
            0 for words that were cut off.
        base: the score of a text of nothing.
        score: of the text.
        gap: `score - base - contributions.sum()`, the error of the numeric integral.
        text: the text.
        unknown: for each word, whether it is none of the vocabulary.
    """

    target: Any
    probability: float
    tokens: tuple[Token, ...]
    contributions: np.ndarray
    base: float
    score: float
    gap: float
    text: str = ""
    unknown: tuple[bool, ...] = ()

    def pieces(self) -> list[tuple[str, float]]:
        """The whole text in pieces, each with its contribution; 0 for what lies between words."""
        found, at = [], 0
        for token, weight in zip(self.tokens, self.contributions, strict=True):
            if token.start > at:
                found.append((self.text[at : token.start], 0.0))
            found.append((self.text[token.start : token.stop], float(weight)))
            at = token.stop
        return [*found, (self.text[at:], 0.0)] if at < len(self.text) else found

    def strongest(self, most: int = 10) -> list[tuple[str, float]]:
        """The words that contribute most, added up over their occurrences, strongest first."""
        sums: dict[str, float] = {}
        for token, weight in zip(self.tokens, self.contributions, strict=True):
            sums[token.text] = sums.get(token.text, 0.0) + float(weight)
        return sorted(sums.items(), key=lambda item: -abs(item[1]))[:most]

    @property
    def largest(self) -> float:
        """The largest contribution of one word, of either sign."""
        return float(np.abs(self.contributions).max(initial=0.0))

    def summary(self) -> str:
        """`"pos 0.97: base +0.01, words +3.42, score +3.43 (error of the sum 0.000)"`."""
        total = float(self.contributions.sum())
        kind = "words" if self.tokens else "steps"
        return (
            f"{self.target} {self.probability:.2f}: base {self.base:+.2f}, {kind} {total:+.2f}, "
            f"score {self.score:+.2f} (error of the sum {self.gap:+.4f})"
        )

    def __rich__(self) -> Any:
        from rich.text import Text

        shown = Text()
        for piece, weight in self.pieces():
            share = min(1.0, abs(weight) / self.largest) if self.largest else 0.0
            shown.append(piece, style=_style(weight, share))
        return Text.assemble((self.summary(), "bold"), "\n", shown)

    def show(self) -> None:
        """Print it in colour: blue for the class, orange against it."""
        from rich.console import Console

        Console(highlight=False).print(self)

    def _repr_html_(self) -> str:
        spans = []
        for piece, weight in self.pieces():
            share = min(1.0, abs(weight) / self.largest) if self.largest else 0.0
            color = "0,114,178" if weight > 0 else "213,94,0"
            spans.append(
                f'<span title="{weight:+.3f}" style="background:rgba({color},{0.6 * share:.2f})">'
                f"{escape(piece)}</span>"
            )
        return f"<p><b>{escape(self.summary())}</b></p><p>{''.join(spans)}</p>"


def _style(weight: float, share: float) -> str:
    if share < 0.08:
        return ""
    level = 0.25 + 0.75 * share
    red, green, blue = (0, 114, 178) if weight > 0 else (196, 86, 0)
    return f"white on rgb({int(red * level)},{int(green * level)},{int(blue * level)})"


def explain_text(
    model: Any, plan: Plan, encoder: TextEncoder, text: str, classes: np.ndarray, code: int | None
) -> Explanation:
    """Explain what a text network says of one text; `code` is the class's number."""
    encoded = encoder.encode([text], whole=plan.sees_padding)
    numbers, layer = encoded["words"][0], _existing(model)
    vectors = [model.get_layer("word_vectors").get_weights()[0][numbers]]
    if encoder.pair_index:
        pairs = encoded["pairs"][0]
        vectors.append(model.get_layer("pair_vectors").get_weights()[0][pairs])

    def logits(tensors: list[Tensor]) -> Any:
        return read(plan, layer, tensors[0], tensors[1] if len(tensors) > 1 else None)

    probabilities = model.predict(encoded, verbose=0)[0]
    code = int(probabilities.argmax()) if code is None else code
    parts, base, score = _integrated(logits, vectors, code)
    every = encoder.tokens(text)
    places = list(cut_middle(range(len(every)), encoder.cut.longest))
    contributions = np.zeros(len(every))
    contributions[places] = parts[0].sum(-1)[: len(places)]
    if encoder.pair_index:
        _share_pairs(contributions, parts[1].sum(-1), pairs, every, places, encoder)
    unknown = tuple(encoder.index.get(token.text, UNKNOWN) == UNKNOWN for token in every)
    # What stands on padding belongs to no word: it counts for the text of nothing.
    base += float(parts[0].sum(-1)[len(places) :].sum())
    gap = score - base - float(contributions.sum())
    return Explanation(
        classes[code].item(), float(probabilities[code]), tuple(every), contributions, base, score,
        gap, text, unknown,
    )  # fmt: skip


def explain_steps(
    model: Any,
    plan: Plan,
    encoder: SequenceEncoder,
    sequence: np.ndarray,
    classes: np.ndarray,
    code: int | None,
) -> Explanation:
    """Explain what a sequence network says of one sequence, against one of means."""
    encoded = encoder.encode([sequence], whole=plan.sees_padding)
    layer, steps = _existing(model), encoded["steps"][0]
    probabilities = model.predict(encoded, verbose=0)[0]
    code = int(probabilities.argmax()) if code is None else code
    parts, base, score = _integrated(
        lambda tensors: read(plan, layer, tensors[0], None), [steps], code
    )
    contributions = np.zeros(sequence.shape)
    read_steps = min(len(sequence), encoder.cut.longest)
    contributions[len(sequence) - read_steps :] = parts[0][:read_steps]
    base += float(parts[0][read_steps:].sum())
    gap = score - base - float(contributions.sum())
    return Explanation(
        classes[code].item(), float(probabilities[code]), (), contributions, base, score, gap
    )


def _existing(model: Any) -> Callable[[str, Any], Any]:
    """The model's own layers, by name."""
    return lambda name, make: model.get_layer(name)


def _integrated(
    logits: Callable[[list[Tensor]], Any], vectors: list[np.ndarray], code: int
) -> tuple[list[np.ndarray], float, float]:
    """Contributions of the elements of each array, the score of nothing, and that of all.

    The integral is taken at more points until it is right to a hundredth of the score's change.
    """
    ends = [np.stack([np.zeros_like(array), array]) for array in vectors]
    base, score = _scores(logits([Tensor(array) for array in ends]), code).data.tolist()
    for points in _POINTS:
        shares = ((np.arange(points) + 0.5) / points).astype(np.float32)
        sums = [np.zeros(array.shape) for array in vectors]
        for at in range(0, points, _BATCH):
            for total, part in zip(
                sums, _gradients(logits, vectors, shares[at : at + _BATCH], code), strict=True
            ):
                total += part
        parts = [array * total / points for array, total in zip(vectors, sums, strict=True)]
        gap = score - base - sum(float(part.sum()) for part in parts)
        if abs(gap) <= _TOLERANCE * max(0.1, abs(score - base)):
            break
    return parts, base, score


def _gradients(
    logits: Callable[[list[Tensor]], Any], vectors: list[np.ndarray], shares: np.ndarray, code: int
) -> list[np.ndarray]:
    """The gradient of the score by each array, added up over the shares."""
    scaled = [
        Tensor(shares.reshape(-1, *[1] * array.ndim) * array, tracked=True) for array in vectors
    ]
    with Tape() as tape:
        score = _scores(logits(scaled), code)
    found = tape.gradient(score, scaled)
    return [
        np.zeros(array.shape) if gradient is None else np.asarray(gradient, np.float64).sum(0)
        for array, gradient in zip(vectors, found, strict=True)
    ]


def _scores(logits: Any, code: int) -> Any:
    """The logit of a class minus the mean of the others', `(rows,)`."""
    classes = logits.shape[-1]
    weights = np.full((classes, 1), -1.0 / (classes - 1), np.float32)
    weights[code] = 1.0
    return (logits @ weights)[:, 0]


def _share_pairs(
    contributions: np.ndarray,
    weights: np.ndarray,
    numbers: np.ndarray,
    tokens: list[Token],
    places: list[int],
    encoder: TextEncoder,
) -> None:
    """Add what the second branch says: each pair's part to its words, shared equally."""
    weight_of = dict(zip(numbers.tolist(), weights.tolist(), strict=True))
    where: dict[int, list[int]] = {}
    names = [tokens[place].text for place in places]
    for at, name in enumerate(names):
        single = encoder.pair_index.get(name)
        if single is not None:
            where.setdefault(single, []).append(places[at])
        pair = encoder.pair_index.get(" ".join(names[at : at + 2])) if at + 1 < len(names) else None
        if pair is not None:
            where.setdefault(pair, []).extend((places[at], places[at + 1]))
    for number, positions in where.items():
        np.add.at(contributions, positions, weight_of[number] / len(positions))
