"""The model of `EncoderDecoder` in layers of Keras: GRUs, attention of Luong, one readout."""

import importlib
import os
import time

import numpy as np

_ready = {}


def versions(framework):
    names = ["keras", os.environ["KERAS_BACKEND"]]
    modules = {name: importlib.import_module(name) for name in names}
    return {name: str(module.__version__) for name, module in modules.items()}


def build(settings):
    import keras
    from keras import layers

    size, units = settings["embedding_size"], settings["units"]
    drop = settings["dropout"]
    source = keras.Input((None,), dtype="int32")
    target = keras.Input((None,), dtype="int32")
    x = layers.Embedding(settings["source_size"], size, mask_zero=True)(source)
    x = layers.Dropout(drop)(x)
    encoder = layers.Bidirectional(layers.GRU(units // 2, return_sequences=True, return_state=True))
    memory, forward, backward = encoder(x)
    state = layers.Dense(units, activation="tanh")(layers.Concatenate()([forward, backward]))
    y = layers.Embedding(settings["target_size"], size, mask_zero=True)(target)
    y = layers.Dropout(drop)(y)
    y = layers.GRU(units, return_sequences=True)(y, initial_state=state)
    keys = layers.Dense(units, use_bias=False)(memory)
    context = layers.Attention()([y, memory, keys])
    readout = layers.Dense(size, activation="tanh")(layers.Concatenate()([context, y]))
    logits = layers.Dense(settings["target_size"])(layers.Dropout(drop)(readout))
    model = keras.Model([source, target], logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), loss)
    return model


def prepare(settings, weights, batches):
    """Train on every batch once, so that all shapes are compiled."""
    model = build(settings)
    width = max(batch[0].shape[1] for batch in batches)
    steps = max(batch[1].shape[1] for batch in batches)
    data = []
    for batch in batches:  # of one shape: each new one would be compiled anew
        source, read, answer = (
            np.pad(a, ((0, 0), (0, w - a.shape[1])))
            for a, w in zip(batch, (width, steps, steps), strict=True)
        )
        data.append(([source, read], answer, (answer != 0).astype("float32")))
    _ready.update(model=model, data=data)
    measure()
    return "padded to one shape", measure()


def measure():
    begin = time.perf_counter()
    for x, y, weight in _ready["data"]:
        loss = _ready["model"].train_on_batch(x, y, sample_weight=weight)
    float(np.asarray(loss).reshape(-1)[0])
    return (time.perf_counter() - begin) / len(_ready["data"]) * 1e3
