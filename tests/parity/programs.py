"""Programs in the Keras API, run twice: `framework` is `"leftfold"` here and `"keras"` there.

Nothing in this file knows which of the two it talks to. Numbers come from NumPy generators
with fixed seeds, so both sides see the same ones.
"""

import importlib

import numpy as np


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def ids(seed, vocabulary, *shape):
    return np.random.default_rng(seed).integers(0, vocabulary, shape).astype("int32")


def array(tensor):
    return np.asarray(tensor).astype("float64")


# Parts of training -----------------------------------------------------------------------------


def activation(framework, name, x):
    keras = importlib.import_module(framework)
    return array(keras.activations.get(name)(keras.ops.convert_to_tensor(x)))


def operation(framework, name, arguments, settings):
    """What a function of `keras.ops` makes of arrays: one array, or several."""
    keras = importlib.import_module(framework)
    result = getattr(keras.ops, name)(*arguments, **settings)
    if isinstance(result, tuple | list):
        return [array(keras.ops.convert_to_numpy(part)) for part in result]
    return array(keras.ops.convert_to_numpy(result))


def loss(framework, name, config, y_true, y_pred, sample_weight=None):
    """What a loss says, as a class."""
    keras = importlib.import_module(framework)
    value = getattr(keras.losses, name)(**config)(y_true, y_pred, sample_weight=sample_weight)
    return array(value)


def loss_step(framework, name, config, y_true, y_pred):
    """The gradient of a loss at `y_pred`: what one step of SGD at rate 1 takes away from it."""
    keras = importlib.import_module(framework)
    inputs = keras.Input((y_pred.size,))
    outputs = keras.layers.Dense(y_pred.size, use_bias=False)(inputs)
    model = keras.Model(inputs, keras.layers.Reshape(y_pred.shape)(outputs))
    model.compile(keras.optimizers.SGD(1.0), getattr(keras.losses, name)(**config))
    model.set_weights([np.diag(y_pred.ravel())])
    model.train_on_batch(np.ones((1, y_pred.size), "float32"), y_true[None])
    return array(model.get_weights()[0])


def metric(framework, name, config, batches):
    """What a metric says after each of several batches, and after a reset."""
    keras = importlib.import_module(framework)
    measure = getattr(keras.metrics, name)(**config)
    results = []
    for batch in batches:
        measure.update_state(*batch)
        results.append(array(measure.result()))
    measure.reset_state()
    measure.update_state(*batches[-1])
    return [*results, array(measure.result())]


def optimise(framework, name, config, schedule=None, steps=20):
    """Values of three variables after each step with given gradients."""
    keras = importlib.import_module(framework)
    if schedule is not None:
        kind, arguments = schedule
        config = {
            **config,
            "learning_rate": getattr(keras.optimizers.schedules, kind)(**arguments),
        }
    optimizer = getattr(keras.optimizers, name)(**config)
    shapes = [(3, 4), (4,), (2, 5)]
    variables = [keras.Variable(numbers(i, *shape)) for i, shape in enumerate(shapes)]
    history = []
    for step in range(steps):
        gradients = [
            keras.ops.convert_to_tensor(3 * numbers(100 + 10 * step + i, *shape))
            for i, shape in enumerate(shapes)
        ]
        optimizer.apply_gradients(zip(gradients, variables))  # noqa: B905, as users write it
        history.append([array(v.numpy() if hasattr(v, "numpy") else v) for v in variables])
    return history, float(np.asarray(optimizer.iterations))


def schedule(framework, name, config):
    keras = importlib.import_module(framework)
    rate = getattr(keras.optimizers.schedules, name)(**config)
    return [array(rate(step)) for step in (0, 1, 5, 9, 10, 11, 50, 99, 100, 1000)]


# Whole models ----------------------------------------------------------------------------------


def _sequential(keras, inputs, *layers):
    return keras.Sequential([inputs, *layers])


def _tokens(keras, *layers, mask=True):
    embedding = keras.layers.Embedding(20, 6, mask_zero=mask)
    return _sequential(keras, keras.Input((9,), dtype="int32"), embedding, *layers)


