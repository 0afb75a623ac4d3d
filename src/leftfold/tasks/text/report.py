"""The report on a `TextGenerator`: how well it foretells, where it fails, what it writes."""

from __future__ import annotations

import platform
import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold._version import __version__
from leftfold.models.drawing import model_to_dot
from leftfold.tasks.report import Page, figures
from leftfold.tasks.text.evaluation import Foretold, TextEvaluation

_PASSAGE = 1500
_WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("the likeliest token each time", {"temperature": 0.0}),
    ("temperature 0.5", {"temperature": 0.5}),
    (
        "temperature 0.8, the likeliest tokens with 95% together",
        {"temperature": 0.8, "top_p": 0.95},
    ),
    ("temperature 1", {"temperature": 1.0}),
    ("beam search with 8 beams", {"beams": 8}),
)
_SMALL = 100_000
_UNKNOWN = 0.02
_REPEATED = 0.05


@dataclass
class Told:
    """What a report needs to know beyond the fitted writer.

    Attributes:
        source: where the text comes from.
        train: the text that `fit` got.
        test: the text that was held out.
        evaluation: the result on it.
        command: how to do it again.
    """

    source: str
    train: str
    test: str
    evaluation: TextEvaluation
    command: str


def warnings(writer: Any, evaluation: TextEvaluation, characters: int) -> list[str]:
    """What speaks against trusting the figures, a sentence each."""
    found = []
    if characters < _SMALL:
        found.append(
            f"The training text is small ({characters:,} characters): a network learns spelling "
            "from it, hardly more."
        )
    if evaluation.unknown > _UNKNOWN:
        found.append(
            f"{evaluation.unknown:.1%} of the held-out tokens are outside the vocabulary. They are "
            "charged letter by letter; unit='subword' or 'character' knows them all."
        )
    if evaluation.repeated is not None and evaluation.repeated > _REPEATED:
        found.append(
            f"{evaluation.repeated:.1%} of the held-out lines of 40 letters and more stand in the "
            "training text as well: figures flatter whoever learns by heart."
        )
    history = writer.training_.history.get("val_loss", [])
    if writer.training_.ended_by == "interrupt":
        found.append("Training was interrupted; the best weights so far are used.")
    elif len(history) > 1 and history[-1] == min(history) and history[-2] - history[-1] > 0.01:
        found.append("The network still improved when training ended: give it more time.")
    return found


def build_report(writer: Any, told: Told) -> Page:
    """The whole report."""
    page = Page("A network that writes", f"{told.source}, by {writer.unit}")
    _summary(page, writer, told)
    _data(page, writer, told)
    _results(page, told.evaluation)
    _learning(page, writer)
    _surprises(page, writer, told)
    _writing(page, writer, told)
    _model(page, writer)
    _again(page, writer, told)
    return page


def _summary(page: Page, writer: Any, told: Told) -> None:
    judged = told.evaluation
    best = min(judged.references, key=lambda row: row.nats, default=None)
    cards = [
        (f"{judged.model.nats:.3f}", "nats per character", "on the held-out text; less is better"),
        (f"{judged.model.bits:.3f}", "bits per character", "as if it were compressed"),
        (f"{judged.model.perplexity:,.1f}", "perplexity", f"{writer.unit}s it wavers between"),
    ]
    if best is not None:
        cards.append((f"{best.nats:.3f}", "nats, best counts", best.name))
    speed = f"{writer.tokens_per_second:,.0f}"
    page.figures_of_merit([*cards, (speed, f"{writer.unit}s a second", "one text, this machine")])
    won = judged.lead is not None and judged.lead.low > 0
    page.callout(judged.verdict(), "good" if won else "warning")
    for warning in warnings(writer, judged, len(told.train)):
        page.callout(warning, "warning")


def _data(page: Page, writer: Any, told: Told) -> None:
    page.section("Data")
    tokens = writer.tokens_
    chosen = round(len(told.train) * writer.validation)
    page.table(
        ["part", "characters", "purpose"],
        [
            ["training", len(told.train) - chosen, "weights and vocabulary"],
            ["validation, from the middle", chosen, "the best epoch; nothing else is tuned on it"],
            ["held out", len(told.test), "the results below, looked at once"],
        ],
        "Parts of the text. What is held out comes last, so that it is not seen before its time",
    )
    counts = Counter(tokens.split(told.train))
    page.text(
        f"The vocabulary has {tokens.size - tokens.has_unknown:,} {writer.unit}s; the text has "
        f"{len(counts):,} different ones. The network reads the text in stretches side by side, "
        f"keeps its states from window to window, and sends gradients back {writer.window_} "
        f"{writer.unit}s."
    )
    ranks = np.array(sorted(counts.values(), reverse=True))
    with figures.drawing() as drawn:
        drawn.axis.loglog(np.arange(1, len(ranks) + 1), ranks, color=figures.PALETTE[0])
        if tokens.size < len(ranks):
            drawn.axis.axvline(tokens.size, color=figures.PALETTE[5], linestyle="--")
            drawn.axis.annotate("  end of the vocabulary", (tokens.size, ranks[0]), va="top")
        for side in (drawn.axis.xaxis, drawn.axis.yaxis):
            side.set_major_formatter(lambda value, _: f"{value:,.0f}")
        drawn.axis.set(xlabel=f"{writer.unit}s, the most frequent first", ylabel="occurrences")
    page.figure(drawn.svg, f"How often the {writer.unit}s occur in the text that was learnt from")


