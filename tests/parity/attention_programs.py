"""Attention layers in the Keras API, run twice: see `programs.py`."""

import importlib

import numpy as np


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def mask(seed, *shape):
    """A mask with at least the first step true, so that every query sees something."""
    drawn = np.random.default_rng(seed).random(shape) < 0.6
    drawn[..., 0] = True
    return drawn


def array(tensor):
    return np.asarray(tensor).astype("float64")


def make(keras, kind, config):
    return getattr(keras.layers, kind)(**config)


def share_weights(layer):
    """Weights that both frameworks know."""
    shapes = [weight.shape for weight in layer.get_weights()]
    layer.set_weights([0.4 * numbers(1000 + i, *shape) for i, shape in enumerate(shapes)])


def attend(framework, kind, config, masked=(), three=False, **options):
    """Outputs, scores, mask and names of `Attention` and `AdditiveAttention`."""
    keras = importlib.import_module(framework)
    layer = make(keras, kind, config)
    inputs = [numbers(1, 3, 5, 4), numbers(2, 3, 6, 4), numbers(3, 3, 6, 4)][: 2 + three]
    layer.build([x.shape for x in inputs])
    share_weights(layer)
    masks = None
    if masked:
        masks = [mask(4, 3, 5) if "query" in masked else None]
        masks.append(mask(5, 3, 6) if "value" in masked else None)
    tensors = [keras.ops.convert_to_tensor(x) for x in inputs]
    for tensor, each in zip(tensors, masks or [None] * 3):  # noqa: B905
        if each is not None:
            tensor._keras_mask = keras.ops.convert_to_tensor(each)
    outputs, scores = layer(tensors, return_attention_scores=True, **options)
    travelling = getattr(outputs, "_keras_mask", None)
    return {
        "outputs": array(outputs),
        "scores": array(scores),
        "mask": "none" if travelling is None else array(travelling),
        "names": [w.path.split("/", 1)[1] for w in layer.weights],
        "config": sorted(layer.get_config()),
    }


def attend_with_heads(framework, config, rank=3, given=(), scores=True, three=False, **options):
    """Outputs, scores, mask, weights and names of `MultiHeadAttention`."""
    keras = importlib.import_module(framework)
    layer = make(keras, "MultiHeadAttention", config)
    more = (2,) * (rank - 3)
    query, value = numbers(1, 3, 5, *more, 4), numbers(2, 3, 6, *more, 7)
    key = numbers(3, 3, 6, *more, 2) if three else None
    layer.build(query.shape, value.shape, None if key is None else key.shape)
    share_weights(layer)
    query, value = keras.ops.convert_to_tensor(query), keras.ops.convert_to_tensor(value)
    if "query" in given:
        query._keras_mask = keras.ops.convert_to_tensor(mask(4, 3, 5))
    if "value" in given:
        value._keras_mask = keras.ops.convert_to_tensor(mask(5, 3, 6))
    if "key" in given:
        options["key_mask"] = mask(6, 3, 6)
    if "attention" in given:
        options["attention_mask"] = mask(7, 3, 5, 6)
    results = layer(query, value, key, return_attention_scores=scores, **options)
    outputs, weights = results if scores else (results, np.zeros(1))
    travelling = getattr(outputs, "_keras_mask", None)
    kept = np.ones((3, 5), bool) if travelling is None else np.asarray(travelling)
    return {
        "outputs": array(outputs)[kept],
        "scores": array(weights),
        "mask": "none" if travelling is None else array(travelling),
        "shapes": [list(w.shape) for w in layer.weights],
        "names": [w.path.split("/", 1)[1] for w in layer.weights],
        "config": sorted(layer.get_config()),
    }


def encoder(keras, mask_zero=True, **config):
    """Self-attention over tokens with padding, then a second, causal one.

    With padding there is no sum of a layer's input and output: Keras forgets the mask of what
    it attends from.
    """
    layers = keras.layers
    tokens = keras.Input((9,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=mask_zero)(tokens)
    attended = layers.MultiHeadAttention(2, 3, **config)(x, x)
    x = layers.LayerNormalization()(attended if mask_zero else layers.Add()([x, attended]))
    x = layers.MultiHeadAttention(1, 4)(x, x, use_causal_mask=True)
    return keras.Model(tokens, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))


def translator(keras, kind="Attention", **config):
    """A decoder that attends to what an encoder read."""
    layers = keras.layers
    source = keras.Input((9,), dtype="int32")
    target = keras.Input((9,), dtype="int32")
    words = layers.Embedding(20, 6, mask_zero=True)
    read = layers.GRU(5, return_sequences=True)(words(source))
    written = layers.LSTM(5, return_sequences=True)(words(target))
    context = getattr(layers, kind)(**config)([written, read])
    joined = layers.Concatenate()([written, context])
    return keras.Model([source, target], layers.TimeDistributed(layers.Dense(2))(joined))


MODELS = {
    "encoder": encoder,
    "residual": lambda k: encoder(k, mask_zero=False),
    "gated": lambda k: encoder(k, use_gate=True, kernel_regularizer="l2"),
    "windowed": lambda k: encoder(k, sliding_window=3, use_bias=False, output_shape=6),
    "luong": lambda k: translator(k, use_scale=True),
    "concat": lambda k: translator(k, use_scale=True, score_mode="concat"),
    "bahdanau": lambda k: translator(k, "AdditiveAttention"),
}


def data(model, count):
    """Token ids with padding at the end and in front, and targets."""
    inputs = []
    for i, _ in enumerate(model.inputs):
        tokens = np.random.default_rng(7 + i).integers(1, 20, (count, 9)).astype("int32")
        tokens[: count // 3, 6:] = 0
        tokens[count // 3 : count // 2, :2] = 0
        inputs.append(tokens)
    target = numbers(57, count, *tuple(model.output_shape[1:]))
    return inputs if len(inputs) > 1 else inputs[0], target


def train(framework, name, steps=15):
    """Losses, weights and predictions after some steps of training from shared weights."""
    keras = importlib.import_module(framework)
    model = MODELS[name](keras)
    share_weights(model)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = data(model, 12)
    losses = [float(model.train_on_batch(x, y)) for _ in range(steps)]
    return {
        "losses": losses,
        "weights": [array(w) for w in model.get_weights()],
        "predictions": array(model.predict(x, verbose=0)),
    }


def write(framework, name, path):
    keras = importlib.import_module(framework)
    model = MODELS[name](keras)
    share_weights(model)
    model.save(path)
    return array(model.predict(data(model, 12)[0], verbose=0))


def read(framework, path):
    keras = importlib.import_module(framework)
    model = keras.models.load_model(path)
    return array(model.predict(data(model, 12)[0], verbose=0))
