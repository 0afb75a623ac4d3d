"""The commands and how they are called. What they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from leftfold.cli import classify, forecast, tag, translate
from leftfold.cli.generate_commands import generate_app
from leftfold.cli.vectors_commands import vectors_app

app = typer.Typer(
    name="leftfold",
    help="Recurrent networks on the computer you already have.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Demos(TyperGroup):
    """Commands of which one is meant where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual command's name before arguments that begin otherwise."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["sentiment", *args])


demo_app = typer.Typer(cls=Demos, help="From random weights to answers, in a minute or two.")
data_app = typer.Typer(help="Data sets: where they are, and how to add one.")
app.add_typer(demo_app, name="demo")
app.add_typer(data_app, name="data")
app.add_typer(classify.app, name="classify")
app.add_typer(generate_app, name="generate")
app.add_typer(forecast.app, name="forecast")
app.add_typer(tag.app, name="tag")
app.add_typer(translate.app, name="translate")
app.add_typer(vectors_app, name="vectors")


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """What happens before any command, and without one."""
    if version:
        from leftfold import __version__

        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())


@demo_app.command("sentiment")
def run_demo(
    sentences: Annotated[
        list[str] | None, typer.Argument(help="Sentences to judge; examples by default.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="For weights, order and dropout.", min=0, max=2**32 - 1)
    ] = 812,
    epochs: Annotated[int, typer.Option(help="Passes over the training reviews.", min=1)] = 2,
    save: Annotated[Path, typer.Option(help="Where the trained model goes.")] = Path(
        "sentiment.leftfold"
    ),
    threads: Annotated[
        int | None, typer.Option(help="Processors to use; all by default.", min=1)
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds of training at most.", min=0)
    ] = None,
    reviews: Annotated[int | None, typer.Option(hidden=True, min=20)] = None,
) -> None:
    """Train on 25,000 film reviews in a minute, then judge sentences.

    \b
    Examples:
      leftfold demo
      leftfold demo "I laughed until I cried." "I cried." --seed 1
      leftfold demo --time-limit 20 --save quick.leftfold

    \b
    Another one:
      leftfold demo translate
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.demo import demo

    demo(sentences or (), seed, epochs, save, threads, time_limit, reviews)


@demo_app.command("translate")
def run_demo_translate(
    dates: Annotated[
        list[str] | None, typer.Argument(help="Dates to read; what you type by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For weights and order.", min=0, max=2**32 - 1)] = 0,
    seconds: Annotated[float, typer.Option(help="Of training at most.", min=1)] = 90.0,
    save: Annotated[Path, typer.Option(help="Where the translator goes.")] = Path("dates.leftfold"),
    threads: Annotated[
        int | None, typer.Option(help="Processors to use; all by default.", min=1)
    ] = None,
    pairs: Annotated[int, typer.Option(hidden=True, min=50)] = 12_000,
) -> None:
    """Learn from 12,000 generated dates what people mean, then read those you type.

    \b
    Examples:
      leftfold demo translate
      leftfold demo translate "July 20, 1969" "9.11.1989"
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.demo_translate import demo

    demo(dates or (), seed, seconds, save, threads, pairs)


@app.command(
    "run",
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
)
def run_script(
    target: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="A Python script; with -m, a module's name.")
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGS]...", help="Passed on to the script.")
    ] = None,
    module: Annotated[bool, typer.Option("-m", help="SCRIPT is the name of a module.")] = False,
) -> None:
    """Run a script written for Keras, unchanged: its imports of Keras and TensorFlow find Leftfold.

    \b
    Examples:
      leftfold run train.py
      leftfold run train.py --epochs 3
      leftfold run -m project.train
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.run import run

    raise typer.Exit(run(target, arguments or (), module))


@app.command("inspect")
def inspect_file(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=".keras, .h5, .weights.h5, .safetensors, .onnx, ..."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what is in a model file: layers, shapes, parameters, training, versions.

    Weights are not read and nothing in the file is run.

    \b
    Examples:
      leftfold inspect model.keras
      leftfold inspect model.weights.h5 --json
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.files import inspect

    inspect(path, as_json)


@app.command("convert")
def convert_file(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The file to read.")],
    target: Annotated[Path, typer.Argument(metavar="TO", help="The file to write.")],
    model: Annotated[
        Path | None, typer.Option(help="The model that mere weights belong to.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace TO if it exists.")] = False,
) -> None:
    """Convert a model file into another format; the endings of the names say which.

    \b
    Examples:
      leftfold convert old.h5 new.keras
      leftfold convert model.keras model.onnx
      leftfold convert trained.weights.h5 model.keras --model untrained.keras
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.files import convert

    convert(source, target, model, force)


@app.command()
def info() -> None:
    """Print the version, the kernels in use, the threads and the folder for data."""
    from leftfold.cli.info import report

    print(report())


@data_app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """Without a command, the help."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(help="The data set: imdb.")],
    path: Annotated[Path, typer.Argument(help="Its archive or folder.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Build a data set in Leftfold's folder from the archive that its authors publish.

    \b
    Example:
      leftfold data add imdb aclImdb_v1.tar.gz
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.data import add

    add(name, path, force)


@data_app.command("list")
def data_list() -> None:
    """Print the data sets, which of them are there, and how to get the others."""
    from leftfold.cli.data import listing

    print(listing())


@data_app.command("path")
def data_path() -> None:
    """Print the folder in which data sets are kept."""
    from leftfold.datasets.files import data_folder

    print(data_folder())
