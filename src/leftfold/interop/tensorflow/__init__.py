"""The few names of TensorFlow that scripts written for Keras touch.

Everything runs at once, on Leftfold's tensors; nothing is traced.
"""

# ruff: noqa: F401, F403
from leftfold.engine import Tensor, Variable
from leftfold.engine.random import set_random_seed
from leftfold.interop import keras_tree as nest
from leftfold.interop.keras_scopes import device, name_scope
from leftfold.interop.tensorflow import (
    config,
    data,
    debugging,
    linalg,
    logs,
    lookup,
    math,
    nn,
    ragged,
    random,
    sparse,
    strings,
    summary,
    test,
    train,
)
from leftfold.interop.tensorflow.arrays import *
from leftfold.interop.tensorflow.debugging import *
from leftfold.interop.tensorflow.dtypes import *
from leftfold.interop.tensorflow.flow import *
from leftfold.interop.tensorflow.functions import (
    TensorShape,
    boolean_mask,
    concat,
    constant,
    convert_to_tensor,
    disable_eager_execution,
    enable_eager_execution,
    executing_eagerly,
    function,
    gather,
    identity,
    is_tensor,
    one_hot,
    py_function,
    range,
    rank,
    reverse,
    sequence_mask,
    size,
)
from leftfold.interop.tensorflow.functions import write as print
from leftfold.interop.tensorflow.gradient_tape import GradientTape
from leftfold.interop.tensorflow.indexing import *
from leftfold.interop.tensorflow.linalg import eye, matmul
from leftfold.interop.tensorflow.logs import get_logger
from leftfold.interop.tensorflow.math import *
from leftfold.interop.tensorflow.ragged import RaggedTensor
from leftfold.interop.tensorflow.sparse import SparseTensor
from leftfold.ops import custom_gradient
from leftfold.preprocessing.dataset import TensorSpec

newaxis = None
