"""The files of Keras's source, which scripts import from `keras.src` as modules."""

from __future__ import annotations

_FILES = {
    "keras.layers": """
        activations attention convolutional core merging normalization pooling preprocessing
        regularization reshaping rnn activation elu leaky_relu prelu relu softmax
        additive_attention multi_head_attention base_conv conv1d conv1d_transpose conv2d conv3d
        depthwise_conv1d separable_conv1d dense einsum_dense embedding identity input_layer
        lambda_layer masking wrapper input_spec layer base_merge add average concatenate dot
        maximum minimum multiply subtract batch_normalization group_normalization
        layer_normalization rms_normalization spectral_normalization unit_normalization
        average_pooling1d base_global_pooling base_pooling global_average_pooling1d
        global_max_pooling1d max_pooling1d category_encoding discretization hashed_crossing
        hashing index_lookup integer_lookup rescaling string_lookup text_vectorization
        activity_regularization alpha_dropout dropout gaussian_dropout gaussian_noise
        spatial_dropout cropping1d flatten permute repeat_vector reshape up_sampling1d
        zero_padding1d bidirectional conv_lstm conv_lstm1d conv_lstm2d conv_lstm3d
        dropout_rnn_cell gru lstm simple_rnn stacked_rnn_cells time_distributed
        """,
    "keras.models": """
        cloning functional model sequential variable_mapping compile_utils epoch_iterator trainer
        """,
    "keras.callbacks": """
        backup_and_restore callback callback_list csv_logger early_stopping history
        lambda_callback learning_rate_scheduler model_checkpoint monitor_callback
        reduce_lr_on_plateau swap_ema_weights tensorboard terminate_on_nan
        """,
    "keras.losses": "loss losses",
    "keras.metrics": """
        accuracy_metrics confusion_metrics correlation_metrics f_score_metrics hinge_metrics
        iou_metrics metric metrics_utils probabilistic_metrics reduction_metrics
        regression_metrics
        """,
    "keras.optimizers": """
        adadelta adafactor adagrad adam adamax adamw base_optimizer ftrl lamb lion muon nadam
        optimizer rmsprop schedule_free_adamw sgd
        """,
    "keras.optimizers.schedules": "learning_rate_schedule",
    "keras.initializers": "constant_initializers initializer random_initializers",
    "keras.regularizers": "regularizers",
    "keras.constraints": "constraints",
    "keras.activations": "activations",
    "keras.dtype_policies": "dtype_policy",
    "keras.random": "random seed_generator",
    "keras.ops": "core function math node operation operation_utils",
    "keras.saving": "object_registration saving_api saving_lib serialization_lib",
    "keras.legacy.saving": "json_utils legacy_h5_format saving_utils serialization",
    "keras.tree": "tree_api",
    "keras.utils": """
        argument_validation dataset_utils dtype_utils file_utils io_utils model_visualization
        naming numerical_utils progbar python_utils rng_utils sequence_utils summary_utils
        text_dataset_utils timeseries_dataset_utils traceback_utils tracking data_adapters
        array_data_adapter generator_data_adapter py_dataset_adapter tf_dataset_adapter
        data_adapter data_adapter_utils
        """,
    "keras.wrappers": "sklearn_wrapper",
    "keras.backend": """
        common dtypes global_state keras_tensor masking remat stateless_scope symbolic_scope
        variables
        """,
}
"""For each namespace, the files and folders that make it up, without those for images."""

_NAMES = {home: frozenset(files.split()) for home, files in _FILES.items()}

HOMES = tuple(_NAMES)
"""The namespaces whose inner modules show all names of the outer one."""


def is_file(home: str, name: str) -> bool:
    """Whether the source of a namespace has a file or folder of that name.

    Args:
        home: in the terms of `keras_names.canonical`, such as `"keras.layers"`.
        name: without the ending `.py`.
    """
    return name in _NAMES.get(home, ())
