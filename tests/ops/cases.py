"""One or more calls of every differentiable operation, on which whole batteries of tests run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor, Tensor


@dataclass(frozen=True)
class Draw:
    """An argument to be drawn at random: a float tensor that gradients are asked for."""

    shape: tuple[int, ...]
    low: float | None = None
    high: float | None = None

    def array(self, generator: np.random.Generator, dtype: str) -> np.ndarray:
        if self.low is None:
            return generator.standard_normal(self.shape).astype(dtype)
        return generator.uniform(self.low, self.high, self.shape).astype(dtype)


def normal(*shape: int) -> Draw:
    return Draw(shape)


def between(low: float, high: float, *shape: int) -> Draw:
    return Draw(shape, low, high)


def positive(*shape: int) -> Draw:
    return Draw(shape, 0.3, 3.0)


@dataclass(frozen=True)
class Case:
    """A call `ops.<name>(*arguments, **settings)`.

    Arguments are `Draw`s, lists of `Draw`s, or constants.
    """

    name: str
    arguments: tuple[Any, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def function(self) -> Callable[..., Any]:
        return getattr(ops, self.name)

    def map_draws(self, change: Callable[[Draw], Any]) -> list[Any]:
        """The arguments with every `Draw` replaced."""

        def replace(argument: Any) -> Any:
            if isinstance(argument, list) and argument and isinstance(argument[0], Draw):
                return [change(item) for item in argument]
            return change(argument) if isinstance(argument, Draw) else argument

        return [replace(argument) for argument in self.arguments]

    def tensors(self, dtype: str, tracked: bool = True) -> tuple[list[Any], list[Tensor]]:
        """The arguments with tensors for the draws, and these tensors alone."""
        generator = np.random.default_rng(list(self.name.encode()))
        drawn: list[Tensor] = []

        def tensor(draw: Draw) -> Tensor:
            drawn.append(Tensor(draw.array(generator, dtype), tracked))
            return drawn[-1]

        return self.map_draws(tensor), drawn

    def symbols(self, unknown_first_size: bool = False) -> list[Any]:
        """The arguments with symbolic tensors for the draws."""

        def symbol(draw: Draw) -> KerasTensor:
            shape = (None, *draw.shape[1:]) if unknown_first_size else draw.shape
            return KerasTensor(shape, "float32")

        return self.map_draws(symbol)

    def __call__(self, arguments: list[Any]) -> Any:
        return self.function(*arguments, **self.settings)

    def __str__(self) -> str:
        def show(argument: Any) -> str:
            if isinstance(argument, Draw):
                return "x".join(map(str, argument.shape)) or "scalar"
            if isinstance(argument, list):
                return "+".join(map(show, argument))
            return "" if isinstance(argument, np.ndarray) else str(argument)

        parts = [self.name, *map(show, self.arguments)]
        parts += [f"{key}={value}" for key, value in self.settings.items()]
        return "-".join(part.replace(" ", "") for part in parts if part)


def case(name: str, *arguments: Any, **settings: Any) -> Case:
    return Case(name, arguments, settings)


def outputs_of(result: Any) -> list[Any]:
    """The tensors of a result, which may be one tensor or a tuple or list of them."""
    return list(result) if isinstance(result, tuple | list) else [result]


BROADCASTS = [
    (normal(3, 4), normal(3, 4)),
    (normal(3, 4), normal(4)),
    (normal(2, 1, 4), normal(3, 1)),
    (normal(), normal(2, 3)),
]

MASK = np.array([[True, False, True], [False, False, True]])
LABELS = np.array([2, 0, 3])


def _arithmetic() -> Iterator[Case]:
    for name in ("add", "subtract", "multiply", "maximum", "minimum", "logaddexp", "arctan2"):
        for pair in BROADCASTS:
            yield case(name, *pair)
    for name in ("divide", "true_divide", "divide_no_nan", "mod"):
        for first, second in BROADCASTS:
            yield case(name, first, positive(*second.shape))
    for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "mod"):
        yield case(name, positive(2, 3), 1.5)
        yield case(name, 1.5, positive(2, 3))
    for first, second in BROADCASTS:
        yield case("power", positive(*first.shape), second)
    yield case("power", normal(2, 3), 2)
    yield case("power", normal(2, 3), 0)
    yield case("power", normal(2, 3), 3.0)


def _elementwise() -> Iterator[Case]:
    shape = (3, 4)
    for name in (
        *("negative", "absolute", "square", "exp", "exp2", "expm1", "sin", "cos", "arctan", "erf"),
        *("sinh", "cosh", "tanh", "arcsinh", "nan_to_num", "copy", "relu", "relu6", "elu", "celu"),
        *("selu", "sigmoid", "log_sigmoid", "hard_sigmoid", "silu", "hard_silu", "softplus"),
        *("softsign", "leaky_relu", "gelu", "softmax", "log_softmax", "sparsemax", "glu"),
        *("hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "squareplus", "sparse_plus"),
        *("sparse_sigmoid",),
    ):
        yield case(name, between(-3.5, 3.5, *shape))
        if name not in ("softmax", "log_softmax", "sparsemax", "glu"):
            yield case(name, normal())
    for name in ("sqrt", "rsqrt", "cbrt", "reciprocal", "log", "log1p", "log2", "log10"):
        yield case(name, positive(*shape))
        yield case(name, positive())
    for name in ("tan", "arcsin", "arccos", "arctanh"):
        yield case(name, between(-0.9, 0.9, *shape))
    yield case("arccosh", between(1.1, 4.0, *shape))
    yield case("clip", normal(*shape), -0.5, 0.7)
    yield case("gelu", normal(*shape), approximate=False)
    yield case("elu", normal(*shape), alpha=0.3)
    yield case("celu", normal(*shape), alpha=0.3)
    yield case("leaky_relu", normal(*shape), negative_slope=0.1)
    yield case("squareplus", normal(*shape), b=1.0)
    yield case("soft_shrink", normal(*shape), threshold=0.2)
    yield case("hard_shrink", normal(*shape), threshold=0.2)
    yield case("threshold", normal(*shape), 0.2, -1.0)
    for name in ("softmax", "log_softmax", "sparsemax", "glu"):
        yield case(name, normal(4, 2, 3), axis=0)
    yield case("softmax", normal(2, 3, 4), axis=(1, 2))


def _reductions() -> Iterator[Case]:
    for name in (
        *("sum", "mean", "var", "std", "max", "min", "amax", "amin", "prod", "logsumexp", "norm"),
    ):
        yield case(name, normal(3, 4))
        yield case(name, normal())
        yield case(name, normal(2, 3, 4), axis=1)
        yield case(name, normal(2, 3, 4), axis=-1, keepdims=True)
        yield case(name, normal(2, 3, 4), axis=(0, -1))
        yield case(name, normal(2, 3, 4), axis=[0, 1], keepdims=True)
    for name in ("cumsum", "cumprod"):
        yield case(name, normal(3, 4))
        yield case(name, normal(2, 3, 4), axis=1)
        yield case(name, normal(2, 3), axis=-1)
    for order in (1, 2, 3, np.inf, -np.inf):
        yield case("norm", normal(3, 4), ord=order, axis=-1)
    yield case("norm", normal(3, 4), ord="fro")
    yield case("average", normal(3, 4))
    yield case("average", normal(3, 4), axis=0, weights=np.array([1.0, 2.0, 5.0], "float32"))
    yield case("average", normal(3, 4), axis=1, weights=np.ones((3, 4), "float32"))
    yield case("trace", normal(3, 4))
    yield case("diff", normal(2, 5))
    yield case("diff", normal(4, 2), n=2, axis=0)


def _shapes() -> Iterator[Case]:
    yield case("reshape", normal(3, 4), (2, -1))
    yield case("reshape", normal(3, 4), 12)
    yield case("ravel", normal(2, 3))
    yield case("transpose", normal(2, 3, 4))
    yield case("transpose", normal(2, 3, 4), axes=(1, -1, 0))
    yield case("swapaxes", normal(2, 3, 4), 0, -1)
    yield case("moveaxis", normal(2, 3, 4), 0, 1)
    yield case("moveaxis", normal(2, 3, 4), (0, 1), (-1, 0))
    yield case("expand_dims", normal(2, 3), 1)
    yield case("expand_dims", normal(2, 3), axis=(0, -1))
    yield case("squeeze", normal(2, 1, 3, 1))
    yield case("squeeze", normal(2, 1, 3, 1), axis=1)
    yield case("squeeze", normal(2, 1, 3, 1), axis=(1, -1))
    yield case("broadcast_to", normal(3, 1), (2, 3, 4))
    yield case("concatenate", [normal(2, 3), normal(1, 3), normal(2, 3)])
    yield case("concatenate", [normal(2, 3), normal(2, 1)], axis=-1)
    yield case("stack", [normal(2, 3), normal(2, 3)])
    yield case("stack", [normal(2, 3), normal(2, 3)], axis=-1)
    yield case("hstack", [normal(2, 3), normal(2, 1)])
    yield case("vstack", [normal(3), normal(3)])
    yield case("append", normal(2, 3), normal(2))
    yield case("append", normal(2, 3), normal(2, 3), axis=0)
    yield case("split", normal(4, 3), 2)
    yield case("split", normal(2, 6), [1, 4], axis=-1)
    yield case("unstack", normal(3, 2))
    yield case("unstack", normal(2, 3), axis=1)
    yield case("repeat", normal(2, 3), 2)
    yield case("repeat", normal(2, 3), 3, axis=1)
    yield case("repeat", normal(2, 3), np.array([0, 2, 1]), axis=1)
    yield case("tile", normal(2, 3), 2)
    yield case("tile", normal(2, 3), (2, 1, 3))
    yield case("flip", normal(2, 3))
    yield case("flip", normal(2, 3), axis=1)
    yield case("roll", normal(2, 3), 2)
    yield case("roll", normal(2, 3), (1, -1), axis=(0, 1))
    yield case("pad", normal(2, 3), 1)
    yield case("pad", normal(2, 3), ((1, 0), (0, 2)), constant_values=5.0)
    yield case("pad", normal(3, 4), ((1, 2), (0, 1)), mode="reflect")
    yield case("pad", normal(3, 4), ((1, 2), (0, 1)), mode="symmetric")
    yield case("meshgrid", normal(3), normal(2))
    yield case("meshgrid", normal(3), normal(2), indexing="ij")
    yield case("tril", normal(3, 3))
    yield case("triu", normal(2, 3, 4), k=1)
    yield case("diag", normal(3))
    yield case("diag", normal(3, 4), k=1)
    yield case("diagonal", normal(3, 4))
    yield case("diagonal", normal(2, 3, 4), offset=-1, axis1=1, axis2=2)
    yield case("cast", normal(2, 3), "float64")
    yield case("saturate_cast", normal(2, 3), "float64")
    yield case("convert_to_tensor", normal(2, 3))
    yield case("convert_to_tensor", [normal(3), normal(3)])
    yield case("array", normal(2, 3))
    yield case("full", (2, 3), normal(), dtype="float64")


def _indexing() -> Iterator[Case]:
    for key in (
        0,
        -1,
        slice(1, None),
        (slice(None), -1),
        (slice(None), slice(None, None, -1), 2),
        (Ellipsis, None, 1),
        (slice(None), slice(0, 3, 2)),
        np.array([2, 0, 2]),
        (np.array([0, 1, 1]), np.array([2, 2, 2])),
        (slice(None), [0, 0, 2]),
        np.array([True, False, True]),
    ):
        yield case("get_item", normal(3, 3, 4), key)
    yield case("slice", normal(3, 4), (1, 0), (2, 3))
    yield case("slice_update", normal(3, 4), (1, 0), normal(2, 3))
    yield case("take", normal(3, 4), np.array([0, 5, 5, 11]))
    yield case("take", normal(3, 4), np.array([[2, 0], [2, -1]]), axis=0)
    yield case("take", normal(3, 4), 2, axis=1)
    yield case("take", normal(2, 3, 4), np.array([1, 1]), axis=-2)
    yield case("take_along_axis", normal(3, 4), np.array([[0, 1], [3, 3], [2, 0]]), axis=1)
    yield case("take_along_axis", normal(3, 4), np.array([0, 0, 7]))
    yield case("where", MASK, normal(2, 3), normal(2, 3))
    yield case("where", MASK, normal(3), normal(2, 1))
    yield case("where", MASK, normal(2, 3), 0.0)
    yield case("scatter_update", normal(3, 4), np.array([[0, 1], [2, 3]]), normal(2))
    yield case("scatter_update", normal(3, 4), np.array([[0], [2], [0]]), normal(3, 4))
    yield case("scatter", np.array([[0], [2], [0]]), normal(3, 4), shape=(3, 4))
    yield case("where", np.zeros((2, 3), bool), 1.5, normal(3))
    yield case("select", [MASK, ~MASK], [normal(2, 3), normal(3)])
    yield case("select", [MASK], [normal(2, 3)], default=2.0)
    yield case("extract_sequences", normal(2, 7), 3, 2)
    yield case("segment_sum", normal(4, 2), np.array([2, 0, 2, 2]))
    yield case("segment_sum", normal(4), np.array([1, 0, 1, 1]), num_segments=3)
    yield case("sort", normal(3, 4))
    yield case("sort", normal(3, 4), axis=0)
    yield case("top_k", normal(3, 5), 2)


def _products() -> Iterator[Case]:
    for shape1, shape2 in (
        ((3, 4), (4, 2)),
        ((2, 3, 4), (4, 2)),
        ((2, 3, 4), (2, 4, 2)),
        ((3, 4), (2, 4, 2)),
        ((5, 1, 3, 4), (2, 4, 2)),
        ((4,), (4,)),
        ((4,), (4, 3)),
        ((4,), (2, 4, 3)),
        ((3, 4), (4,)),
        ((2, 3, 4), (4,)),
    ):
        yield case("matmul", normal(*shape1), normal(*shape2))
    for shape1, shape2 in (((3, 4), (4, 2)), ((4,), (4,)), ((2, 3, 4), (5, 4, 3)), ((), (2,))):
        yield case("dot", normal(*shape1), normal(*shape2))
    yield case("inner", normal(2, 3), normal(4, 3))
    yield case("inner", normal(3), normal())
    yield case("outer", normal(2, 2), normal(3))
    yield case("vdot", normal(2, 3), normal(2, 3))
    yield case("tensordot", normal(2, 3, 4), normal(3, 4, 5))
    yield case("tensordot", normal(2, 3, 4), normal(4, 2, 5), axes=([0, 2], [1, 0]))
    yield case("tensordot", normal(2, 3), normal(4), axes=0)
    yield case("einsum", "ij,jk->ik", normal(2, 3), normal(3, 4))
    yield case("einsum", "ij,kj", normal(2, 3), normal(4, 3))
    yield case("einsum", "bti,ij->btj", normal(2, 3, 4), normal(4, 5))
    yield case("einsum", "...ij,...jk->...ik", normal(5, 1, 2, 3), normal(4, 3, 2))
    yield case("einsum", "ii->i", normal(3, 3))
    yield case("einsum", "ii", normal(3, 3))
    yield case("einsum", "ij->j", normal(3, 2))
    yield case("einsum", "ij,k->i", normal(2, 3), normal(4))
    yield case("einsum", "i,ij,j->", normal(2), normal(2, 3), normal(3))
    yield case("einsum", "ij,ij->ij", normal(2, 1), normal(2, 3))


def _networks() -> Iterator[Case]:
    yield case("dense", normal(3, 4), normal(4, 2), normal(2))
    yield case("dense", normal(2, 3, 4), normal(4, 2), normal(2))
    yield case("dense", normal(3, 4), normal(4, 2), None)
    yield case("dense", normal(4), normal(4, 2), normal(2))
    yield case("embedding", normal(5, 3), np.array([[0, 4], [4, 2]]))
    yield case("dropout", normal(3, 4), 0.5, (1, 2))
    yield case("dropout", normal(3, 2, 4), 0.5, (1, 2), noise_shape=(None, 1, None))
    yield case("dropout", normal(3, 4), 0.0, (1, 2))
    yield case("dropout", normal(3, 4), 1, (1, 2))
    yield case("softmax_cross_entropy", LABELS, normal(3, 4))
    yield case("layer_normalization", normal(3, 4))
    yield case("layer_normalization", normal(3, 4), normal(4), normal(4), epsilon=0.1)
    yield case("layer_normalization", normal(2, 3, 4), normal(2, 4), None, axis=(0, 2))
    yield case("layer_normalization", normal(3, 4), None, normal(3), axis=0)
    yield case("rms_normalization", normal(3, 4))
    yield case("rms_normalization", normal(3, 4), normal(4), epsilon=0.1)
    yield case("batch_normalization", normal(3, 4), normal(4), positive(4), -1)
    yield case(
        "batch_normalization", normal(3, 4, 2), normal(4), positive(4), 1, normal(4), normal(4)
    )
    yield case("moments", normal(3, 4), 0)
    yield case("moments", normal(3, 4), (0, 1), keepdims=True)
    yield case("normalize", normal(3, 4))
    yield case("normalize", normal(3, 4), axis=0, order=1)
    yield case("normalize", normal(3, 4), order=3)
    share = between(0.1, 0.9, 3, 4)
    yield case("binary_crossentropy", share, share)
    yield case("binary_crossentropy", share, normal(3, 4), from_logits=True)
    yield case("categorical_crossentropy", share, share)
    yield case("categorical_crossentropy", share, share, axis=0)
    yield case("categorical_crossentropy", share, normal(3, 4), from_logits=True)
    yield case("categorical_crossentropy", share, normal(3, 4), from_logits=True, axis=0)
    yield case("sparse_categorical_crossentropy", LABELS, share)
    yield case("sparse_categorical_crossentropy", LABELS[:, None], share)
    yield case("sparse_categorical_crossentropy", LABELS, between(0.1, 0.9, 4, 3), axis=0)
    yield case("sparse_categorical_crossentropy", np.array([[0, 1]]), between(0.1, 0.9, 1, 2, 3))
    yield case("sparse_categorical_crossentropy", LABELS, normal(3, 4), from_logits=True)
    yield case("sparse_categorical_crossentropy", LABELS, normal(4, 3), from_logits=True, axis=0)
    targets = np.array([[1, 1, 2], [3, 1, 0], [2, 3, 1]])
    yield case("ctc_loss", targets, normal(3, 6, 4), np.array([3, 2, 3]), np.array([6, 5, 3]))
    yield case(
        "ctc_loss", targets - 1, normal(3, 6, 4), np.array([3, 2, 0]), np.array([6, 4, 6]), 3
    )


def _windows() -> Iterator[Case]:
    yield case("conv", normal(2, 6, 3), normal(2, 3, 4))
    yield case("conv", normal(2, 7, 3), normal(3, 3, 2), 2, "same")
    yield case("conv", normal(2, 7, 3), normal(4, 3, 2), padding="same", dilation_rate=2)
    yield case("conv", normal(2, 6, 3), normal(3, 3, 2), padding="causal", dilation_rate=2)
    yield case("conv", normal(2, 7, 4), normal(3, 2, 6), strides=3)
    yield case("conv", normal(2, 4, 6), normal(3, 4, 2), data_format="channels_first")
    yield case(
        "conv", normal(2, 6, 7), normal(3, 2, 9), padding="same", data_format="channels_first"
    )
    yield case("conv", normal(2, 5, 6, 3), normal(3, 2, 3, 2), (2, 1), "same")
    yield case("conv", normal(1, 2, 5, 6), normal(2, 2, 1, 4), dilation_rate=(1, 3),
               data_format="channels_first")  # fmt: skip
    yield case("conv", normal(1, 3, 3, 4, 2), normal(2, 2, 2, 2, 1))
    yield case("conv", normal(2, 3, 4), normal(1, 4, 2))
    yield case("depthwise_conv", normal(2, 6, 3), normal(2, 3, 2))
    yield case("depthwise_conv", normal(2, 7, 3), normal(3, 3, 1), 2, "same")
    yield case("depthwise_conv", normal(2, 3, 6), normal(2, 3, 2), data_format="channels_first")
    yield case("depthwise_conv", normal(2, 4, 5, 2), normal(2, 3, 2, 2), padding="same")
    yield case("separable_conv", normal(2, 6, 3), normal(2, 3, 2), normal(1, 6, 4), 2)
    yield case("separable_conv", normal(2, 3, 6), normal(2, 3, 1), normal(1, 3, 2), padding="same",
               data_format="channels_first")  # fmt: skip
    yield case("conv_transpose", normal(2, 4, 3), normal(3, 2, 3))
    yield case("conv_transpose", normal(2, 4, 3), normal(3, 2, 3), 2, "same")
    yield case("conv_transpose", normal(2, 4, 3), normal(2, 2, 3), 3, "same", 1)
    yield case("conv_transpose", normal(2, 4, 3), normal(2, 2, 3), strides=4)
    yield case("conv_transpose", normal(2, 3, 4), normal(4, 2, 3), dilation_rate=2, padding="same",
               data_format="channels_first")  # fmt: skip
    yield case("conv_transpose", normal(1, 3, 2, 2), normal(2, 3, 4, 2), (2, 1), "valid", (1, 0))
    for pool in ("max_pool", "average_pool"):
        yield case(pool, normal(2, 7, 3), 2)
        yield case(pool, normal(2, 7, 3), 3, 2, "same")
        yield case(pool, normal(2, 3, 7), (2,), 1, data_format="channels_first")
        yield case(pool, normal(2, 5, 6, 2), (3, 2), padding="same")
        yield case(pool, normal(2, 2, 5, 6), 2, (1, 3), data_format="channels_first")


def _further() -> Iterator[Case]:
    for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "ptp"):
        yield case(name, normal(3, 4))
        yield case(name, normal(3, 4), 1)
        yield case(name, normal(3, 4), axis=0, keepdims=True)
    for name in ("nancumsum", "nancumprod"):
        yield case(name, normal(3, 4), 1)
    for name in ("deg2rad", "rad2deg", "fabs", "sinc", "erfc", "fliplr", "flipud", "diagflat"):
        yield case(name, normal(2, 3))
    for name in ("hypot", "fmax", "fmin"):
        for pair in BROADCASTS:
            yield case(name, *pair)
    for turns in range(4):
        yield case("rot90", normal(2, 3), turns)
    yield case("rot90", normal(2, 3, 4), 3, (2, 0))
    yield case("dstack", [normal(2, 3), normal(2, 3)])
    yield case("dstack", [normal(3), normal(3)])
    yield case("hsplit", normal(2, 4), 2)
    yield case("hsplit", normal(4), 2)
    yield case("vsplit", normal(4, 2), [1, 3])
    yield case("dsplit", normal(1, 2, 4), 2)
    yield case("array_split", normal(2, 7), 3, axis=1)
    yield case("array_split", normal(5, 2), [1, 2])
    yield case("trapezoid", normal(3, 4))
    yield case("trapezoid", normal(4, 3), dx=0.5, axis=0)
    yield case("trapezoid", normal(3, 4), normal(4))
    yield case("corrcoef", normal(3, 5))
    yield case("inv", between(1, 2, 1, 1))
    yield case("inv", normal(2, 3, 3))
    yield case("det", normal(2, 3, 3))
    yield case("solve", normal(3, 3), normal(3, 2))
    yield case("solve", normal(2, 3, 3), normal(2, 3))
    yield case("kron", normal(2, 3), normal(3, 2))
    yield case("cross", normal(2, 3), normal(2, 3))
    yield case("cross", normal(3, 2), normal(2, 3), axisa=0)
    yield case("vander", positive(4), 3)
    yield case("vander", positive(3), increasing=True)
    yield case("cdist", normal(2, 3, 4), normal(2, 2, 4))
    for name in ("segment_max", "segment_min"):
        yield case(name, normal(4, 2), np.array([0, 1, 0, 1]), 2)
    heads = normal(2, 3, 2, 4)
    yield case("dot_product_attention", heads, heads, heads)
    yield case("dot_product_attention", heads, heads, heads, is_causal=True, scale=0.7)
    yield case("dot_product_attention", heads, normal(2, 5, 2, 4), normal(2, 5, 2, 4),
               normal(1, 2, 3, 5), attn_logits_soft_cap=2.0)  # fmt: skip


CASES = [
    *_arithmetic(),
    *_elementwise(),
    *_reductions(),
    *_shapes(),
    *_indexing(),
    *_products(),
    *_networks(),
    *_windows(),
    *_further(),
]
