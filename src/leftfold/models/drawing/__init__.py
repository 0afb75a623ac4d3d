"""Pictures of models: `plot_model` and `model_to_dot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leftfold.models.drawing.drawing import FORMATS, Drawing
from leftfold.models.drawing.groups import place
from leftfold.models.drawing.picture import Shown, describe

_DIRECTIONS = ("TB", "BT", "LR", "RL")
_SPLINES = ("ortho", "curved", "spline", "polyline", "line")


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """A picture of a model's layers, drawn without Graphviz.

    Args:
        model: one that has been built.
        show_shapes: whether to show the shapes of inputs and outputs.
        show_dtype: whether to show the element types of outputs.
        show_layer_names: whether to show names beside classes.
        rankdir: where the data flows: `"TB"` from top to bottom, `"BT"`, `"LR"` or `"RL"`.
        expand_nested: whether to show the layers of models inside the model.
        dpi: dots per inch of PNG files.
        subgraph: `False`; groups are drawn by `expand_nested`.
        show_layer_activations: whether to show the activations of layers that have one.
        show_trainable: whether to show which layers with weights are trained.
        splines: `"line"` and `"polyline"` give straight lines, the others of Graphviz curves.
        **kwargs: nothing; there to name what Keras no longer takes.

    Returns:
        An object that shows itself in a notebook, with `create(format="svg")`, `write(path)` and
        `to_svg()`.

    Raises:
        ValueError: for a model that is not built, or arguments that cannot be meant.

    Example:
        >>> from leftfold import Input, Sequential, layers
        >>> model = Sequential([Input((5, 2)), layers.LSTM(3)])
        >>> model_to_dot(model).to_svg()[:4]
        '<svg'
    """
    if kwargs:
        raise ValueError(f"model_to_dot does not take the argument {next(iter(kwargs))!r}.")
    if not getattr(model, "built", False):
        raise ValueError(
            f"model_to_dot expected a model that has been built, got {model!r}: begin it with "
            "Input(...), or call it on data."
        )
    if subgraph:
        raise ValueError("model_to_dot expected subgraph=False: a picture has no part of its own.")
    if rankdir not in _DIRECTIONS:
        raise ValueError(
            f"model_to_dot expected rankdir to be one of {_DIRECTIONS}, got {rankdir!r}."
        )
    if splines not in _SPLINES:
        raise ValueError(f"model_to_dot expected splines to be one of {_SPLINES}, got {splines!r}.")
    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 0 < dpi <= 2400:
        raise ValueError(f"model_to_dot expected dpi to be a number up to 2400, got {dpi!r}.")
    shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    placed = place(describe(model, shown, expand_nested), rankdir)
    return Drawing(placed, rankdir, int(dpi), splines in ("line", "polyline"))


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """Write a picture of a model's layers into a file.

    Args:
        model: one that has been built.
        to_file: where to. `.svg` needs nothing; `.png` and `.pdf` need the extra `plot`. Without
            an ending, `.png` is added. `None` writes nothing.
        show_shapes: as in `model_to_dot`.
        show_dtype: as in `model_to_dot`.
        show_layer_names: as in `model_to_dot`.
        rankdir: as in `model_to_dot`.
        expand_nested: as in `model_to_dot`.
        dpi: as in `model_to_dot`.
        show_layer_activations: as in `model_to_dot`.
        show_trainable: as in `model_to_dot`.
        splines: as in `model_to_dot`.
        **kwargs: nothing.

    Returns:
        The picture, which shows itself in a notebook.

    Raises:
        ValueError: as `model_to_dot`, and for a file of another ending.
        ImportError: for a PNG or PDF without the extra.
    """
    drawing = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, False,
        show_layer_activations, show_trainable, splines, **kwargs,
    )  # fmt: skip
    if to_file is None:
        return drawing
    path = Path(to_file)
    if not path.suffix:
        path = path.with_name(f"{path.name}.png")
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        raise ValueError(f"plot_model expected a file that ends in .svg, .png or .pdf, got {path}.")
    drawing.write(path)
    return drawing
