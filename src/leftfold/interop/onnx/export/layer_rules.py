"""How layers are written that their own `call` cannot say on open sizes, or ONNX has itself.

A rule takes the exporter, the layer and the call, and returns symbolic tensors whose values are
written or can be.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leftfold import layers, ops
from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Node, leaves
from leftfold.interop.onnx.export.recurrent_rules import write_bidirectional, write_recurrent
from leftfold.layers.attention import as_mask, both, masked_softmax
from leftfold.layers.call import fill_masks
from leftfold.layers.multi_head_attention import MultiHeadAttention
from leftfold.layers.projection import Projection

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

LayerRule = Callable[["Exporter", Any, Node], Any]


def rule_for(layer: Any) -> LayerRule | None:
    """The rule for a layer, `None` where its own `call` says it."""
    for cls, rule in _RULES.items():
        if isinstance(layer, cls):
            return rule
    return None


def _reshaped(exporter: Exporter, tensor: KerasTensor, sizes: Any, shape: Any) -> KerasTensor:
    """`Reshape` as ONNX has it: 0 keeps a size, and one -1 follows from the others."""
    graph = exporter.graph
    value = graph.node("Reshape", exporter.value(tensor), graph.integers(*sizes))
    return exporter.bind(value, shape, tensor.dtype)


def _flatten(exporter: Exporter, layer: Any, node: Node) -> Any:
    x, (output,) = node.args[0], node.outputs
    if layer.data_format == "channels_first" and x.ndim > 1:
        x = ops.transpose(x, (0, *range(2, x.ndim), 1))
    value = exporter.graph.node("Flatten", exporter.value(x), axis=1)
    return exporter.bind(value, output.shape, output.dtype)


def _reshape(exporter: Exporter, layer: Any, node: Node) -> Any:
    x, (output,) = node.args[0], node.outputs
    return _reshaped(exporter, x, (0, *layer.target_shape), output.shape)


def _projection(exporter: Exporter, layer: Any, node: Node) -> Any:
    """A product over the last axes, whose sizes are known; those before them are kept."""
    x, (output,) = node.args[0], node.outputs
    outer = x.ndim - layer.axes
    features, width = math.prod(x.shape[outer:]), math.prod(layer.sizes)
    if layer.axes > 1:
        x = _reshaped(exporter, x, (*[0] * outer, features), (*x.shape[:outer], features))
    graph = exporter.graph
    shape = graph.integers(features, width)
    kernel = graph.node("Reshape", exporter.value(layer.kernel), shape)
    product = graph.node("MatMul", exporter.value(x, output.dtype), kernel)
    if layer.bias is not None:
        bias = graph.node("Reshape", exporter.value(layer.bias), graph.integers(width))
        product = graph.node("Add", product, bias)
    flat = exporter.bind(product, (*x.shape[:outer], width), output.dtype)
    return _reshaped(exporter, flat, (*[0] * outer, *layer.sizes), output.shape)


def _cropping(exporter: Exporter, layer: Any, node: Node) -> Any:
    """A slice counted from the end, where the size is open."""
    x = node.args[0]
    cuts = [slice(before, -after or None) for before, after in layer._edges()]
    return x[(slice(None),) * layer._first_axis + tuple(cuts)]


def _group_normalization(exporter: Exporter, layer: Any, node: Node) -> Any:
    """All that a group normalises in one axis, whatever sizes are open."""
    graph, (output,) = exporter.graph, node.outputs
    x = ops.moveaxis(node.args[0], layer.axis, 1)
    value = exporter.value(x, output.dtype)
    rows = graph.node("Reshape", value, graph.integers(0, layer.groups, -1))
    grouped = exporter.bind(rows, (x.shape[0], layer.groups, None), output.dtype)
    mean, variance = ops.moments(grouped, axes=[2], keepdims=True)
    normal = (grouped - mean) * ops.rsqrt(variance + layer.epsilon)
    back = graph.node("Reshape", exporter.value(normal), graph.node("Shape", value))
    y = exporter.bind(back, x.shape, output.dtype)
    along = (x.shape[1], *[1] * (x.ndim - 2))
    if layer.gamma is not None:
        y = y * ops.reshape(layer.gamma, along)
    if layer.beta is not None:
        y = y + ops.reshape(layer.beta, along)
    return ops.moveaxis(y, 1, layer.axis)


def _time_distributed(exporter: Exporter, layer: Any, node: Node) -> Any:
    """All steps through the layer as one batch; a dense layer takes them as they are."""
    x = node.args[0]
    if isinstance(layer.layer, layers.Dense):
        return layer.layer(x)
    graph, value = exporter.graph, exporter.value(x)
    sizes = graph.node("Shape", value)

    def part(start: int, stop: int) -> str:
        ends = (graph.integers(n) for n in (start, stop, 0))
        return graph.node("Slice", sizes, *ends)

    inner = graph.node("Concat", graph.integers(-1), part(2, x.ndim), axis=0)
    steps = exporter.bind(graph.node("Reshape", value, inner), (None, *x.shape[2:]), x.dtype)
    results = []
    for y in leaves(layer.layer(steps)):
        each = exporter.value(y)
        rest = [graph.node("Slice", graph.node("Shape", each), *map(graph.integers, (1, y.ndim)))]
        shape = graph.node("Concat", part(0, 2), *rest, axis=0)
        back = graph.node("Reshape", each, shape)
        results.append(exporter.bind(back, (*x.shape[:2], *y.shape[1:]), y.dtype))
    return results


def _dot(exporter: Exporter, layer: Any, node: Node) -> Any:
    """A product of matrices for each sample; vectors are matrices of one row or column."""
    first, second = node.args[0]
    if max(first.ndim, second.ndim) > 3:
        raise ValueError(exporter.refusal("Dot is written for vectors and matrices only"))
    i, j = layer._axes((first.ndim, second.ndim))
    if layer.normalize:
        first = ops.normalize(first, axis=i, order=2)
        second = ops.normalize(second, axis=j, order=2)
    row, column = first.ndim == 2, second.ndim == 2
    first = ops.expand_dims(first, 1) if row else ops.moveaxis(first, i, -1)
    second = ops.expand_dims(second, 2) if column else ops.moveaxis(second, j, 1)
    product = ops.matmul(first, second)
    if row and column:
        return ops.squeeze(product, axis=2)
    return ops.squeeze(product, axis=1 if row else 2) if row or column else product


def _steps(exporter: Exporter, tensor: KerasTensor, axis: int) -> str:
    """0, 1, 2, ... along an axis whose size may be open."""
    graph = exporter.graph
    size = graph.node("Gather", graph.node("Shape", exporter.value(tensor)),
                      graph.constant(0 if axis == 0 else axis, "int64"))  # fmt: skip
    zero, one = graph.constant(0, "int64"), graph.constant(1, "int64")
    return graph.node("Range", zero, size, one)


def _distance(exporter: Exporter, query: KerasTensor, key: KerasTensor, axis: int) -> str:
    """How far each query lies behind each key, (queries, keys)."""
    graph = exporter.graph
    rows = graph.node("Unsqueeze", _steps(exporter, query, axis), graph.integers(1))
    return graph.node("Sub", rows, _steps(exporter, key, axis))


def _causal(exporter: Exporter, query: KerasTensor, key: KerasTensor, axis: int) -> KerasTensor:
    graph, distance = exporter.graph, _distance(exporter, query, key, axis)
    seen = graph.node("GreaterOrEqual", distance, graph.constant(0, "int64"))
    return exporter.bind(seen, (query.shape[axis], key.shape[axis]), "bool")


def _attention(exporter: Exporter, layer: Any, node: Node) -> Any:
    """`Attention.call` with a causal mask for sequences of open length."""
    inputs = list(node.args[0])
    query, value, key = (*inputs, inputs[1])[:3]
    settings = _given(layer, node)
    query_mask, value_mask = layer._masks(settings.get("mask"))
    visible = None if value_mask is None else ops.expand_dims(value_mask, -2)
    if settings.get("use_causal_mask"):
        visible = both(visible, _causal(exporter, query, key, query.ndim - 2))
    weights = masked_softmax(_scores(layer, query, key), visible)
    outputs = ops.matmul(weights, value)
    if query_mask is not None:
        outputs = ops.where(ops.expand_dims(query_mask, -1), outputs, 0)
    return (outputs, weights) if settings.get("return_attention_scores") else outputs


def _scores(layer: Any, query: Any, key: Any) -> Any:
    """The layer's scores; a product with a vector, which ONNX has not for open sizes, as a sum."""
    if type(layer) is layers.AdditiveAttention and layer.scale is not None:
        bent = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(bent * layer.scale, axis=-1)
    return layer._scores(query, key)


