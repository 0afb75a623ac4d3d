"""How well a writer foretells a text it has not seen, beside counts of short runs of tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from leftfold.tasks.evaluation import Interval, bootstrap_interval
from leftfold.tasks.text.ngrams import KneserNey, best_order, longest_order
from leftfold.tasks.text.tokens import Tokens

_STRETCH = 500
"""Characters that are drawn together for intervals: what stands close together is alike."""


@dataclass(frozen=True)
class Foretold:
    """How one model foretells a text.

    Attributes:
        name: of the model.
        nats: mean loss for each character, what is unknown spelt out.
        perplexity: among how many equally likely tokens it chooses, on average.
    """

    name: str
    nats: float
    perplexity: float

    @property
    def bits(self) -> float:
        """Bits per character: the size of the text if it were compressed with this model."""
        return self.nats / math.log(2)


@dataclass
class TextEvaluation:
    """What `TextGenerator.evaluate` finds out.

    Attributes:
        model: the network.
        references: counts of runs of tokens on the same text, if the training text was given.
        characters: of the text that were foretold.
        tokens: likewise.
        unknown: share of them that are outside the vocabulary.
        nats: the network's loss per character with its interval.
        lead: by how many nats per character the best reference is worse, with its interval.
        losses: of the network for each token, nats.
        repeated: share of the text's longer lines that stand in the training text as well.
    """

    model: Foretold
    references: list[Foretold]
    characters: int
    tokens: int
    unknown: float
    nats: Interval
    lead: Interval | None
    losses: np.ndarray = field(repr=False)
    repeated: float | None = None

    def verdict(self) -> str:
        """Whether the network is worth its while, in a sentence."""
        if self.lead is None or not self.references:
            return f"{self.model.nats:.4f} nats per character; nothing to compare it with."
        best = min(self.references, key=lambda reference: reference.nats)
        amount = f"{abs(self.lead.value):.4f} nats per character"
        bounds = f"95% interval of the lead {self.lead.low:.4f} to {self.lead.high:.4f}"
        if not self.lead.excludes_zero:
            return f"No clear difference between the network and {best.name} ({bounds})."
        if self.lead.value > 0:
            return f"The network beats {best.name} by {amount} ({bounds})."
        return f"The network loses to {best.name} by {amount} ({bounds}): use the counts instead."


def evaluate_losses(
    tokens: Tokens,
    text: str,
    losses: np.ndarray,
    references: dict[str, np.ndarray],
    repeated: float | None = None,
) -> TextEvaluation:
    """Put the losses of a network beside those of references.

    Args:
        tokens: the vocabulary.
        text: all of whose tokens but the first were foretold.
        losses: the network's, `(tokens - 1,)`.
        references: those of others by name, likewise.
        repeated: see `TextEvaluation`.
    """
    ids = tokens.encode(text)[1:]
    spelling = tokens.spelling_costs(text)[1:]
    lengths = np.array([len(piece) for piece in tokens.split(text)])[1:]
    characters = int(lengths.sum())

    def foretold(name: str, found: np.ndarray) -> Foretold:
        nats = float((found + spelling).sum() / characters)
        return Foretold(name, nats, float(np.exp(found.mean())))

    own = foretold("network", losses)
    others = [foretold(name, found) for name, found in references.items()]
    stretches = np.cumsum(lengths) // _STRETCH

    def per_character(costs: np.ndarray, lengths: np.ndarray) -> float:
        return float(costs.sum() / lengths.sum())

    interval = _interval(per_character, losses + spelling, lengths, stretches)
    lead = None
    if others:
        best = references[min(others, key=lambda other: other.nats).name]
        lead = _interval(per_character, best - losses, lengths, stretches)
    unknown = float((ids == 0).mean()) if tokens.has_unknown else 0.0
    return TextEvaluation(
        own, others, characters, len(ids), unknown, interval, lead, losses, repeated
    )


def _interval(
    metric: object, costs: np.ndarray, lengths: np.ndarray, stretches: np.ndarray
) -> Interval:
    starts = np.flatnonzero(np.diff(stretches, prepend=-1))
    return bootstrap_interval(
        metric,  # type: ignore[arg-type]
        np.add.reduceat(costs, starts),
        np.add.reduceat(lengths, starts),
    )


def reference_losses(train: np.ndarray, ids: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """What counts of the training text make of a text that goes on after it.

    Alone, in pairs, and in runs of the length that does best on the last tenth of the training
    text.

    Args:
        train: token ids of the training text.
        ids: those of the text to foretell.
        size: of the vocabulary.

    Returns:
        Losses in nats of all tokens of `ids` but the first, by name.
    """
    most = longest_order(size)
    cut = max(1, len(train) * 9 // 10)
    order, _ = best_order(train[:cut], train[cut:], size, range(1, most + 1))
    named = {"frequencies": 1, "pairs": 2, f"runs of {order} (Kneser-Ney)": order}
    if order <= 2:
        named = {name: n for name, n in named.items() if n <= order and "Kneser" not in name}
    found = {}
    for name, length in named.items():
        found[name] = -np.log(KneserNey(train, size, length).probabilities(ids)[1:])
    return found


def repeated_lines(train: str, text: str, least: int = 40) -> float:
    r"""The share of a text's lines of at least so many letters that the training text has too.

    Example:
        >>> repeated_lines("the very same line\n", "the very same line\nanother line\n", 10)
        0.5
    """
    known = {line.strip() for line in train.splitlines()}
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= least]
    return sum(line in known for line in lines) / max(1, len(lines))