def _two_inputs(keras):
    layers = keras.layers
    words = keras.Input((9,), dtype="int32", name="words")
    facts = keras.Input((3,), name="facts")
    read = layers.GRU(5)(layers.Embedding(20, 6, mask_zero=True)(words))
    both = layers.Concatenate()([read, layers.Dense(4, activation="tanh")(facts)])
    return keras.Model([words, facts], layers.Dense(1, activation="sigmoid")(both))


def _shared_and_sliced(keras):
    layers = keras.layers
    series = keras.Input((7, 3))
    shared = layers.LSTM(4, return_sequences=True)
    first, second = shared(series), shared(series * 0.5)
    last = layers.Add()([first, second])[:, -1, :]
    return keras.Model(series, layers.Dense(2)(last))


def _encoder_decoder(keras):
    layers = keras.layers
    source = keras.Input((7, 3))
    _, hidden, cell = layers.LSTM(4, return_state=True)(source)
    repeated = layers.RepeatVector(5)(hidden)
    decoded = layers.LSTM(4, return_sequences=True)(repeated, initial_state=[hidden, cell])
    return keras.Model(source, layers.TimeDistributed(layers.Dense(2))(decoded))


MODELS = {
    "simple_rnn": lambda k: _tokens(k, k.layers.SimpleRNN(5), k.layers.Dense(1)),
    "simple_rnn_relu": lambda k: _sequential(
        k, k.Input((7, 3)), k.layers.SimpleRNN(5, activation="relu"), k.layers.Dense(2)
    ),
    "lstm": lambda k: _tokens(k, k.layers.LSTM(5), k.layers.Dense(1)),
    "lstm_unmasked": lambda k: _tokens(k, k.layers.LSTM(5), k.layers.Dense(1), mask=False),
    "gru": lambda k: _tokens(k, k.layers.GRU(5), k.layers.Dense(1)),
    "gru_reset_before": lambda k: _tokens(k, k.layers.GRU(5, reset_after=False), k.layers.Dense(1)),
    "stacked": lambda k: _tokens(
        k, k.layers.LSTM(5, return_sequences=True), k.layers.GRU(4), k.layers.Dense(1)
    ),
    "bidirectional": lambda k: _tokens(
        k,
        k.layers.Bidirectional(k.layers.LSTM(4, return_sequences=True)),
        k.layers.Bidirectional(k.layers.GRU(3), merge_mode="sum"),
        k.layers.Dense(1),
    ),
    "regularised": lambda k: _sequential(
        k,
        k.Input((7, 3)),
        k.layers.LSTM(
            4,
            kernel_regularizer=k.regularizers.L2(0.01),
            recurrent_regularizer=k.regularizers.L1(0.01),
            bias_constraint=k.constraints.MaxNorm(0.5),
        ),
        k.layers.Dense(2, activity_regularizer=k.regularizers.L2(0.01)),
    ),
    "pooled": lambda k: _tokens(
        k,
        k.layers.GRU(4, return_sequences=True),
        k.layers.GlobalAveragePooling1D(),
        k.layers.LayerNormalization(),
        k.layers.Dense(1),
    ),
    "per_step": lambda k: _sequential(
        k,
        k.Input((7, 3)),
        k.layers.Masking(),
        k.layers.SimpleRNN(4, return_sequences=True, go_backwards=True),
        k.layers.TimeDistributed(k.layers.Dense(2)),
    ),
    "two_inputs": _two_inputs,
    "shared_and_sliced": _shared_and_sliced,
    "encoder_decoder": _encoder_decoder,
}


def make(keras, name):
    """A model of `MODELS` with weights that both frameworks share."""
    model = MODELS[name](keras)
    shapes = [weight.shape for weight in model.get_weights()]
    model.set_weights([0.4 * numbers(1000 + i, *shape) for i, shape in enumerate(shapes)])
    return model


