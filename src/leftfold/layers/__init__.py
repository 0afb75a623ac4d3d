"""Layers under the names, with the arguments and defaults of Keras."""

from leftfold.layers.activation import (
    ELU,
    Activation,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
)
from leftfold.layers.attention import AdditiveAttention, Attention
from leftfold.layers.convolution import (
    Conv1D,
)
from leftfold.layers.dense import Dense
from leftfold.layers.dtype_policy import DTypePolicy
from leftfold.layers.embedding import Embedding
from leftfold.layers.input import Input, InputLayer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.lambda_layer import Lambda
from leftfold.layers.layer import Layer
from leftfold.layers.masking import Masking
from leftfold.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from leftfold.layers.multi_head_attention import MultiHeadAttention
from leftfold.layers.normalization import BatchNormalization, LayerNormalization
from leftfold.layers.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from leftfold.layers.recurrent import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    GRUCell,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)
from leftfold.layers.regularization import Dropout, GaussianNoise, SpatialDropout1D
from leftfold.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from leftfold.layers.separable_convolution import (
    DepthwiseConv1D,
    SeparableConv1D,
)
from leftfold.layers.serialization import deserialize, serialize
from leftfold.layers.string_lookup import IntegerLookup, StringLookup
from leftfold.layers.text_vectorization import TextVectorization
from leftfold.layers.time_distributed import TimeDistributed, Wrapper

AvgPool1D = AveragePooling1D
Convolution1D = Conv1D
MaxPool1D = MaxPooling1D
SeparableConvolution1D = SeparableConv1D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "AdditiveAttention",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AvgPool1D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Convolution1D",
    "DTypePolicy",
    "Dense",
    "DepthwiseConv1D",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling1D",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPooling1D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "PReLU",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Reshape",
    "SeparableConv1D",
    "SeparableConvolution1D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "StackedRNNCells",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "TimeDistributed",
    "Wrapper",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
