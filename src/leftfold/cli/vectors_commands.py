"""`leftfold vectors train | near | analogy | ...`: how they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leftfold.cli.options import LARGEST_SEED, Format, Output, Quiet, Threads, task_app

vectors_app = task_app("Vectors of words, texts, k-mers and concepts: make, ask, draw, judge.")

File = Annotated[
    Path,
    typer.Argument(
        metavar="VECTORS",
        help="word2vec text or .bin, GloVe text, fastText .vec (also .gz), .npz, .safetensors.",
    ),
]
Most = Annotated[int | None, typer.Option(help="Read so many vectors only, the first.", min=1)]
Count = Annotated[int, typer.Option(help="Answers for each.", min=1)]
Rule = Annotated[str, typer.Option(help="add (3CosAdd) or multiply (3CosMul).")]
Seed = Annotated[int, typer.Option(help="Fixes what is drawn at random.", min=0, max=LARGEST_SEED)]
Column = Annotated[
    str | None, typer.Option("--text", "--column", help="The column of a table with the texts.")
]
Encoding = Annotated[str, typer.Option(help="Of the texts.")]
Skip = Annotated[
    bool, typer.Option("--skip-faults", help="Leave faulty lines out instead of stopping.")
]


@vectors_app.command("methods")
def methods(format: Format = None) -> None:
    """Print the ways to make vectors, and the settings of each.

    \b
    Example:
      leftfold vectors methods
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import methods as run

    run(format)


@vectors_app.command("train")
def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CORPUS",
            help="A text file (a text in each line), a folder or archive of .txt files, a CSV or "
            "TSV file, each also .gz; for dna2vec FASTA, for cui2vec a table of pairs.",
        ),
    ],
    method: Annotated[str, typer.Option(help="See leftfold vectors methods.")] = "skipgram",
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where vectors go; the ending says in which format."),
    ] = Path("vectors.npz"),
    model: Annotated[
        Path | None,
        typer.Option(help="Also keep what encodes new texts (pv-dm, pv-dbow, skip-thought)."),
    ] = None,
    dimensions: Annotated[int | None, typer.Option(help="Numbers of each vector.", min=1)] = None,
    window: Annotated[int | None, typer.Option(help="Neighbours on either side.", min=1)] = None,
    min_count: Annotated[int | None, typer.Option(help="Leave rarer words out.", min=1)] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the corpus.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes what is drawn at random.", min=0)] = None,
    threads: Threads = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting of the method."),
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(help="words (lower case, no marks), whitespace or characters.")
    ] = "words",
    column: Column = None,
    encoding: Encoding = "utf-8",
    quiet: Quiet = False,
) -> None:
    """Make vectors from a corpus.

    \b
    Examples:
      leftfold vectors train reviews.txt --method skipgram --dimensions 100 -o reviews.npz
      leftfold vectors train aclImdb_unsup.tar.gz --method cbow --set phrases=1 -o imdb.bin
      leftfold vectors train reviews.csv --text review --method pv-dbow --epochs 20 -o texts.npz \\
        --model encoder.npz
      leftfold vectors train books/ --method fasttext --set buckets=200000 -o books.vec
      leftfold vectors train reviews.txt --method hashed-one-hot --set size=4096 -o hashed.npz
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import train as run

    named = {
        "dimensions": dimensions,
        "window": window,
        "min_count": min_count,
        "epochs": epochs,
        "seed": seed,
    }
    run(
        source,
        method,
        output,
        model,
        named,
        settings or [],
        threads,
        tokenizer,
        column,
        encoding,
        quiet,
    )


@vectors_app.command("encode")
def encode(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="What train --model wrote.")],
    source: Annotated[str, typer.Argument(metavar="TEXTS", help="As the CORPUS of train.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where vectors go; the ending says in which format."),
    ] = Path("encoded.npz"),
    column: Column = None,
    encoding: Encoding = "utf-8",
) -> None:
    """Make vectors of texts that a model of paragraphs or sentences has not learnt from.

    \b
    Example:
      leftfold vectors encode encoder.npz new.csv --text review -o new.npz
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import encode as run

    run(model, source, output, column, encoding)


