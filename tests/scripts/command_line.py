"""A script with arguments, logging, residual GRUs and many activations."""

import argparse
import logging
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras.layers import (
    GRU,
    Activation,
    Dense,
    Input,
    LayerNormalization,
    LeakyReLU,
    PReLU,
    add,
)
from keras.models import Model

logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)


def get_parser():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-e", "--epochs", type=int, default=2)
    parser.add_argument("--units", type=int, default=6)
    parser.add_argument("--lr", type=float, default=1e-2)
    return parser


def build_model(units, lr):
    inp = Input(shape=(12, 1))
    x = GRU(units, return_sequences=True)(inp)
    y = GRU(units, return_sequences=True, go_backwards=True)(x)
    x = add([x, y])
    x = LayerNormalization()(x)
    x = GRU(units, reset_after=False)(x)
    x = LeakyReLU(negative_slope=0.2)(Dense(8)(x))
    x = PReLU()(Dense(8)(x))
    out = Activation("linear")(Dense(1)(x))
    m = Model(inputs=[inp], outputs=[out])
    m.compile(
        optimizer=keras.optimizers.Nadam(learning_rate=lr, beta_1=0.8),
        loss="huber",
        metrics=[keras.metrics.RootMeanSquaredError(name="rmse"), "mape", "mae"],
    )
    return m


def main(argv=None):
    args, _ = get_parser().parse_known_args(argv)
    t = np.arange(120) * 0.2
    X = np.stack([np.sin(t[i : i + 12]) for i in range(100)])[..., np.newaxis]
    y = np.sin(t[12:112])
    model = build_model(args.units, args.lr)
    model.summary()
    log.info("training")
    hist = model.fit(
        X, y, epochs=args.epochs, batch_size=20, verbose=2, validation_split=0.2, shuffle=False
    )
    return model, hist.history


if __name__ == "__main__":
    model, history = main([])
    print({k: len(v) for k, v in history.items()})
