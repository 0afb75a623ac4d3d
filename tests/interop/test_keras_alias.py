"""Imports of Keras and TensorFlow find Leftfold, in every style that scripts use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import leftfold
from leftfold.interop import keras_alias


@pytest.fixture
def alias():
    keras_alias.install()
    yield
    keras_alias.uninstall()


STYLES = [
    "from tensorflow.keras.layers import LSTM",
    "from keras.layers import LSTM",
    "from tensorflow import keras\nfrom tensorflow.keras import layers\nLSTM = layers.LSTM",
    "import tensorflow as tf\nLSTM = tf.keras.layers.LSTM",
    "import tensorflow.keras as keras\nLSTM = keras.layers.LSTM",
    "import keras\nLSTM = keras.layers.LSTM",
    "from keras.layers.recurrent import LSTM",
    "from keras.src.layers.rnn.lstm import LSTM",
    "from tensorflow.python.keras.layers import LSTM",
    "from tensorflow.compat.v1.keras.layers import LSTM",
    "from tf_keras.layers import LSTM",
    "from keras.layers import CuDNNLSTM as LSTM",
    "from keras.layers import *",
    "from tensorflow.keras.layers import *",
]


@pytest.mark.parametrize("style", STYLES)
def test_a_layer_is_found_in_every_place_where_keras_has_had_it(alias, style):
    names: dict = {}
    exec(style, names)
    assert names["LSTM"] is leftfold.layers.LSTM


OTHERS = [
    ("from keras.preprocessing.text import Tokenizer", "Tokenizer"),
    ("from keras_preprocessing.text import Tokenizer", "Tokenizer"),
    ("from tensorflow.keras.preprocessing.sequence import pad_sequences", "pad_sequences"),
    ("from keras.preprocessing import sequence", "sequence"),
    ("from keras.utils import to_categorical, pad_sequences", "pad_sequences"),
    ("from keras.utils.np_utils import to_categorical", "to_categorical"),
    ("from tensorflow.keras.datasets import imdb", "imdb"),
    ("from keras.models import Sequential, Model, load_model", "Model"),
    ("from keras.engine.topology import Layer", "Layer"),
    ("from keras.optimizers import Adam", "Adam"),
    ("from tensorflow.keras.optimizers.legacy import Adam", "Adam"),
    ("from tensorflow.keras.optimizers.schedules import ExponentialDecay", "ExponentialDecay"),
    ("from keras.callbacks import EarlyStopping, ModelCheckpoint", "EarlyStopping"),
    ("import keras.backend as K", "K"),
    ("from keras import backend as K, ops, layers", "ops"),
    ("from tensorflow.keras.regularizers import l2", "l2"),
    ("from tensorflow.keras.initializers import Constant", "Constant"),
    ("from tensorflow.keras.constraints import max_norm", "max_norm"),
    ("from tensorflow.data import Dataset", "Dataset"),
    ("from keras.src.layers.rnn import lstm\nlstm.LSTM", "lstm"),
    (
        "from keras.src.metrics import reduction_metrics\nreduction_metrics.Mean",
        "reduction_metrics",
    ),
    ("from keras.src.backend.config import floatx", "floatx"),
    ("from keras.src.utils import sequence_utils\nsequence_utils.pad_sequences", "sequence_utils"),
    ("from keras.src.trainers.data_adapters.py_dataset_adapter import PyDataset", "PyDataset"),
    (
        "from keras.src.optimizers.schedules.learning_rate_schedule import CosineDecay",
        "CosineDecay",
    ),
]


@pytest.mark.parametrize(("style", "name"), OTHERS)
def test_other_names_are_found_as_well(alias, style, name):
    names: dict = {}
    exec(style, names)
    assert names[name] is not None


def test_versions_are_those_of_the_frameworks_that_are_followed(alias):
    import keras
    import tensorflow as tf

    assert keras.__version__ == "3.15.1" == keras.version()
    assert tf.__version__.startswith("2.")


MISSING = [
    (
        "from tensorflow.keras.layers import Resizing\nResizing(2, 2)",
        NotImplementedError,
        "Resizing: it is for sequences",
    ),
    (
        "import keras.applications.vgg16",
        ModuleNotFoundError,
        "keras.applications: it is for images",
    ),
    ("from keras import applications", ImportError, "it is for images"),
    ("from keras.layers import LTSM", ImportError, "did you mean LSTM"),
    ("import keras\nkeras.layers.LTSM", AttributeError, "did you mean LSTM"),
    ("import tensorflow as tf\ntf.distribute.Strategy", AttributeError, "every processor"),
    ("import tensorflow as tf\ntf.keras.nonsense", AttributeError, "docs/keras.md"),
    (
        "from keras.layers import GlobalMaxPooling3D, RandomZoom\nRandomZoom(0.1)",
        NotImplementedError,
        "no layers for images",
    ),
    ("import keras\nkeras.layers.RandomFlip()", AttributeError, "no layers for images"),
    (
        "from keras.layers.convolutional import SeparableConv2D\nclass Mine(SeparableConv2D): pass",
        NotImplementedError,
        "no layers for images",
    ),
    (
        "from keras.layers import TorchModuleWrapper\nTorchModuleWrapper(3)",
        NotImplementedError,
        "write the layer with keras.ops",
    ),
    ("from keras.layers import Hashing\nHashing(3)", NotImplementedError, "StringLookup"),
    ("from tensorflow.keras.applications import VGG16", ModuleNotFoundError, "for images"),
    ("from tensorflow.keras.preprocessing.image import load_img", ImportError, "for images"),
    ("from keras.preprocessing import image", ImportError, "for images"),
    ("from keras.datasets import mnist", ImportError, "for images"),
    ("import tensorflow as tf\ntf.keras.datasets.boston_housing", AttributeError, "scikit-learn"),
    ("import tensorflow as tf\ntf.Session()", AttributeError, "call functions directly"),
    ("import tensorflow.compat.v1 as tf\ntf.Session()", AttributeError, "call functions directly"),
    ("import tensorflow as tf\ntf.placeholder(tf.float32)", AttributeError, "keras.Input"),
    ("import tensorflow as tf\ntf.get_default_graph()", AttributeError, "nothing is traced"),
    ("import tensorflow as tf\ntf.distribute.MirroredStrategy()", AttributeError, "every proc"),
    ("import tensorflow as tf\ntf.train.AdamOptimizer()", AttributeError, "keras.optimizers"),
    ("import tensorflow as tf\ntf.saved_model.save", AttributeError, "as .keras"),
    ("import tensorflow as tf\ntf.lite.TFLiteConverter", AttributeError, "as .keras"),
    ("import tensorflow as tf\ntf.estimator.Estimator", AttributeError, "leftfold.tasks"),
    ("import tensorflow as tf\ntf.ragged.range(3)", AttributeError, "pad_sequences"),
    ("import tensorflow as tf\ntf.contrib.rnn", AttributeError, "use keras.layers"),
    ("import tensorflow as tf\ntf.image.resize", AttributeError, "for images"),
    ("import tensorflow as tf\ntf.summary.histogram", AttributeError, "writes numbers"),
    ("import tensorflow as tf\ntf.signal.stft", AttributeError, "no complex numbers"),
    ("import keras\nkeras.distribution.DataParallel", AttributeError, "every processor"),
    ("import keras\nkeras.quantizers.Quantizer", AttributeError, "float32"),
    ("import keras\nkeras.ops.fft", AttributeError, "no complex numbers"),
    ("import keras\nkeras.ops.image.resize", AttributeError, "for images"),
    ("import keras\nkeras.ops.svd", AttributeError, "NumPy has it"),
    ("import keras\nkeras.export.ExportArchive", AttributeError, "ONNX"),
    (
        "from keras.utils import FeatureSpace\nFeatureSpace()",
        NotImplementedError,
        "scikit-learn",
    ),
    (
        "from keras.callbacks import RemoteMonitor\nRemoteMonitor()",
        NotImplementedError,
        "LambdaCallback",
    ),
    ("from keras.layers import Qqqqqq", ImportError, "docs/keras.md"),
]


@pytest.mark.parametrize(("script", "error", "message"), MISSING)
def test_what_is_missing_is_named_in_one_line(alias, script, error, message):
    with pytest.raises(error, match=message) as caught:
        exec(script, {})
    assert "\n" not in str(caught.value)
    assert "Leftfold has no" in str(caught.value)


def test_classes_that_are_missing_may_be_imported_and_left_unused(alias):
    from keras.layers import LSTM, Conv2D
    from keras.utils import np_utils

    assert LSTM(3).units == 3
    assert not isinstance(LSTM(3), Conv2D)
    assert np_utils.to_categorical([1], 2).tolist() == [[0, 1]]


def test_a_script_may_ask_whether_a_name_exists(alias):
    import keras

    assert hasattr(keras.layers, "LSTM")
    assert not hasattr(keras.layers, "Resizing")
    assert getattr(keras, "nothing", 3) == 3


def test_afterwards_nothing_of_it_is_left(alias):
    import keras.layers  # noqa: F401

    keras_alias.uninstall()
    assert [name for name in sys.modules if name.split(".")[0] == "keras"] == []
    assert keras_alias.__name__ not in [type(finder).__module__ for finder in sys.meta_path]


def test_installing_twice_is_installing_once(alias):
    before = len(sys.meta_path)
    keras_alias.install()
    assert len(sys.meta_path) == before


def test_the_real_keras_must_not_be_there_already(tmp_path):
    (tmp_path / "keras.py").write_text("real = True\n")
    program = (
        "import keras\n"
        "assert keras.real\n"
        "from leftfold.interop import keras_alias\n"
        "try:\n"
        "    keras_alias.install()\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "real keras has been imported" in run.stdout


def test_the_alias_wins_over_an_installed_keras(tmp_path):
    (tmp_path / "keras.py").write_text("real = True\n")
    (tmp_path / "script.py").write_text(
        "import keras\nprint(hasattr(keras, 'real'), keras.layers.GRU.__module__)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "leftfold", "script.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert run.stdout.split() == ["False", "leftfold.layers.recurrent.gru"]


def test_a_notebook_loads_it_as_an_extension():
    leftfold.load_ipython_extension(None)
    try:
        import keras

        assert keras.Sequential is leftfold.Sequential
    finally:
        leftfold.unload_ipython_extension(None)
    assert "keras" not in sys.modules


def test_losses_and_metrics_have_their_short_names_of_keras_2(alias):
    import tensorflow as tf

    assert tf.keras.losses.MSE is leftfold.losses.mean_squared_error
    assert tf.keras.metrics.mae is leftfold.losses.mean_absolute_error
    reduction = tf.keras.losses.Reduction.NONE
    loss = tf.keras.losses.MeanSquaredError(reduction=reduction)
    assert loss([[1.0], [2.0]], [[2.0], [4.0]]).tolist() == [1.0, 4.0]
    assert tf.metrics.MeanSquaredError is leftfold.metrics.MeanSquaredError
    assert tf.optimizers.Adam is leftfold.optimizers.Adam


def test_blocks_for_names_and_devices_run_what_is_inside(alias):
    import keras
    import tensorflow as tf

    with tf.device("/GPU:0"), tf.name_scope("block"), keras.name_scope("inner") as name:
        assert name == "inner"
        assert tf.sequence_mask([1, 3], 4).tolist() == [
            [True, False, False, False],
            [True, True, True, False],
        ]
    assert tf.sequence_mask([2, 0], dtype=tf.float32).tolist() == [[1.0, 1.0], [0.0, 0.0]]
