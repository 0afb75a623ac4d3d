"""The report on a translator: what it was given, how well it does, and where it looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leftfold.inspection import plot_alignment
from leftfold.tasks.leads import best_reference
from leftfold.tasks.report import figures
from leftfold.tasks.report.common import judgement, reproduction, training_figures
from leftfold.tasks.report.page import Page

if TYPE_CHECKING:
    from leftfold.tasks.translation.evaluation import Translation

_SHOWN_WRONG = 12
_PICTURES = 6
_LARGEST_PICTURE = 40
"""Parts of a sentence up to which its alignment can be read in a picture."""


def translation_page(found: Translation) -> Page:
    """The whole report."""
    rows = found.translator.rows_
    page = Page(
        "Translation report",
        f"{found.source}: {rows['training']:,} pairs to learn from, {rows['validation']:,} to stop "
        f"by, {len(found.test.sources):,} to judge by",
    )
    _headline(page, found)
    _data(page, found)
    page.section("Training")
    training_figures(
        page,
        found.translator.training_,
        "While training, numbers are dropped at random and targets are smoothed, so its own loss "
        "may lie above that of the validation part.",
    )
    page.text(
        f"{found.translator.tokens_per_second_:,.0f} target {found.translator.unit}s were learnt "
        "from in a second."
    )
    _results(page, found)
    _examples(page, found)
    page.section("To do it again")
    reproduction(page, found.translator, found.facts)
    return page


def _headline(page: Page, found: Translation) -> None:
    network, best = found.network, best_reference(found.leads())
    figure, lead = network.figure, best.difference
    page.figures_of_merit(
        [
            (
                f"{figure.value:.1f}",
                f"test {found.measure.name}",
                f"95% interval {figure.low:.1f} to {figure.high:.1f}",
            ),
            (f"{network.chrf:.1f}", "chrF", "stretches of characters"),
            (f"{network.exact:.1f}%", "of all sentences right", "from end to end"),
            (f"{best.figure:.1f}", "best reference", best.name),
            (
                f"{lead.value:+.1f}",
                "lead of the network",
                f"95% interval {lead.low:+.1f} to {lead.high:+.1f}",
            ),
        ]
    )
    judgement(page, found.verdict(), lead, found.warnings)


def _data(page: Page, found: Translation) -> None:
    page.section("Data")
    for line in found.translator.describe():
        page.text(f"{line[0].upper()}{line[1:]}.")
    lengths = np.array([len(one.source) for one in found.written])
    unit = found.translator.unit
    page.figure(
        figures.histogram(lengths, f"{unit}s", "sentences", int(lengths.max()), "the longest"),
        "Lengths of the test sources.",
    )


def _results(page: Page, found: Translation) -> None:
    page.section("Results beside what must be beaten")
    page.text(
        "The network was trained, and the table of words learnt, on the same pairs; all are judged "
        "by the same test part, which nothing was chosen by. Intervals are bootstrap intervals of "
        "1,000 drawings of whole sentences; those of leads draw the same ones for both."
    )
    columns = found.table()
    page.table(list(columns), list(zip(*columns.values(), strict=True)), strong_rows=[0])
    page.figure(
        figures.bars(
            [result.name for result in found.results],
            [result.figure.value for result in found.results],
            f"test {found.measure.name}",
            [(result.figure.low, result.figure.high) for result in found.results],
            strong=[0],
        ),
        f"Test {found.measure.name} with 95% intervals.",
    )


def _examples(page: Page, found: Translation) -> None:
    """The sentences furthest from what is right, some with where the network looked."""
    page.section("Most wrong")
    worst = found.worst(_SHOWN_WRONG)
    if not worst:
        page.text("Every test sentence is translated as it should be.")
    drawn = 0
    for row in worst:
        page.table(
            ["", f"test sentence {row + 1}"],
            [
                ["source", found.test.sources[row]],
                ["written", found.network.predicted[row]],
                ["right", found.test.targets[row]],
            ],
            strong_rows=[1],
        )
        drawn += drawn < _PICTURES and _alignment(page, found, row)
    if drawn:
        page.text(
            "In the pictures a row is a written part, a column one that was read; darker is where "
            "the network looked more while it wrote."
        )


def _alignment(page: Page, found: Translation, row: int) -> bool:
    """Where the network looked; not for what is too long to be read in a picture."""
    one = found.written[row]
    if one.attention is None or not one.source:
        return False
    if max(one.attention.shape) > _LARGEST_PICTURE:
        return False
    picture = plot_alignment(one.attention, one.source, one.target)
    page.figure(picture.svg(), f"Attention in test sentence {row + 1}.")
    return True
