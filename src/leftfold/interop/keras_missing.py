"""Why names of Keras and TensorFlow are missing, and what there is instead."""

from __future__ import annotations

_IMAGES = "it is for images, and Leftfold is for sequences"
_CARDS = "float32 on the processor is what its kernels compute in"
_TRACED = "nothing is traced: call functions directly"
_THREADS = "training uses every processor of this machine by itself"
_NUMPY = "NumPy has it, for arrays that need no gradient"
_COMPLEX = "it has no complex numbers; NumPy has them, for arrays that need no gradient"
_FOREIGN = "layers of other frameworks do not run inside; write the layer with keras.ops"

_REASONS: tuple[tuple[str, str, str], ...] = (
    ("keras", "Function", "make a keras.Model of the inputs and outputs"),
    ("keras", "Operation", "derive from keras.Layer"),
    ("keras", "StatelessScope SymbolicScope", "variables change in place"),
    ("keras", "Quantizer quantizers", _CARDS),
    ("keras", "applications visualization", _IMAGES),
    ("keras", "distillation", "write a train_step that asks the teacher too"),
    ("keras", "distribution", _THREADS),
    ("keras", "export", "save the model as .keras, or as ONNX with leftfold.interop.onnx"),
    ("keras.wrappers", "SKLearnTransformer", "use FunctionTransformer with model.predict"),
    (
        "keras.backend",
        "conv1d conv2d conv3d conv2d_transpose depthwise_conv2d separable_conv2d pool2d pool3d",
        "use keras.ops.conv, depthwise_conv, separable_conv, max_pool and average_pool",
    ),
    (
        "keras.backend",
        "resize_images resize_volumes spatial_2d_padding spatial_3d_padding",
        _IMAGES,
    ),
    (
        "keras.backend",
        "binary_focal_crossentropy categorical_focal_crossentropy",
        "keras.losses has it",
    ),
    ("keras.backend", "is_sparse to_dense", "tensors are dense"),
    ("keras.callbacks", "OrbaxCheckpoint", "use ModelCheckpoint"),
    ("keras.callbacks", "ProgbarLogger", "fit shows a bar with verbose=1"),
    ("keras.callbacks", "RemoteMonitor", "send the logs of a LambdaCallback"),
    ("keras.config", "enable_flash_attention", "attention is computed in one way"),
    ("keras.config", "enable_unsafe_deserialization", "no code out of a file is ever run"),
    ("keras.config", "is_nnx_enabled set_backend", "it has one backend, its own"),
    (
        "keras.config",
        "max_epochs max_steps_per_epoch set_max_epochs set_max_steps_per_epoch",
        "give fit epochs and steps_per_epoch",
    ),
    (
        "keras.datasets",
        "boston_housing california_housing",
        "scikit-learn has it, and leftfold.datasets has sequences",
    ),
    ("keras.datasets", "cifar10 cifar100 fashion_mnist mnist", _IMAGES),
    (
        "keras.dtype_policies",
        "AWQDTypePolicy DTypePolicyMap GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy "
        "QuantizedFloat8DTypePolicy",
        _CARDS,
    ),
    ("keras.initializers", "STFT STFTInitializer stft", "use Constant with the values"),
    (
        "keras.layers",
        "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        _FOREIGN,
    ),
    ("keras.layers", "AugMix CutMix MixUp MaxNumBoundingBoxes Solarization", _IMAGES),
    (
        "keras.layers",
        "AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization RandAugment",
        _IMAGES,
    ),
    (
        "keras.layers",
        "AdaptiveAveragePooling1D AdaptiveMaxPooling1D",
        "use GlobalAveragePooling1D, GlobalMaxPooling1D or a pool of a fixed size",
    ),
    ("keras.layers", "SpectralNormalization", "bound the weights with a keras.constraints.MaxNorm"),
    ("keras.layers", "ThresholdedReLU", "use keras.activations.threshold"),
    ("keras.layers", "Pipeline", "put the layers into a Sequential"),
    ("keras.layers", "MelSpectrogram STFTSpectrogram", _COMPLEX),
    ("keras.layers", "Hashing HashedCrossing", "StringLookup shares out num_oov_indices"),
    ("keras.layers", "CategoryEncoding", "use keras.ops.one_hot and multi_hot in a Lambda"),
    ("keras.layers", "Discretization", "use keras.ops.digitize in a Lambda"),
    ("keras.layers", "GroupQueryAttention", "use MultiHeadAttention"),
    ("keras.layers", "ReversibleEmbedding", "multiply by the Embedding's weights, transposed"),
    ("keras.mixed_precision", "LossScaleOptimizer", "use the optimizer itself"),
    ("keras.backend", "ctc_label_dense_to_sparse", "ctc_batch_cost takes labels as they are"),
    (
        "keras.ops",
        "angle conj conjugate fft fft2 ifft2 imag irfft istft polar real rfft stft "
        "view_as_complex view_as_real",
        _COMPLEX,
    ),
    (
        "keras.ops",
        "adaptive_average_pool adaptive_max_pool depth_to_space fold image psnr space_to_depth "
        "unfold",
        _IMAGES,
    ),
    (
        "keras.ops",
        "argpartition cholesky cholesky_inverse correlate eig eigh erfinv fmod i0 ldexp "
        "logaddexp2 logdet lstsq lu_factor matrix_rank nextafter pinv qr slogdet solve_triangular "
        "svd unravel_index",
        _NUMPY,
    ),
    ("keras.ops", "associative_scan", "use keras.ops.scan"),
    ("keras.ops", "jvp", "gradients are taken backwards, by a tape"),
    ("keras.ops", "rearrange", "use reshape and transpose"),
    ("keras.ops", "segment_prod", "exponentiate the segment_sum of logarithms"),
    ("keras.ops", "vectorize", "use vectorized_map"),
    ("keras.ops", "view", "use cast or reshape"),
    ("keras.optimizers", "LossScaleOptimizer", "float32 needs no loss scale: use the optimizer"),
    ("keras.optimizers", "MultiOptimizer OptimizerMap", "write a train_step with two optimizers"),
    ("keras.preprocessing", "image image_dataset_from_directory", _IMAGES),
    ("keras.saving", "KerasFileEditor", "a .keras file is a zip archive of JSON and HDF5"),
    ("keras.utils", "Config", "use a dictionary or a dataclass"),
    ("keras.utils", "FeatureSpace", "prepare the columns of a table with scikit-learn"),
    (
        "keras.utils",
        "array_to_img bounding_boxes image_dataset_from_directory img_to_array load_img save_img",
        _IMAGES,
    ),
    ("keras.utils", "audio_dataset_from_directory", "read the files with the wave module"),
    ("tensorflow", "distribute tpu", _THREADS),
    ("tensorflow", "estimator", "use keras.Model, or the estimators of leftfold.tasks"),
    ("tensorflow", "lite saved_model", "save the model as .keras"),
    ("tensorflow", "image io", _IMAGES),
    ("tensorflow", "Session Graph InteractiveSession Operation", _TRACED),
    (
        "tensorflow",
        "global_variables_initializer local_variables_initializer get_default_graph "
        "reset_default_graph ConfigProto",
        _TRACED,
    ),
    ("tensorflow", "placeholder get_variable variable_scope", f"{_TRACED}, or use keras.Input"),
    (
        "tensorflow.ragged",
        "map_flat_values range stack",
        "pad the rows with keras.utils.pad_sequences",
    ),
    ("tensorflow.sparse", "from_dense sparse_dense_matmul", "tensors are dense"),
    ("tensorflow.summary", "histogram image text", "tf.summary.scalar writes numbers"),
    (
        "tensorflow.train",
        "AdagradOptimizer AdamOptimizer GradientDescentOptimizer MomentumOptimizer "
        "RMSPropOptimizer",
        "use keras.optimizers",
    ),
    ("tensorflow.train", "Saver", "use tf.train.Checkpoint, or save the model as .keras"),
    ("tensorflow", "contrib layers", "use keras.layers"),
    ("tensorflow", "feature_column", "prepare the columns of a table with scikit-learn"),
    ("tensorflow", "signal", _COMPLEX),
)
"""For each namespace some of its names, and what to say about them."""