@vectors_app.command("near")
def near(
    file: File,
    words: Annotated[
        list[str], typer.Argument(metavar="WORD...", help="Words, or a phrase in quotes.")
    ],
    count: Count = 10,
    metric: Annotated[str, typer.Option(help="cosine or euclidean.")] = "cosine",
    most: Most = None,
    skip_faults: Skip = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Print the words whose vectors are nearest.

    \b
    Examples:
      leftfold vectors near glove.6B.100d.txt king
      leftfold vectors near vectors.npz funny boring --count 5 --format csv
      leftfold vectors near glove.6B.100d.txt.gz "new york" --most 50000
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import near as run

    run(Asked(file, most, skip_faults, format, output), words, count, metric)


@vectors_app.command("analogy")
def analogy(
    file: File,
    a: Annotated[str, typer.Argument(metavar="A", help="A is to ...")],
    b: Annotated[str, typer.Argument(metavar="B", help="... B, as ...")],
    c: Annotated[str, typer.Argument(metavar="C", help="... C is to the answer.")],
    count: Count = 5,
    rule: Rule = "add",
    most: Most = None,
    skip_faults: Skip = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Answer "A is to B as C is to ...".

    \b
    Examples:
      leftfold vectors analogy glove.6B.100d.txt man king woman
      leftfold vectors analogy glove.6B.100d.txt paris france rome --rule multiply
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import analogy as run

    run(Asked(file, most, skip_faults, format, output), a, b, c, count, rule)


@vectors_app.command("odd")
def odd(
    file: File,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Three or more.")],
    most: Most = None,
    skip_faults: Skip = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Print the words by how little they are like the others, the odd one first.

    \b
    Example:
      leftfold vectors odd glove.6B.100d.txt breakfast cereal dinner lunch
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import odd as run

    run(Asked(file, most, skip_faults, format, output), words)


@vectors_app.command("direction")
def direction(
    file: File,
    pairs: Annotated[
        list[str], typer.Argument(metavar="ONE:OTHER...", help="Pairs of words, two or more.")
    ],
    words: Annotated[
        list[str] | None, typer.Option("--word", help="Also say how much of it a word has.")
    ] = None,
    most: Most = None,
    skip_faults: Skip = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Print what pairs of words have in common, and whether it is more than chance.

    \b
    Examples:
      leftfold vectors direction glove.6B.100d.txt cat:cats dog:dogs car:cars house:houses
      leftfold vectors direction glove.6B.100d.txt he:she man:woman --word nurse --word engineer
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import direction as run

    run(Asked(file, most, skip_faults, format, output), pairs, words or [])


@vectors_app.command("map")
def draw_map(
    file: File,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Whose neighbours; the first 300 words else."),
    ] = None,
    near: Annotated[int, typer.Option(help="Neighbours of each.", min=1)] = 20,
    method: Annotated[str, typer.Option(help="pca, tsne or umap.")] = "pca",
    seed: Seed = 0,
    most: Most = None,
    skip_faults: Skip = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help=".html to look around in, .png, .svg or .pdf.")
    ] = Path("map.html"),
) -> None:
    """Draw words and their neighbours in two dimensions.

    \b
    Examples:
      leftfold vectors map glove.6B.100d.txt king dog paris -o map.html
      leftfold vectors map vectors.npz funny boring --near 40 --method tsne -o map.png
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import draw_map as run

    run(Asked(file, most, skip_faults), words or [], near, method, seed, output)


@vectors_app.command("evaluate")
def evaluate(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[VECTORS]...", help="Files of vectors.")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--analogies", help="In the format of questions-words.txt.")
    ] = None,
    pairs: Annotated[
        list[Path] | None, typer.Option("--similarity", help="Lines of two words and a number.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(help="A table of texts and classes, for a linear classifier.")
    ] = None,
    probe_test: Annotated[
        str | None, typer.Option(help="Another one to test it with; a fifth of the first else.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The column of those with the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="The column with the classes.")] = None,
    rule: Rule = "add",
    sections: Annotated[
        bool, typer.Option("--sections", help="Each section of analogies.")
    ] = False,
    corpus: Annotated[
        str | None, typer.Option(help="Compare methods: train each on this corpus.")
    ] = None,
    methods: Annotated[
        str, typer.Option(help="Names of those, with commas between.")
    ] = "cbow,skipgram",
    dimensions: Annotated[int, typer.Option(help="Of the vectors of all.", min=1)] = 100,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Of every method that has it."),
    ] = None,
    column: Annotated[
        str | None, typer.Option("--column", help="The column of the corpus with the texts.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="2 or more tell how stable neighbours are.", min=1)
    ] = 1,
    seed: Seed = 0,
    most: Most = None,
    skip_faults: Skip = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Judge vectors: analogies, similarity, a linear probe, stability; a row for each.

    \b
    Examples:
      leftfold vectors evaluate glove.6B.100d.txt --analogies questions-words.txt --sections
      leftfold vectors evaluate a.npz b.npz --similarity wordsim353.csv --similarity simlex.txt
      leftfold vectors evaluate a.npz --probe reviews.csv --text review --label sentiment
      leftfold vectors evaluate --corpus reviews.txt --methods skipgram,glove,ppmi --seeds 2 \\
        --analogies questions-words.txt --probe train.csv --probe-test test.csv
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors_evaluate import Lists, compare, evaluate

    lists = Lists(questions, pairs or [], probe, probe_test, text, label, rule, seed)
    if corpus is None:
        evaluate(files or [], lists, sections, most, skip_faults, format, output)
    else:
        names = [name.strip() for name in methods.split(",") if name.strip()]
        compare(
            corpus, column, files or [], names, dimensions, settings or [], seeds, lists, format,
            output,
        )  # fmt: skip


@vectors_app.command("convert")
def convert(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The file to read.")],
    target: Annotated[Path, typer.Argument(metavar="TO", help="The file to write.")],
    read_as: Annotated[
        str | None, typer.Option("--from", help="Format; by the ending else.")
    ] = None,
    write_as: Annotated[
        str | None, typer.Option("--to", help="Format; by the ending else.")
    ] = None,
    most: Most = None,
    skip_faults: Skip = False,
    force: Annotated[bool, typer.Option("--force", help="Replace TO if it exists.")] = False,
) -> None:
    """Convert a file of vectors: word2vec, word2vec-binary, glove, fasttext, npz, safetensors.

    \b
    Examples:
      leftfold vectors convert glove.6B.100d.txt glove.npz --most 100000
      leftfold vectors convert vectors.npz vectors.bin
      leftfold vectors convert glove.840B.300d.txt glove.safetensors --skip-faults
      leftfold vectors convert vectors.npz vectors.txt.gz --to word2vec
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import convert as run

    run(source, target, read_as, write_as, most, skip_faults, force)


@vectors_app.command("info")
def info(
    file: File,
    most: Most = None,
    skip_faults: Skip = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Print what is in a file of vectors.

    \b
    Example:
      leftfold vectors info glove.6B.100d.txt
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.vectors import Asked
    from leftfold.cli.vectors import info as run

    run(Asked(file, most, skip_faults), as_json)
