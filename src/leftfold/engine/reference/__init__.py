"""Every kernel in plain NumPy, for any float type: what the kernels mean.

The native extension has the same functions with the same arguments in float32; where it is
missing, and in other types, these run.
"""

from leftfold.engine.reference.cooccurrence import cooccurrence_counts
from leftfold.engine.reference.crossentropy import (
    binary_crossentropy,
    sparse_crossentropy,
    sparse_crossentropy_gradient,
)
from leftfold.engine.reference.embedding import (
    distinct_ids,
    embedding_backward,
    embedding_forward,
)
from leftfold.engine.reference.gemm import batched_gemm, dense_backward, gemm
from leftfold.engine.reference.glove import glove_update
from leftfold.engine.reference.gru import gru_backward, gru_forward
from leftfold.engine.reference.lstm import lstm_backward, lstm_forward
from leftfold.engine.reference.numbers import parse_numbers
from leftfold.engine.reference.optimizers import (
    adadelta_update,
    adagrad_update,
    adam_update,
    adamax_update,
    amsgrad_update,
    clear,
    nadam_update,
    rmsprop_update,
    scale,
    sgd_update,
    squared_norm,
)
from leftfold.engine.reference.random import (
    dropout,
    dropout_gradient,
    dropout_mask,
    uniform,
)
from leftfold.engine.reference.simple_rnn import simple_rnn_backward, simple_rnn_forward
from leftfold.engine.reference.softmax import (
    likeliest,
    softmax,
    softmax_crossentropy,
    softmax_crossentropy_gradient,
    softmax_gradient,
)
from leftfold.engine.reference.streaming import StreamProgram

__all__ = [
    "StreamProgram",
    "adadelta_update",
    "adagrad_update",
    "adam_update",
    "adamax_update",
    "amsgrad_update",
    "batched_gemm",
    "binary_crossentropy",
    "clear",
    "cooccurrence_counts",
    "dense_backward",
    "distinct_ids",
    "dropout",
    "dropout_gradient",
    "dropout_mask",
    "embedding_backward",
    "embedding_forward",
    "gemm",
    "glove_update",
    "gru_backward",
    "gru_forward",
    "likeliest",
    "lstm_backward",
    "lstm_forward",
    "nadam_update",
    "parse_numbers",
    "rmsprop_update",
    "scale",
    "sgd_update",
    "simple_rnn_backward",
    "simple_rnn_forward",
    "softmax",
    "softmax_crossentropy",
    "softmax_crossentropy_gradient",
    "softmax_gradient",
    "sparse_crossentropy",
    "sparse_crossentropy_gradient",
    "squared_norm",
    "uniform",
]