def _multi_head(exporter: Exporter, layer: Any, node: Node) -> Any:
    """`MultiHeadAttention.call` over the one axis of time."""
    given = _given(layer, node)
    query, value = given["query"], given["value"]
    key = value if given.get("key") is None else given["key"]
    if query.ndim != 3 or tuple(layer.attention_axes or ()) != (1,):
        raise ValueError(exporter.refusal("attention is written over the axis of time only"))
    visible = given.get("attention_mask")
    masks = [visible if visible is None else as_mask(visible)]
    for name, axis in (("query_mask", -1), ("value_mask", -2), ("key_mask", -2)):
        if given.get(name) is not None:
            masks.append(ops.expand_dims(as_mask(given[name]), axis))
    if given.get("use_causal_mask"):
        masks.append(ops.expand_dims(_causal(exporter, query, value, 1), 0))
    if layer.sliding_window is not None:
        masks.append(_window(exporter, query, value, layer.sliding_window))
    visible = functools.reduce(both, masks)
    heads = [
        ops.transpose(project(x), (0, 2, 1, 3))
        for project, x in (
            (layer.query_dense, query), (layer.key_dense, key), (layer.value_dense, value)
        )
    ]  # fmt: skip
    scores = ops.matmul(heads[0] * (1 / math.sqrt(layer.key_dim)), ops.swapaxes(heads[1], -1, -2))
    if visible is not None and len(visible.shape) < 4:
        visible = ops.expand_dims(visible, 1)
    weights = masked_softmax(scores, visible)
    outputs = ops.transpose(ops.matmul(weights, heads[2]), (0, 2, 1, 3))
    if layer.use_gate:
        outputs = outputs * ops.sigmoid(layer._gate_dense(query))
    outputs = layer.output_dense(outputs)
    return (outputs, weights) if given.get("return_attention_scores") else outputs


def _window(exporter: Exporter, query: KerasTensor, key: KerasTensor, width: int) -> Any:
    graph = exporter.graph
    apart = graph.node("Abs", _distance(exporter, query, key, 1))
    near = graph.node("Less", apart, graph.constant(width, "int64"))
    seen = exporter.bind(near, (query.shape[1], key.shape[1]), "bool")
    return ops.expand_dims(seen, 0)


def _given(layer: Any, node: Node) -> dict[str, Any]:
    """The arguments of a call by name, masks that travel with other arguments included."""
    kwargs = dict(node.kwargs)
    fill_masks(layer._call_spec, node.args, kwargs)
    return layer._call_spec.bind(node.args, kwargs)


_RULES: dict[type, LayerRule] = {
    layers.Bidirectional: write_bidirectional,
    layers.RNN: write_recurrent,
    layers.Flatten: _flatten,
    layers.Reshape: _reshape,
    layers.Cropping1D: _cropping,
    layers.Cropping2D: _cropping,
    layers.GroupNormalization: _group_normalization,
    layers.TimeDistributed: _time_distributed,
    layers.Dot: _dot,
    layers.Attention: _attention,
    MultiHeadAttention: _multi_head,
    Projection: _projection,
}
