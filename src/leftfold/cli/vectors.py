"""What the commands of `leftfold vectors` do, all but `evaluate`."""

from __future__ import annotations

import ast
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.cli.errors import UserError
from leftfold.cli.tasks import check_writable, emit, one_line_errors, output_format, say
from leftfold.engine import config
from leftfold.vectors import METHODS, Corpus, Method, Progress, WordVectors, directions
from leftfold.vectors.analogies import odd_one_out
from leftfold.vectors.files import FORMATS, format_of
from leftfold.vectors.maps import neighbourhood
from leftfold.vectors.sparse import HashedOneHot, SparseFeatures
from leftfold.vectors.text_encoders import load_text_encoder

_SHOWN_FAULTS = 3


@contextlib.contextmanager
def vector_errors() -> Iterator[None]:
    """Errors of one line, also for packages of an extra that are missing."""
    try:
        with one_line_errors():
            yield
    except ImportError as error:
        raise UserError(" ".join(str(error).split())) from error


def load(path: Path, most: int | None = None, skip: bool = False) -> WordVectors:
    """Read vectors, and say what was left out."""
    vectors = WordVectors.load(path, most=most, skip_faults=skip)
    if vectors.faults.count:
        for message in vectors.faults.messages[:_SHOWN_FAULTS]:
            say(f"left out: {message}")
        say(f"{vectors.faults.count:,} lines of {path} were left out.")
    return vectors


