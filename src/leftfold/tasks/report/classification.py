"""The report on a classifier: what it was given, how well it does, where it fails, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leftfold.models.drawing import model_to_dot
from leftfold.tasks import scores
from leftfold.tasks.candidates import describe_candidates
from leftfold.tasks.leads import best_reference
from leftfold.tasks.report import figures
from leftfold.tasks.report.common import judgement, reproduction, training_figures
from leftfold.tasks.report.page import Page
from leftfold.tasks.texts import TextEncoder

if TYPE_CHECKING:
    from leftfold.tasks.classification import Classification

_SHOWN_WRONG = 6
_SHOWN_RIGHT = 2
_MOST_IN_MATRIX = 25
_LONGEST_SHOWN = 3000


def classification_page(found: Classification) -> Page:
    """The whole report."""
    page = Page(
        "Classification report",
        f"{found.source}: {found.classifier.rows_['training']:,} rows to learn from, "
        f"{found.classifier.rows_['validation']:,} to stop by, {len(found.truth):,} to judge by",
    )
    _headline(page, found)
    _data(page, found)
    if len(found.classifier.candidates_) > 1:
        page.section("Choice of the network")
        columns = describe_candidates(found.classifier.candidates_)
        columns["seconds"] = [f"{seconds:.1f}" for seconds in columns["seconds"]]
        rows = list(zip(*columns.values(), strict=True))
        page.text(
            "Trained on the same rows within one budget of time, judged by the validation part; "
            "the one with the least loss was taken."
        )
        page.table(list(columns), rows, strong_rows=[0])
    _training(page, found)
    _results(page, found)
    _classes(page, found)
    _examples(page, found)
    _calibration(page, found)
    _model(page, found)
    _reproduce(page, found)
    return page


def _headline(page: Page, found: Classification) -> None:
    network = found.network
    best = best_reference(found.leads())
    lead = best.difference
    page.figures_of_merit(
        [
            (
                f"{network.accuracy.value:.1%}",
                "test accuracy",
                f"95% interval {network.accuracy.low:.1%} to {network.accuracy.high:.1%}",
            ),
            (f"{best.figure:.1%}", "best reference", best.name),
            (
                f"{100 * lead.value:+.1f} points",
                "lead of the network",
                f"95% interval {100 * lead.low:+.1f} to {100 * lead.high:+.1f}",
            ),
            (f"{network.macro_f1:.3f}", "macro F1", f"mean of {_classes_of(found)} classes"),
        ]
    )
    judgement(page, found.verdict(), lead, found.warnings)


def _classes_of(found: Classification) -> int:
    return len(found.classifier.classes_)


def _data(page: Page, found: Classification) -> None:
    page.section("Data")
    classifier = found.classifier
    for line in classifier.describe():
        page.text(f"{line[0].upper()}{line[1:]}.")
    counts = np.bincount(found.truth, minlength=_classes_of(found))
    shares = found.results[1].probabilities[0]
    page.table(
        ["class", "share in training", "rows in the test part"],
        [
            [str(name), f"{share:.1%}", int(count)]
            for name, share, count in zip(classifier.classes_, shares, counts, strict=True)
        ],
    )
    unit = "steps"
    if isinstance(classifier.encoder_, TextEncoder):
        unit = "words" if classifier.level == "word" else "characters"
    cut = classifier.encoder_.cut
    page.figure(
        figures.histogram(
            found.lengths, unit, "rows", cut.longest, f"cut at {cut.longest:,} {unit}"
        ),
        "Lengths of the training rows; the last bar holds all that are longer.",
    )


def _training(page: Page, found: Classification) -> None:
    page.section("Training")
    training_figures(
        page,
        found.classifier.training_,
        "While training, words and pairs are hidden at random, so its own loss may lie above that "
        "of the validation part.",
    )


def _results(page: Page, found: Classification) -> None:
    page.section("Results beside what must be beaten")
    page.text(
        "All models learnt from the same rows and are judged by the same test part, which nothing "
        "was chosen by. Intervals are bootstrap intervals of 1,000 drawings; those of leads draw "
        "the same rows for both models."
    )
    columns = found.table()
    columns["chosen"] = [result.remark for result in found.results]
    rows = list(zip(*columns.values(), strict=True))
    page.table(list(columns), rows, strong_rows=[0])
    page.figure(
        figures.bars(
            [result.name for result in found.results],
            [result.accuracy.value for result in found.results],
            "test accuracy",
            [(result.accuracy.low, result.accuracy.high) for result in found.results],
            strong=[0],
        ),
        "Test accuracy with 95% intervals.",
    )


def _classes(page: Page, found: Classification) -> None:
    page.section("Which class is taken for which")
    names = [str(name) for name in found.classifier.classes_]
    predicted = found.network.probabilities.argmax(1)
    table = scores.confusion(found.truth, predicted, len(names))
    if len(names) <= _MOST_IN_MATRIX:
        page.figure(
            figures.matrix(table, names, "predicted", "true"),
            "Confusion matrix of the test part. A row is a true class, shades are shares of it.",
        )
    rows = [
        [name, precision, recall, f1, int(count)]
        for name, (precision, recall, f1), count in zip(
            names, scores.per_class(table), table.sum(1), strict=True
        )
    ]
    page.table(["class", "precision", "recall", "F1", "test rows"], rows)


def _examples(page: Page, found: Classification) -> None:
    if not isinstance(found.classifier.encoder_, TextEncoder):
        return
    probabilities = found.network.probabilities
    chosen = probabilities.argmax(1)
    confidence = probabilities[np.arange(len(chosen)), chosen]
    wrong = np.flatnonzero(chosen != found.truth)
    right = np.flatnonzero(chosen == found.truth)
    page.section("Most wrong, and why")
    page.text(
        "Blue words spoke for the class that was predicted, orange ones against it; the numbers "
        "add up to the class's score (integrated gradients). Hover over a word for its number."
    )
    if not len(wrong):
        page.text("No test row is wrong.")
    for row in wrong[np.argsort(-confidence[wrong], kind="stable")][:_SHOWN_WRONG]:
        _example(page, found, int(row))
    if len(right):
        page.subsection("Most certain, and right")
    for row in right[np.argsort(-confidence[right], kind="stable")][:_SHOWN_RIGHT]:
        _example(page, found, int(row))


def _example(page: Page, found: Classification, row: int) -> None:
    explanation = found.classifier.explain(found.test[row])
    pieces = explanation.pieces()
    shown, length = [], 0
    for piece, weight in pieces:
        shown.append((piece, weight))
        length += len(piece)
        if length > _LONGEST_SHOWN:
            shown.append((" ...", 0.0))
            break
    truth = found.classifier.classes_[found.truth[row]]
    page.colored_words(
        shown,
        explanation.largest,
        f"test row {row + 1}: true {truth}, predicted {explanation.target} "
        f"({explanation.probability:.1%})",
        f"base {explanation.base:+.2f}, words {explanation.contributions.sum():+.2f}, score "
        f"{explanation.score:+.2f}, error of the sum {explanation.gap:+.4f}",
    )


def _calibration(page: Page, found: Classification) -> None:
    page.section("Do probabilities mean what they say?")
    judged = scores.calibration(found.truth, found.network.probabilities)
    page.figure(
        figures.calibration(judged.confidence, judged.accuracy),
        f"Each point is a tenth of the test part. On the line, of the rows that are called 80% "
        f"certain 80% are right. Mean distance from it (expected calibration error): "
        f"{judged.error:.3f}. Log loss {found.network.log_loss:.4f} nats.",
    )


def _model(page: Page, found: Classification) -> None:
    page.section("The network")
    model = found.classifier.model
    drawing = model_to_dot(model, show_shapes=True, show_layer_names=True).to_svg()
    page.figure(drawing, f"{model.count_params():,} parameters.", "the layers of the network")


def _reproduce(page: Page, found: Classification) -> None:
    page.section("To do it again")
    reproduction(page, found.classifier, found.facts)
