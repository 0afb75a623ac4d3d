"""`python -m benchmarks.glove`: GloVe's counts a second, beside plain NumPy and other programs.

The counts are those of a made-up text whose words are as frequent as Zipf's law has it. Every
program steps through the same counts with AdaGrad: Leftfold, the same objective in NumPy (a batch
of counts at a time, which sums the steps of a word that occurs in it twice), Leftfold's reference
(one count at a time, in Python), and, where it can be imported, `glove` (pip: glove-python3).
Figures are given by the clock and by processor time, since other programs may run besides.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import config, reference
from leftfold.engine.kernels import kernel
from leftfold.vectors.cooccurrence import Cooccurrences
from leftfold.vectors.corpus import Corpus
from leftfold.vectors.count_blocks import CountBlocks, arrange
from leftfold.vectors.glove import GloVe

DIMENSIONS, WIDTH = 100, 104
LOG_X_MAX, ALPHA, RATE = float(np.log(10)), 0.75, 0.05
BATCH = 4_096


def zipf_counts(tokens: int, vocabulary: int) -> Cooccurrences:
    """Counts of a text of random words."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, vocabulary + 1)
    numbers = random.choice(vocabulary, tokens, p=shares / shares.sum())
    names = [f"w{number}" for number in range(vocabulary)]
    texts = [[names[n] for n in part] for part in np.array_split(numbers, max(tokens // 200, 1))]
    return GloVe(min_count=1).count(Corpus(texts))


def factors(size: int) -> list[np.ndarray]:
    """Words, their squares, contexts, their squares."""
    random = np.random.default_rng(0)
    arrays = []
    for constant in (DIMENSIONS + 1, DIMENSIONS):
        values = np.zeros((size, WIDTH), np.float32)
        values[:, :DIMENSIONS] = (random.random((size, DIMENSIONS)) - 0.5) / DIMENSIONS
        values[:, constant] = 1
        arrays += [values, np.ones_like(values)]
    return arrays


def native(blocks: CountBlocks, size: int) -> int:
    """An epoch of Leftfold's kernel."""
    arrays = factors(size)
    for starts in blocks.starts:
        part = slice(starts[0], starts[-1])
        offsets = starts - starts[0]
        kernel("glove_update")(
            *arrays, blocks.rows[part], blocks.columns[part], blocks.log_counts[part],
            offsets[:-1].copy(), offsets[1:].copy(), DIMENSIONS, LOG_X_MAX, ALPHA, RATE,
        )  # fmt: skip
    return len(blocks)


def one_by_one(blocks: CountBlocks, size: int, count: int = 20_000) -> int:
    """The reference, over some of the counts."""
    count = min(count, len(blocks))
    bounds = np.array([0]), np.array([count])
    some = blocks.rows[:count], blocks.columns[:count], blocks.log_counts[:count]
    reference.glove_update(*factors(size), *some, *bounds, DIMENSIONS, LOG_X_MAX, ALPHA, RATE)
    return count


def plain_numpy(blocks: CountBlocks, size: int, count: int = 1_000_000) -> int:
    """Batches of counts in NumPy alone."""
    words, word_squares, contexts, context_squares = factors(size)
    moves = np.ones((2, WIDTH), np.float32)
    moves[0, DIMENSIONS + 1] = moves[1, DIMENSIONS] = 0
    count = min(count, len(blocks))
    for start in range(0, count, BATCH):
        part = slice(start, min(start + BATCH, count))
        rows, columns, logs = blocks.rows[part], blocks.columns[part], blocks.log_counts[part]
        word, context = words[rows], contexts[columns]
        errors = np.einsum("nk,nk->n", word, context) - logs
        slopes = (np.minimum(np.exp((logs - LOG_X_MAX) * ALPHA), 1) * errors)[:, None]
        for table, squares, places, slope, move in (
            (words, word_squares, rows, slopes * context, moves[0]),
            (contexts, context_squares, columns, slopes * word, moves[1]),
        ):
            np.subtract.at(table, places, RATE * move * slope / np.sqrt(squares[places]))
            np.add.at(squares, places, slope**2)
    return count


def glove_python(counts: Cooccurrences, threads: int) -> int:
    """An epoch of glove-python3."""
    from glove import Glove
    from scipy.sparse import coo_matrix

    rows = np.repeat(np.arange(len(counts.tokens)), np.diff(counts.starts))
    size = len(counts.tokens)
    matrix = coo_matrix((counts.counts.astype(np.float64), (rows, counts.columns)), (size, size))
    model = Glove(no_components=DIMENSIONS, learning_rate=RATE, max_count=10)
    model.fit(matrix, epochs=1, no_threads=threads)
    return len(counts)


def measured(run: Callable[..., int], *arguments: Any) -> str:
    """Millions of counts a second, by the clock and by processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = run(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return f"{count / wall / 1e6:8.3f}   {count / cpu / 1e6:8.3f}   {wall:6.1f} s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.glove")
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--words", type=int, default=20_000)
    options = parser.parse_args()
    start = time.perf_counter()
    counts = zipf_counts(options.tokens, options.words)
    print(
        f"{options.tokens:,} words, {len(counts):,} counts in {time.perf_counter() - start:.1f} s"
    )
    blocks, size, most = arrange(counts), len(counts.tokens), config.threads()
    print(f"\ndimension {DIMENSIONS}; million counts   a second   a processor second")
    for threads in sorted({1, most}):
        config.set_threads(threads)
        print(f"leftfold, {threads} threads      {measured(native, blocks, size)}")
    print(f"NumPy in batches         {measured(plain_numpy, blocks, size)}")
    print(f"NumPy one by one         {measured(one_by_one, blocks, size)}")
    if importlib.util.find_spec("glove"):
        print(f"glove-python3, {most} threads {measured(glove_python, counts, most)}")


if __name__ == "__main__":
    main()
