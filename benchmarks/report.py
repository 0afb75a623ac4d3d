"""The benchmark's results for people: a table on the terminal, and one in the documentation."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

TITLES = {
    "leftfold": "Leftfold",
    "keras-tensorflow": "Keras+TF",
    "keras-jax": "Keras+JAX",
    "torch": "PyTorch",
}
START, END = "<!-- generated: make bench -->", "<!-- end of generated -->"


def best_peer(row: dict[str, Any]) -> float | None:
    """Milliseconds of the fastest peer that trained exactly the model asked for."""
    times = [
        value
        for name, value in row["milliseconds"].items()
        if name != "leftfold" and name not in row["inexact"]
    ]
    return min(times) if times else None


def lead(row: dict[str, Any]) -> float | None:
    """How many times as fast as the best peer Leftfold is; below one where it loses."""
    best, own = best_peer(row), row["milliseconds"].get("leftfold")
    return None if best is None or own is None else best / own


def share(row: dict[str, Any]) -> float | None:
    """The part of the machine's matrix-product rate that Leftfold's training step reaches."""
    own = row["milliseconds"].get("leftfold")
    return None if own is None else row["gflop"] / (own / 1e3) / row["peak_gflops"]


def mean_lead(rows: list[dict[str, Any]]) -> float | None:
    """The geometric mean of the leads."""
    leads = [ratio for row in rows if (ratio := lead(row)) is not None]
    return math.exp(statistics.fmean(map(math.log, leads))) if leads else None


def header(contestants: list[str]) -> list[str]:
    return ["workload", *(f"{TITLES[n]} ms" for n in contestants), "lead", "GFLOP", "of peak"]


def cells(row: dict[str, Any], contestants: list[str]) -> list[str]:
    """One row as text; times of models that are not quite the same stand in brackets."""
    texts = []
    for name in contestants:
        value = row["milliseconds"].get(name)
        text = "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
        texts.append(f"({text})" if name in row["inexact"] else text)
    ratio, part = lead(row), share(row)
    return [
        row["workload"],
        *texts,
        "" if ratio is None else f"{ratio:.2f}x",
        f"{row['gflop']:.3g}",
        "" if part is None else f"{part:.0%}",
    ]


def terminal(results: dict[str, Any]) -> None:
    """Print everything that was measured."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    contestants = results["contestants"]
    table = Table(title="One training step, milliseconds (median)")
    for index, title in enumerate(header(contestants)):
        table.add_column(title, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in results["workloads"]:
        ratio = lead(row)
        style = None if ratio is None else "green" if ratio >= 1.5 else "yellow"
        table.add_row(*cells(row, contestants), style="red" if ratio and ratio < 1 else style)
    console.print(table)
    for line in notes(results):
        console.print(line, highlight=False, soft_wrap=True)


def notes(results: dict[str, Any]) -> list[str]:
    """What the table leaves out, one sentence each."""
    rows = results["workloads"]
    lines = []
    load = results["machine"].get("load", 0.0)
    if load > 0.5:
        lines.append(
            f"Other programs kept {load:.1f} processors busy when this run began: threads that "
            "wait for each other lose the most by that. Repeat it on a quiet machine."
        )
    mean = mean_lead(rows)
    if mean is not None and len(rows) > 1:
        lines.append(f"Geometric mean of the leads: {mean:.2f}x.")
    lost = [row["workload"] for row in rows if (lead(row) or 1) < 1]
    if lost:
        lines.append(f"Leftfold is slower than the best peer on {', '.join(lost)}.")
    for row in rows:
        for name in row["inexact"]:
            lines.append(
                f"{row['workload']}: {TITLES[name]} has no recurrent dropout; its time in brackets "
                "is for the model without it and does not count in the lead."
            )
    peaks = [row["peak_gflops"] for row in rows]
    if peaks:
        lines.append(
            f"Matrix-product rate of this machine in the same run: {min(peaks):.0f} to "
            f"{max(peaks):.0f} GFLOP/s on {results['machine']['threads']} threads."
        )
    for name, memory in results.get("memory", {}).items():
        lines.append(
            f"Peak memory of the imdb_lstm256 step, {TITLES[name]}: {memory['training']:.0f} MB "
            f"({memory['imports']:.0f} MB after its imports)."
        )
    imports = results.get("imports", {})
    if imports:
        base = imports["import numpy"]
        lines += [f"{k}: {v:.0f} ms ({v / base:.2f}x NumPy)." for k, v in imports.items()]
    return lines


def markdown_table(titles: list[str], rows: list[list[str]]) -> list[str]:
    return [
        "| " + " | ".join(titles) + " |",
        "|---" + "|---:" * (len(titles) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def markdown(results: dict[str, Any], short: bool = False) -> str:
    """The table as Markdown, with what it was measured on; unless `short`, with everything else."""
    contestants, machine = results["contestants"], results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    rows = results["workloads"]
    lines = [
        *markdown_table(header(contestants), [cells(row, contestants) for row in rows]),
        "",
        f"{machine['processor']}, {machine['threads']} threads, {machine['isa']} kernels, "
        f"{results['date']}; medians of {results['rounds']} rounds; {versions}.",
    ]
    if short:
        return "\n".join(lines)
    ways = [[row["workload"], *(row["variants"].get(n, "") for n in contestants)] for row in rows]
    lines += ["", *(f"- {line}" for line in notes(results)), ""]
    lines += ["How each framework ran fastest:", ""]
    lines += markdown_table(["workload", *(TITLES[n] for n in contestants)], ways)
    return "\n".join(lines)


def write_docs(results: dict[str, Any], page: Path, short: bool = False) -> None:
    """Put the table into the generated part of a page of the documentation."""
    replace_generated(page, markdown(results, short), START, END)


def replace_generated(page: Path, generated: str, start: str, end: str) -> None:
    """Replace what stands between two marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(start, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{start}\n{generated}\n{end}{after}", encoding="utf-8")
