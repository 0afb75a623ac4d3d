"""Products with constants as `Dense`, tables as `Embedding`, other products as operations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.onnx.rebuild.axes import fresh_if, materialized
from leftfold.interop.onnx.rebuild.inputs import (
    check_elements,
    constant,
    groups_of,
    named,
    needed_constant,
    rebuilds,
    tensor,
    view,
)
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Group,
    Made,
    Value,
    View,
    new_atoms,
    size_of,
    whole,
)

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder


def dense(
    rebuilder: Rebuilder,
    made: Made,
    x: View,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    name: str,
) -> View:
    """A `Dense` layer over the last axis; axes before it may be grouped as they like."""
    last = x.axes[-1]
    if x.layout[-1] != last:
        layout = (*((atom,) for group in x.axes[:-1] for atom in group), last)
        x = View(materialized(replace(x, axes=layout)), layout, x.axes)
    units = kernel.shape[1]

    def make() -> Any:
        return layers.Dense(
            units, use_bias=bias is not None, name=rebuilder.name(name, made.call.name, "dense/x")
        )

    weights = [kernel] if bias is None else [kernel, bias]
    result = rebuilder.applied(make, weights, x.base, name)
    out = (Atom(units),)
    return View(result, (*x.layout[:-1], out), (*x.axes[:-1], out))


@rebuilds("MatMul")
def _matmul(rebuilder: Rebuilder, made: Made) -> View:
    kernel = constant(made, 1)
    if kernel is not None and kernel.ndim == 2 and kernel.dtype.kind == "f":
        found = view(made, 0)
        if len(found.axes) > 1:
            return dense(rebuilder, made, found, kernel, None, named(made.given(1)))
    if constant(made, 0) is None and constant(made, 1) is None:
        pair = view(made, 0), view(made, 1)
        outer = pair[0].axes[:-2]
        if outer == pair[1].axes[:-2] and any(len(group) > 1 for group in outer):
            return _product_over_atoms(*pair)
    result = ops.matmul(tensor(made, 0), tensor(made, 1))
    return _of_product(made, result)


def _product_over_atoms(first: View, second: View) -> View:
    """Matrices that lie along an axis of several atoms lie as well along several axes."""
    outer, rows, columns = first.axes[:-2], first.axes[-2], second.axes[-1]
    single = tuple((atom,) for group in outer for atom in group)
    pair = [replace(x, axes=(*single, *x.axes[-2:])) for x in (first, second)]
    result = ops.matmul(*map(materialized, pair))
    return View(result, (*single, rows, columns), (*outer, rows, columns))


def _of_product(made: Made, result: Any) -> View:
    """The axes of a product of matrices: those of both inputs, but what is summed over."""
    axes = new_atoms(result)
    if constant(made, 0) is None and len(view(made, 0).axes) == len(axes):
        given = view(made, 0).axes[:-1]
        axes = tuple(
            old if size_of(old) == size else new
            for old, new, size in zip((*given, axes[-1]), axes, result.shape, strict=True)
        )
    return whole(result, axes)


def dense_with_bias(rebuilder: Rebuilder, made: Made) -> View | None:
    """An `Add` behind a product with a constant as one layer, `None` where it is none."""
    for place in (0, 1):
        product, bias = made.given(place), constant(made, 1 - place)
        if product is None or bias is None or product.kind != "MatMul" or product.made is None:
            continue
        kernel = constant(product.made, 1)
        if kernel is None or kernel.ndim != 2 or bias.shape != kernel.shape[1:]:
            continue
        if isinstance(product.result, View):
            x = view(product.made, 0)
            if len(x.axes) > 1:
                rebuilder.give_up(product)
                name = named(product.source(1))
                return dense(rebuilder, product.made, x, kernel, bias, name)
    return None


@rebuilds("Gemm")
def _gemm(rebuilder: Rebuilder, made: Made) -> View:
    get = made.call.get
    kernel = needed_constant(made, 1, "its second matrix") * np.float32(get("alpha", 1.0))
    kernel = kernel.T if get("transB", 0) else kernel
    bias = None
    if made.given(2) is not None:
        bias = needed_constant(made, 2, "its bias") * np.float32(get("beta", 1.0))
        bias = np.broadcast_to(bias.reshape(bias.shape[-1:]), kernel.shape[1:])
    if get("transA", 0):
        raise made.refuse("its first matrix is turned")
    return dense(rebuilder, made, view(made, 0), kernel, bias, named(made.given(1)))


@rebuilds("Einsum")
def _einsum(rebuilder: Rebuilder, made: Made) -> View:
    tensors = [tensor(made, place) for place in range(len(made.inputs))]
    equation = made.call.get("equation").replace(" ", "")
    before, arrow, after = equation.partition("->")
    if not arrow:
        raise made.refuse("it does not say which axes its result has")
    groups: dict[Any, Group] = {}
    for place, letters in enumerate(before.split(",")):
        axes = groups_of(made, place)
        computed = constant(made, place) is None
        for letter, group in zip(_lettered(letters, len(axes)), axes, strict=True):
            if computed or letter not in groups:
                groups[letter] = group
    rest = len({letter for letter in groups if not isinstance(letter, str)})
    shown = _lettered(after, len(after.replace(".", "")) + (rest if "." in after else 0))
    seen = shown if len(tensors) < 3 else list(groups)  # of three, sums lie on the way
    check_elements(made, *(size_of(groups[letter]) for letter in seen))
    result = ops.einsum(equation, *tensors)
    return whole(result, fresh_if(result, tuple(groups[letter] for letter in shown)))


def _lettered(letters: str, rank: int) -> list[Any]:
    """The letter of each axis; numbers from the end, -1 first, for those of an ellipsis."""
    front, dots, back = letters.partition("...")
    between = rank - len(front) - len(back)
    return [*front, *(range(-between, 0) if dots else ()), *back]


# Tables


def embedding(rebuilder: Rebuilder, made: Made, table: np.ndarray, ids: View, name: str) -> View:
    """An `Embedding` layer."""

    def make() -> Any:
        return layers.Embedding(*table.shape, name=rebuilder.name(name, made.call.name))

    result = rebuilder.applied(make, [table], ids.base, name)
    out = (Atom(table.shape[1]),)
    return View(result, (*ids.layout, out), (*ids.axes, out))


def embedding_of_codes(rebuilder: Rebuilder, made: Made) -> View | None:
    """Rows of whole numbers times a scale for each row, `None` where it is none of that."""
    tables = [_rows(made.given(place)) for place in (0, 1)]
    if None in tables:
        return None
    codes, scales = tables
    assert codes is not None and scales is not None
    if codes.source(1) is not scales.source(1):
        return None
    assert codes.made is not None and scales.made is not None
    table, factors = constant(codes.made, 0), constant(scales.made, 0)
    assert table is not None and factors is not None
    if factors.shape != (len(table), 1):
        return None
    full = table.astype(np.float32) * factors
    return embedding(rebuilder, codes.made, full, view(codes.made, 1), named(codes.source(0)))


def _rows(value: Value | None) -> Value | None:
    """The `Gather` of rows of a constant matrix behind a value."""
    if value is None:
        return None
    found = value.without("Cast")
    table = found.source(0) if found.kind == "Gather" else None
    is_table = table is not None and isinstance(table.result, np.ndarray) and table.result.ndim == 2
    return found if is_table and isinstance(found.result, View) else None