def data(model, count, seed=7):
    """Inputs and a seed for targets that suit a model; token sequences have padding and holes."""
    inputs = []
    for i, tensor in enumerate(model.inputs):
        shape = tuple(tensor.shape[1:])
        if "int" in str(tensor.dtype):
            tokens = ids(seed + i, 20, count, *shape)
            tokens[: count // 3, :4] = 0
            tokens[count // 3 : count // 2, -3:] = 0
            inputs.append(tokens)
        else:
            values = numbers(seed + i, count, *shape)
            values[: count // 4, -2:] = 0
            inputs.append(values)
    target = numbers(seed + 50, count, *tuple(model.output_shape[1:]))
    return inputs if len(inputs) > 1 else inputs[0], target


def train(framework, name, loss_name, optimizer, steps=20, sample_weight=False):
    """Losses of `steps` training steps, then weights, predictions and an evaluation."""
    keras = importlib.import_module(framework)
    model = make(keras, name)
    kind, config = optimizer
    model.compile(getattr(keras.optimizers, kind)(**config), loss_name)
    x, y = data(model, 12)
    if "crossentropy" in loss_name:
        y = (y > 0).astype("float32")
    weights = np.linspace(0, 2, 12).astype("float32") if sample_weight else None
    losses = [float(model.train_on_batch(x, y, sample_weight=weights)) for _ in range(steps)]
    return {
        "losses": losses,
        "weights": [array(w) for w in model.get_weights()],
        "predictions": array(model.predict(x, verbose=0)),
        "evaluation": float(model.evaluate(x, y, verbose=0)),
        "parameters": model.count_params(),
    }


def fit(framework, name, **options):
    """The history of `fit` with metrics, a last batch that is smaller, and validation data."""
    keras = importlib.import_module(framework)
    model = make(keras, name)
    model.compile(
        "adam", "binary_crossentropy", metrics=["accuracy", "mae"], weighted_metrics=["mse"]
    )
    x, y = data(model, 23)
    y = (y > 0).astype("float32")
    history = model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0, **options)
    evaluation = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    return history.history, {key: float(value) for key, value in evaluation.items()}


def tag(framework, weighted, loss_name="sparse_categorical_crossentropy"):
    """Training with one label a step under a mask, with a weight for every step or without."""
    keras = importlib.import_module(framework)
    k = keras.layers
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            k.Embedding(11, 4, mask_zero=True),
            k.Bidirectional(k.LSTM(3, return_sequences=True)),
            k.TimeDistributed(k.Dense(5, activation="tanh")),
            k.TimeDistributed(k.Dense(4, activation="softmax")),
        ]
    )
    model.set_weights([numbers(i, *w.shape) / 2 for i, w in enumerate(model.get_weights())])
    metrics = ["accuracy"] if weighted else []  # on JAX Keras's metrics see no mask
    model.compile("sgd", loss_name, weighted_metrics=metrics)
    x = ids(1, 10, 9, 6) + 1
    for row, length in enumerate((6, 3, 1, 6, 2, 5, 4, 6, 6)):
        x[row, length:] = 0
    y = ids(2, 4, 9, 6)
    if not loss_name.startswith("sparse"):
        y = np.eye(4, dtype="float32")[y]
    weights = np.abs(numbers(3, 9, 6)) * (x > 0) if weighted else None
    history = model.fit(
        x, y, 4, epochs=3, shuffle=False, verbose=0, sample_weight=weights, validation_split=0.3
    )
    evaluation = model.evaluate(x, y, 5, verbose=0, sample_weight=weights, return_dict=True)
    return {
        "history": history.history,
        "evaluation": {name: float(value) for name, value in evaluation.items()},
        "weights": [array(w) for w in model.get_weights()],
    }


# Files -----------------------------------------------------------------------------------------


def write(framework, name, path):
    """Train a little, save, and tell the predictions and the next three losses."""
    keras = importlib.import_module(framework)
    model = make(keras, name)
    model.compile("adam", "mse")
    x, y = data(model, 12)
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(path)
    return _continue(model, x, y)


def read(framework, path):
    """Load what `write` saved and tell the same."""
    keras = importlib.import_module(framework)
    model = keras.models.load_model(path)
    return _continue(model, *data(model, 12))


def _continue(model, x, y):
    predictions = array(model.predict(x, verbose=0))
    return predictions, [float(model.train_on_batch(x, y)) for _ in range(3)]


def write_weights(framework, name, path):
    keras = importlib.import_module(framework)
    model = make(keras, name)
    model.save_weights(path)
    return array(model.predict(data(model, 12)[0], verbose=0))


def read_weights(framework, name, path):
    keras = importlib.import_module(framework)
    model = MODELS[name](keras)
    model.load_weights(path)
    return array(model.predict(data(model, 12)[0], verbose=0))