_INSTEAD = {f"{space}.{name}": why for space, names, why in _REASONS for name in names.split()}

_OF_IMAGES = (
    *("Conv2D", "Conv3D", "Pooling2D", "Pooling3D", "Pool2D", "Pool3D", "Cropping2D"),
    *("Cropping3D", "Padding2D", "Padding3D", "Sampling2D", "Sampling3D", "SeparableConv"),
    *("DepthwiseConv", "Dropout2D", "Dropout3D", "Convolution2D", "Convolution3D"),
    *("Rescaling", "Resizing", "Random", "CenterCrop"),
)
"""What the names of layers for images have in them."""


_WITHIN = (
    *((f"keras.ops.{inner}.", "keras.ops.") for inner in ("nn", "numpy", "linalg")),
    *((f"tensorflow.compat.{version}.", "tensorflow.") for version in ("v1", "v2")),
)
"""Namespaces whose names others have too."""


def is_missing(home: str) -> bool:
    """Whether a module is known to be missing."""
    return home in _INSTEAD


def reason(home: str) -> str | None:
    """What to say about a missing name, `None` if nothing is known about it.

    Args:
        home: the full name in the terms of `keras_names.canonical`.
    """
    for inner, outer in _WITHIN:
        home = outer + home.removeprefix(inner) if home.startswith(inner) else home
    name = home
    while name:
        if name in _INSTEAD:
            return _INSTEAD[name]
        name = name.rpartition(".")[0]
    last = home.rpartition(".")[2]
    if home.startswith("keras.layers.") and any(part in last for part in _OF_IMAGES):
        return "it is for sequences and has no layers for images"
    return None
