"""Settings compared in loops, folds with copies of one model, layers cut out and frozen."""

import itertools

import keras
import numpy as np
from keras import layers

rs = np.random.RandomState(9)
x = rs.randn(60, 8, 2).astype("float32")
y = (x.mean((1, 2)) > 0).astype(int)


def build(units, kind, both_ways):
    rnn = getattr(layers, kind)(units)
    model = keras.models.Sequential(name=f"{kind.lower()}_{units}")
    model.add(keras.Input((8, 2)))
    model.add(layers.Bidirectional(rnn) if both_ways else rnn)
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(2, activation="softmax"))
    optimizer = keras.optimizers.get({"class_name": "Adam", "config": {"learning_rate": 0.01}})
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


results = []
for kind, units, both_ways in itertools.product(["SimpleRNN"], [3, 5], [False, True]):
    keras.backend.clear_session()
    model = build(units, kind, both_ways)
    history = model.fit(x, y, epochs=2, batch_size=20, validation_split=0.3, verbose=0)
    results.append((model.name, both_ways, model.count_params(), min(history.history["val_loss"])))
for name, both_ways, parameters, _ in results:
    print(f"{name:8s} {'both ways' if both_ways else 'forwards':10s} {parameters:5d}")

base = build(4, "GRU", True)
begin = base.get_weights()
scores = []
for fold in np.array_split(np.arange(60), 2):
    rest = np.setdiff1d(np.arange(60), fold)
    model = keras.models.clone_model(base)  # compiled like the original
    model.set_weights(begin)
    model.fit(x[rest], y[rest], epochs=2, batch_size=10, verbose=0)
    scores.append(model.evaluate(x[fold], y[fold], verbose=0))
print(model.optimizer.learning_rate)
untouched = all(np.array_equal(a, b) for a, b in zip(begin, base.get_weights(), strict=True))


def plain(layer):
    if isinstance(layer, layers.Bidirectional):
        return layers.SimpleRNN(8)
    return layer.__class__.from_config(layer.get_config())


other = keras.models.clone_model(base, clone_function=plain)
other.summary()
other.fit(x, y[:, None], validation_data=(x[:20], y[:20]), epochs=1, verbose=0)

features = keras.Model(model.inputs, model.layers[0].output)
features.trainable = False
reused = keras.Sequential([features, layers.Dense(1)], name="reused")
reused.compile("sgd", "mse")
reused.fit(x, y, epochs=2, verbose=0)
print(len(reused.trainable_weights), len(reused.non_trainable_weights), reused.output_shape)
del model, features
