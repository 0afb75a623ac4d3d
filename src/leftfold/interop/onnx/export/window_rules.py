"""How convolutions and pools are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.export.rules import rule
from leftfold.ops.transposed_convolution import edge, output_paddings
from leftfold.ops.windows import windows

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter


@rule("conv")
def _conv(exporter: Exporter, y: KerasTensor, x: Any, kernel: Any, *settings: Any) -> str:
    return _convolution(exporter, y, x, kernel, None, *settings)


@rule("conv_with_bias")
def _convolution(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    kernel: Any,
    bias: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
) -> str:
    graph, rank = exporter.graph, y.ndim - 2
    order = (rank + 1, rank, *range(rank))
    weights = graph.node("Transpose", exporter.value(kernel, y.dtype), perm=list(order))
    first = data_format == "channels_first"
    channels = x.shape[1 if first else -1]
    groups = channels // kernel.shape[-2]
    over = windows("conv", rank, kernel.shape[:-2], strides, padding, dilation_rate)
    given = [] if bias is None else [exporter.value(bias, y.dtype)]
    return _windowed(exporter, y, x, first, over, "Conv", [weights, *given], group=groups)


@rule("depthwise_conv")
def _depthwise(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    kernel: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
) -> str:
    """A convolution with one group for each channel; outputs of a channel lie side by side."""
    graph, rank = exporter.graph, y.ndim - 2
    channels, multiplier = kernel.shape[-2:]
    weights = graph.node(
        "Transpose", exporter.value(kernel, y.dtype), perm=[rank, rank + 1, *range(rank)]
    )
    shape = graph.integers(channels * multiplier, 1, *kernel.shape[:-2])
    weights = graph.node("Reshape", weights, shape)
    over = windows("conv", rank, kernel.shape[:-2], strides, padding, dilation_rate)
    first = data_format == "channels_first"
    return _windowed(exporter, y, x, first, over, "Conv", [weights], group=channels)


@rule("conv_transpose")
def _transposed(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    kernel: Any,
    strides: Any,
    padding: str,
    output_padding: Any,
    data_format: str | None,
    dilation_rate: Any,
) -> str:
    """ONNX adds outputs behind the last window, or cuts them off on either side."""
    graph, rank = exporter.graph, y.ndim - 2
    order = [rank + 1, rank, *range(rank)]
    weights = graph.node("Transpose", exporter.value(kernel, y.dtype), perm=order)
    over = windows(
        "conv_transpose", rank, kernel.shape[:-2], strides, padding, dilation_rate,
        ("valid", "same"),
    )  # fmt: skip
    extra = output_paddings("conv_transpose", output_padding, over.strides)
    edges = [edge(over, axis, extra) for axis in range(rank)]
    behind = [over.spans[axis] - start - last for axis, (start, last) in enumerate(edges)]
    pads = [start for start, _ in edges] + [max(n, 0) for n in behind]
    return _windowed(
        exporter, y, x, data_format == "channels_first", over._replace(padding="valid"),
        "ConvTranspose", [weights], pads=pads, output_padding=[max(-n, 0) for n in behind],
    )  # fmt: skip


@rule("max_pool")
def _max_pool(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> str:
    return _pool(exporter, y, x, pool_size, strides, padding, data_format, "MaxPool")


@rule("average_pool")
def _average_pool(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> str:
    return _pool(exporter, y, x, pool_size, strides, padding, data_format, "AveragePool")


def _pool(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    kind: str,
) -> str:
    over = windows(
        "pool", y.ndim - 2, pool_size, pool_size if strides is None else strides, padding
    )
    settings = {"count_include_pad": 0} if kind == "AveragePool" else {}
    first = data_format == "channels_first"
    return _windowed(
        exporter, y, x, first, over, kind, [], kernel_shape=list(over.size), **settings
    )


def _windowed(
    exporter: Exporter,
    y: KerasTensor,
    x: Any,
    channels_first: bool,
    over: Any,
    kind: str,
    weights: list[str],
    **settings: Any,
) -> str:
    """An operator over windows, which ONNX knows with channels first only."""
    graph, value, rank = exporter.graph, exporter.value(x, y.dtype), y.ndim - 2
    if not channels_first:
        value = graph.node("Transpose", value, perm=[0, rank + 1, *range(1, rank + 1)])
    if over.padding == "same":
        settings["auto_pad"] = "SAME_UPPER"
    elif over.padding == "causal":
        margins = over.margins([1] * rank)
        settings["pads"] = [before for before, _ in margins] + [after for _, after in margins]
    if kind.startswith("Conv") or max(over.dilation) > 1:
        settings["dilations"] = list(over.dilation)
    made = graph.node(kind, value, *weights, strides=list(over.strides), **settings)
    if channels_first:
        return made
    return graph.node("Transpose", made, perm=[0, *range(2, rank + 2), 1])