@dataclass(frozen=True)
class Asked:
    """A file of vectors that something is asked of, and where the answer goes.

    Args:
        file: of vectors.
        most: how many are read, the first ones; all by default.
        skip: whether faulty lines are left out.
        format: of the answer; see `output_format`.
        output: the file for it; standard output by default.

    Raises:
        UserError: for a format that is not known, before anything is read.
    """

    file: Path
    most: int | None
    skip: bool
    format: str | None = None
    output: Path | None = None

    def __post_init__(self) -> None:
        output_format(self.format, self.output)

    def vectors(self) -> WordVectors:
        """Read them."""
        return load(self.file, self.most, self.skip)

    def answer(self, names: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
        """Print rows, or write them."""
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        emit(columns, self.format, self.output, title)


def methods(format: str | None) -> None:
    """Print the methods."""
    rows = []
    for name in METHODS:
        settings = METHODS[name].settings()
        told = ", ".join(f"{key}={value}" for key, value in settings.items())
        rows.append((name, METHODS[name].summary, told))
    columns = {n: [row[i] for row in rows] for i, n in enumerate(("method", "what", "settings"))}
    if format in (None, "table"):
        for name, summary, told in rows:
            print(f"{name}: {summary}\n    {told}")
    else:
        emit(columns, format)


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` as values: numbers, True, False and None as such, anything else as text.

    Raises:
        UserError: for another form.
    """
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise UserError(f"--set expected NAME=VALUE, got {pair!r}.")
        try:
            found[name.strip().replace("-", "_")] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name.strip().replace("-", "_")] = value
    return found


def settings_for(method: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that a method has.

    Raises:
        UserError: for one that it does not have, or of another type than its default.
    """
    known = METHODS[method].settings()
    for name, value in wanted.items():
        if name not in known:
            raise UserError(f"{method} has no setting {name!r}; it has {', '.join(known)}.")
        default = known[name]
        number = isinstance(default, int | float) and not isinstance(default, bool)
        if number and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UserError(f"{method} expected {name} to be a number, got {value!r}.")
        if isinstance(default, int) and not isinstance(value, int):
            raise UserError(f"{method} expected {name} to be a whole number, got {value!r}.")
    return dict(wanted)


class Told:
    """Says on stderr how training goes, live on a terminal."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.started = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        place = f"epoch {progress.epoch} of {progress.epochs}"
        if progress.loss is not None:
            clear = "\r\033[K" if self.live else ""
            seconds = time.monotonic() - self.started
            say(f"{clear}{place}: loss {progress.loss:.4f}, {seconds:.0f} s")
        elif self.live:
            print(f"\r\033[K{place}: {progress.share:.0%}", end="", file=sys.stderr, flush=True)


def corpus_for(
    method: str, source: str, tokenizer: str, column: str | None, encoding: str
) -> Corpus | Path:
    """What a method reads: texts, sentences, or a file of its own format."""
    reads = METHODS[method].reads
    if reads == "file":
        return Path(source)
    return Corpus(source, tokenizer, column, encoding, sentences=reads == "sentences")


def train(
    source: str,
    method: str,
    output: Path,
    model: Path | None,
    named: Mapping[str, Any],
    settings: Sequence[str],
    threads: int | None,
    tokenizer: str,
    column: str | None,
    encoding: str,
    quiet: bool,
) -> None:
    """Train and save.

    Raises:
        UserError: for anything that the user can mend, before anything is written.
    """
    check_writable(output, "--output")
    check_writable(model, "--model")
    if threads is not None:
        config.set_threads(threads)
    with vector_errors():
        wanted = {name: value for name, value in named.items() if value is not None}
        chosen = settings_for(method, wanted | parse_settings(settings))
        if threads is not None and "threads" in METHODS[method].settings():
            chosen["threads"] = threads
        if model is not None and METHODS[method].text_encoder is Method.text_encoder:
            raise UserError(f"--model expected a method that encodes texts, got {method}.")
        made = METHODS[method](**chosen, progress=None if quiet else Told())
        corpus = corpus_for(method, source, tokenizer, column, encoding)
        begun = time.monotonic()
        if isinstance(corpus, Corpus):
            encoded = corpus.encoded()
            say(
                f"{source}: {len(encoded):,} texts, {len(encoded.ids):,} tokens, "
                f"{len(encoded.tokens):,} different ({time.monotonic() - begun:.0f} s)"
            )
        found = made.fit(corpus)
        if isinstance(found, SparseFeatures) and output.suffix != ".npz":
            raise UserError(
                f"{method} makes sparse features: --output expected .npz, got {output}."
            )
        if isinstance(made, HashedOneHot):
            say(f"{made.collisions}.")
        found.save(output)
        encoder = made.text_encoder()
        if model is not None and encoder is not None:
            encoder.save(model)
            say(f"{model}: encodes new texts (leftfold vectors encode)")
    rows, width = found.matrix.shape
    say(f"{output}: {rows:,} vectors of {width:,} dimensions, {time.monotonic() - begun:.0f} s")


def encode(model: Path, source: str, output: Path, column: str | None, encoding: str) -> None:
    """Encode texts that a model has not learnt from, and save their vectors."""
    check_writable(output, "--output")
    with vector_errors():
        encoder = load_text_encoder(model)
        texts: dict[str, str] = {}
        for text in Corpus(source, column=column, encoding=encoding).texts():
            texts[text.name] = texts.get(text.name, "") + text.text
        vectors = WordVectors(list(texts), encoder.infer(list(texts.values())), str(source))
        vectors.save(output)
    empty = int((~vectors.matrix.any(axis=1)).sum())
    unknown = f", {empty:,} of them of texts without a known word" if empty else ""
    say(f"{output}: {len(vectors):,} vectors of {vectors.dimensions} dimensions{unknown}")


def near(asked: Asked, words: Sequence[str], count: int, metric: str) -> None:
    """Print neighbours."""
    with vector_errors():
        vectors = asked.vectors()
        queries = np.stack([vectors.phrase(word) for word in words])
        own = [word.split() for word in words]
        rows: list[tuple[str, str, float]] = []
        for word, parts, some in zip(
            words, own, vectors.near(queries, count + 8, metric), strict=True
        ):
            names = {part.lower() for part in [word, "_".join(parts), *parts]}
            kept = [(token, score) for token, score in some if token.lower() not in names]
            rows += [(word, token, score) for token, score in kept[:count]]
    asked.answer(("word", "near", "cosine" if metric == "cosine" else "distance"), rows)


def analogy(asked: Asked, a: str, b: str, c: str, count: int, rule: str) -> None:
    """Print answers."""
    with vector_errors():
        rows = asked.vectors().analogy(a, b, c, count, rule)
    asked.answer(("answer", "score"), rows, f"{a} is to {b} as {c} is to")


def odd(asked: Asked, words: Sequence[str]) -> None:
    """Print words, the odd one first."""
    with vector_errors():
        rows = odd_one_out(asked.vectors(), words)
    asked.answer(("word", "cosine with the mean"), rows)


def direction(asked: Asked, pairs: Sequence[str], words: Sequence[str]) -> None:
    """Print a direction's consistency, the offset of each pair along it, and that of words."""
    split = [tuple(pair.split(":")) for pair in pairs]
    for pair in split:
        if len(pair) != 2 or not all(pair):
            raise UserError(f"expected pairs of words such as cat:cats, got {':'.join(pair)!r}.")
    with vector_errors():
        vectors = asked.vectors()
        found = vectors.direction([(one, other) for one, other in split])
        ends = [directions.project(vectors, found.vector, pair) for pair in found.pairs]
        lone: list[float] = (
            directions.project(vectors, found.vector, words).tolist() if words else []
        )
    for pair in found.missing:
        say(f"no vector for both of {pair[0]} and {pair[1]}")
    say(f"{found}.")
    rows: list[tuple[str, Any, float]] = [
        (one, other, float(end - begin))
        for (one, other), (begin, end) in zip(found.pairs, ends, strict=True)
    ]
    rows += [(word, "", value) for word, value in zip(words, lone, strict=True)]
    asked.answer(("word", "to", "along the direction"), rows)


def draw_map(
    asked: Asked, words: Sequence[str], near: int, method: str, seed: int, output: Path
) -> None:
    """Draw a map."""
    check_writable(output, "--output")
    with vector_errors():
        found = neighbourhood(asked.vectors(), words, near, method, seed)
        found.save(output)
    say(f"{output}: {found.title}")


def convert(
    source: Path,
    target: Path,
    read_as: str | None,
    write_as: str | None,
    most: int | None,
    skip: bool,
    force: bool,
) -> None:
    """Convert a file."""
    check_writable(target, "TO")
    if target.exists() and not force:
        raise UserError(f"{target} exists; --force replaces it.")
    for kind in (read_as, write_as):
        if kind is not None and kind not in FORMATS:
            raise UserError(f"expected a format of {', '.join(FORMATS)}, got {kind!r}.")
    with vector_errors():
        vectors = WordVectors.load(source, read_as, most, skip_faults=skip)
        vectors.save(target, write_as)
    left = f", {vectors.faults.count:,} lines left out" if vectors.faults.count else ""
    say(f"{target}: {len(vectors):,} vectors of {vectors.dimensions} dimensions{left}")


def info(asked: Asked, as_json: bool) -> None:
    """Print what is in a file."""
    with vector_errors():
        vectors = asked.vectors()
    lengths = np.linalg.norm(vectors.matrix, axis=1)
    found = {
        "file": str(asked.file),
        "format": format_of(asked.file),
        "bytes": asked.file.stat().st_size,
        "vectors": len(vectors),
        "dimensions": vectors.dimensions,
        "shortest vector": float(lengths.min()),
        "mean length": float(lengths.mean()),
        "longest vector": float(lengths.max()),
        "rows of zeros": int((lengths == 0).sum()),
        "mean cosine with the mean": vectors_agreement(vectors),
        "first": vectors.tokens[:8],
        "last": vectors.tokens[-3:],
    }
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        told = " ".join(value) if isinstance(value, list) else value
        told = f"{told:,}" if isinstance(told, int) else told
        told = f"{told:.4f}" if isinstance(told, float) else told
        print(f"{name:<26} {told}")


def vectors_agreement(vectors: WordVectors) -> float:
    """The mean cosine between vectors and their mean: near 1, all point the same way."""
    table = vectors.search("cosine").table
    middle = table.mean(0)
    length = float(np.linalg.norm(middle))
    return float((table @ middle).mean()) / length if length else 0.0
