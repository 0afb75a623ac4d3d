import numpy as np
import pytest

import leftfold
from leftfold import callbacks, layers, losses, metrics, optimizers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(64, 5, 3)).astype("float32")
Y = (X.sum(axis=(1, 2)) > 0).astype("int32")


def make_model(optimizer="adam", **settings):
    leftfold.utils.set_random_seed(5)
    model = leftfold.Sequential(
        [layers.Input((5, 3)), layers.SimpleRNN(4), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer, "binary_crossentropy", **settings)
    return model


def test_the_best_weights_are_restored_and_saved(tmp_path):
    model = make_model(optimizers.SGD(8.0), metrics=["accuracy"])
    path = tmp_path / "best.keras"
    record = model.fit(
        X,
        Y,
        epochs=6,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[
            callbacks.EarlyStopping(patience=6, restore_best_weights=True),
            callbacks.ModelCheckpoint(path, save_best_only=True),
        ],
    )
    best = min(record.history["val_loss"])
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(best, rel=1e-5)
    saved = leftfold.models.load_model(path)
    assert saved.evaluate(X, Y, verbose=0)[0] == pytest.approx(best, rel=1e-5)


def test_the_rate_that_a_callback_sets_is_the_rate_of_the_epoch():
    model = make_model(optimizers.SGD(1.0))
    scheduler = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    record = model.fit(X, Y, epochs=3, verbose=0, callbacks=[scheduler])
    assert record.history["learning_rate"] == [0.5, 0.25, 0.125]


def test_training_interrupted_and_run_again_goes_on(tmp_path):
    class Interrupt(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    def fit(model, *more):
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        return model.fit(X, Y, epochs=4, verbose=0, shuffle=False, callbacks=[backup, *more])

    whole = make_model()
    whole.fit(X, Y, epochs=4, verbose=0, shuffle=False)
    with pytest.raises(RuntimeError, match="power cut"):
        fit(make_model(), Interrupt())
    second = make_model()
    record = fit(second)
    assert record.epoch == [2, 3]
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("settings", [{}, {"clipnorm": 0.5}, {"use_ema": True}])
@pytest.mark.parametrize(
    "name", ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta"]
)
def test_every_optimizer_learns(name, settings):
    rates = {"SGD": 0.5, "Adamax": 0.1, "Adagrad": 0.5, "Adadelta": 20.0}
    optimizer = getattr(optimizers, name)(rates.get(name, 0.02), **settings)
    model = make_model(optimizer, metrics=["accuracy", metrics.AUC(), "precision"])
    record = model.fit(X, Y, epochs=8, batch_size=16, verbose=0)
    assert record.history["loss"][-1] < 0.9 * record.history["loss"][0]
    assert record.history["auc"][-1] > 0.8


def test_a_loss_and_a_metric_of_ones_own_train():
    def squared(y_true, y_pred):
        return leftfold.ops.mean(leftfold.ops.square(y_true - y_pred), axis=-1)

    class Doubled(losses.Loss):
        def call(self, y_true, y_pred):
            return 2 * squared(y_true, y_pred)

    model = make_model()
    model.compile("adam", Doubled(), metrics=[squared, "mse"])
    record = model.fit(X, Y[:, None], epochs=2, verbose=0)
    for loss, own, mse in zip(
        *(record.history[k] for k in ("loss", "squared", "mse")), strict=True
    ):
        assert own == pytest.approx(mse, rel=1e-5)
        assert loss == pytest.approx(2 * mse, rel=1e-5)
