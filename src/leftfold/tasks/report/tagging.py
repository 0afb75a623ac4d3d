"""The report on a tagger: what it was given, how well it does, and where it fails."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from leftfold.models.drawing import model_to_dot
from leftfold.tasks.leads import best_reference
from leftfold.tasks.report import figures
from leftfold.tasks.report.common import judgement, reproduction, training_figures
from leftfold.tasks.report.page import Page
from leftfold.tasks.scores import confusion

if TYPE_CHECKING:
    from leftfold.tasks.tagging.evaluation import Tagging

_SHOWN_WRONG = 8
_MOST_IN_MATRIX = 25
_MOST_STEPS_SHOWN = 60


def tagging_page(found: Tagging) -> Page:
    """The whole report."""
    rows = found.tagger.rows_
    page = Page(
        "Tagging report",
        f"{found.source}: {rows['training']:,} sequences to learn from, {rows['validation']:,} to "
        f"stop by, {len(found.truth):,} to judge by",
    )
    _headline(page, found)
    _data(page, found)
    page.section("Training")
    training_figures(
        page,
        found.tagger.training_,
        "While training, words are hidden at random, so its own loss may lie above that of the "
        "validation part.",
    )
    _results(page, found)
    _labels(page, found)
    _examples(page, found)
    page.section("The network")
    model = found.tagger.model
    drawing = model_to_dot(model, show_shapes=True, show_layer_names=True).to_svg()
    page.figure(drawing, f"{model.count_params():,} parameters.", "the layers of the network")
    page.section("To do it again")
    reproduction(page, found.tagger, found.facts)
    return page


def _headline(page: Page, found: Tagging) -> None:
    figure, best = found.network.figure, best_reference(found.leads())
    lead = best.difference
    page.figures_of_merit(
        [
            (
                f"{figure.value:.1%}",
                f"test {found.measure}",
                f"95% interval {figure.low:.1%} to {figure.high:.1%}",
            ),
            (f"{found.network.accuracy.value:.1%}", "of all steps right", "token accuracy"),
            (f"{best.figure:.1%}", "best reference", best.name),
            (
                f"{100 * lead.value:+.1f} points",
                "lead of the network",
                f"95% interval {100 * lead.low:+.1f} to {100 * lead.high:+.1f}",
            ),
        ]
    )
    judgement(page, found.verdict(), lead, found.warnings)


def _data(page: Page, found: Tagging) -> None:
    page.section("Data")
    for line in found.tagger.describe():
        page.text(f"{line[0].upper()}{line[1:]}.")
    counts = Counter(label for one in found.truth for label in one)
    page.table(["label", "steps in the test part"], [list(item) for item in counts.most_common()])
    lengths = np.array([len(one) for one in found.truth])
    page.figure(
        figures.histogram(lengths, "steps", "sequences", int(lengths.max()), "the longest"),
        "Lengths of the test sequences.",
    )


def _results(page: Page, found: Tagging) -> None:
    page.section("Results beside what must be beaten")
    page.text(
        "All models learnt from the same sequences and are judged by the same test part, which "
        "nothing was chosen by. Intervals are bootstrap intervals of 1,000 drawings of whole "
        "sequences; those of leads draw the same ones for both models. A span is right if its "
        "name and both its ends are."
    )
    columns = found.table()
    page.table(list(columns), list(zip(*columns.values(), strict=True)), strong_rows=[0])
    page.figure(
        figures.bars(
            [result.name for result in found.results],
            [result.figure.value for result in found.results],
            f"test {found.measure}",
            [(result.figure.low, result.figure.high) for result in found.results],
            strong=[0],
        ),
        f"Test {found.measure} with 95% intervals.",
    )


def _labels(page: Page, found: Tagging) -> None:
    page.section("Which label is taken for which")
    truth = [label for one in found.truth for label in one]
    predicted = [label for one in found.network.predicted for label in one]
    names = sorted({*truth, *predicted})
    if len(names) <= _MOST_IN_MATRIX:
        numbers = {name: number for number, name in enumerate(names)}
        table = confusion(
            np.array([numbers[label] for label in truth]),
            np.array([numbers[label] for label in predicted]),
            len(names),
        )
        page.figure(
            figures.matrix(table, names, "predicted", "true"),
            "Steps of the test part. A row is a true label, shades are shares of it.",
        )
    columns = found.names()
    page.table(list(columns), list(zip(*columns.values(), strict=True)))


def _examples(page: Page, found: Tagging) -> None:
    """The sequences with the most wrong labels, step by step."""
    predicted = found.network.predicted
    wrong = [
        sum(map(str.__ne__, truth, said))
        for truth, said in zip(found.truth, predicted, strict=True)
    ]
    page.section("Most wrong")
    worst = [row for row in np.argsort(-np.array(wrong), kind="stable") if wrong[row]]
    if not worst:
        page.text("No test sequence has a wrong label.")
    for row in worst[:_SHOWN_WRONG]:
        steps = found.rows[row] if found.tagger.reads_texts else range(1, len(predicted[row]) + 1)
        table = list(zip(map(str, steps), found.truth[row], predicted[row], strict=True))
        missed = [n for n, (_, truth, said) in enumerate(table) if truth != said]
        begin = max(0, missed[0] - 5)
        shown = table[begin : begin + _MOST_STEPS_SHOWN]
        page.table(
            ["step", "true", "predicted"],
            shown,
            f"test sequence {row + 1}: {wrong[row]} of {len(table)} labels wrong",
            [n - begin for n in missed if begin <= n < begin + len(shown)],
        )