def _results(page: Page, judged: TextEvaluation) -> None:
    page.section("Results on the held-out text")
    rows: list[Foretold] = [*judged.references, judged.model]
    page.table(
        ["", "nats per character", "bits per character", "perplexity per token"],
        [[row.name, row.nats, row.bits, row.perplexity] for row in rows],
        f"{judged.characters:,} characters, read from beginning to end; unknown tokens are spelt "
        "out letter by letter at everybody's cost",
        strong_rows=[len(rows) - 1],
    )
    page.figure(
        figures.bars(
            [row.name for row in rows], [row.nats for row in rows], "nats per character",
            strong=[len(rows) - 1],
        ),
        "Loss on the held-out text: shorter is better",
    )  # fmt: skip
    page.text(
        f"The network: {judged.nats}. Intervals are bootstrapped over stretches of 500 characters. "
        "Frequencies, pairs and longer runs are counted in the same training text and smoothed by "
        "Kneser and Ney's method; their length is the one that does best on its last tenth."
    )


def _learning(page: Page, writer: Any) -> None:
    page.section("Learning")
    training = writer.training_
    history = training.history
    ends = {
        "epochs": "all epochs were done",
        "patience": "the validation text had no more to gain and training had cooled down",
        "time limit": "the time was up",
        "interrupt": "it was interrupted",
    }
    page.text(
        f"{training.seconds:,.0f} seconds, {len(history.get('loss', []))} epochs; it ended when "
        f"{ends[training.ended_by]}. The weights are those of epoch {training.best_epoch + 1}."
    )
    if len(history.get("loss", [])) > 1:
        curves = {"training, with dropout": history["loss"], "validation": history["val_loss"]}
        page.figure(
            figures.lines(curves, "epoch", "nats per token", mark=training.best_epoch + 1,
                          mark_label="weights kept"),
            "Learning curves",
        )  # fmt: skip
    if writer.comparison_:
        page.table(
            ["", "nats per token", "seconds", "parameters"],
            [[row.cell, row.loss, row.seconds, row.parameters] for row in writer.comparison_],
            "Every cell with the same time, judged on the validation text; the best was kept",
            strong_rows=[[row.cell for row in writer.comparison_].index(writer.cell_)],
        )


def _surprises(page: Page, writer: Any, told: Told) -> None:
    page.section("What surprised it")
    pieces = writer.tokens_.split(told.test)[1:]
    losses = told.evaluation.losses
    count, length = 0, 0
    while count < len(pieces) and length < _PASSAGE:
        length += len(pieces[count])
        count += 1
    page.colored_words(
        [(piece, -float(cost)) for piece, cost in zip(pieces[:count], losses, strict=False)],
        largest=float(np.quantile(losses, 0.98)),
        title="The beginning of the held-out text",
        remark="the stronger the colour, the less probable (point at a token for its nats)",
    )
    worst = np.argsort(-losses)[:12]
    page.table(
        ["after", "came", "probability"],
        [
            ["…" + "".join(pieces[max(0, at - 40) : at])[-40:], repr(pieces[at]),
             f"{np.exp(-losses[at]):.2e}"]
            for at in worst.tolist()
        ],
        "The least expected tokens",
    )  # fmt: skip


def _writing(page: Page, writer: Any, told: Told) -> None:
    page.section("What it writes")
    pieces = writer.tokens_.split(told.test[:2000])
    prompt = "".join(pieces[: {"character": 60}.get(writer.unit, 15)])
    length = {"character": 400, "word": 100, "subword": 150}[writer.unit]
    page.text("Each goes on after the first words of the held-out text:")
    page.code(prompt)
    for name, settings in _WAYS:
        page.subsection(name)
        page.code(_wrapped(writer.sample(prompt, length, seed=0, **settings)))


def _wrapped(text: str) -> str:
    """Lines short enough to be read without scrolling."""
    lines = (textwrap.wrap(line, 90, drop_whitespace=False) or [""] for line in text.split("\n"))
    return "\n".join(part for line in lines for part in line)


def _model(page: Page, writer: Any) -> None:
    page.section("The network")
    page.text(f"{writer.model.count_params():,} parameters, {writer.cell_}.")
    page.figure(model_to_dot(writer.model, show_shapes=True).to_svg(), "Layers and shapes")


def _again(page: Page, writer: Any, told: Told) -> None:
    page.section("Do it again")
    page.code(told.command)
    page.table(["setting", "value"], [[n, str(v)] for n, v in writer.get_params().items()])
    page.text(
        f"Leftfold {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{platform.machine()}. The same seed gives the same weights unless a time limit ends "
        "training."
    )
