import csv
import json
import warnings

import numpy as np
import pytest

from leftfold import callbacks, metrics
from leftfold.optimizers import SGD


class FakeModel:
    """As much of a model as callbacks see: one weight that counts the epochs."""

    def __init__(self):
        self.optimizer = SGD(1.0)
        self.metrics = [metrics.Mean("loss"), metrics.BinaryAccuracy("accuracy")]
        self.weight = 0.0
        self.stop_training = False
        self.built = True
        self.saved = []
        self.history = None

    trainable_variables = ()

    def get_weights(self):
        return [np.array(self.weight)]

    def set_weights(self, weights):
        self.weight = float(weights[0])

    def save(self, path, overwrite=True):
        self.saved.append((path, self.weight))
        with open(path, "w") as file:
            file.write(str(self.weight))

    save_weights = save

    def load_weights(self, path):
        with open(path) as file:
            self.weight = float(file.read())


def train(model, given, values, name="val_loss", batches=2, first=0):
    """Run epochs whose figure takes the given values; returns how many were run."""
    hooks = callbacks.CallbackList(given, add_history=True, model=model, epochs=len(values))
    model.stop_training = False
    hooks.on_train_begin()
    done = 0
    for epoch in range(first, len(values)):
        hooks.on_epoch_begin(epoch)
        for batch in range(batches):
            hooks.on_train_batch_begin(batch)
            model.weight += 1 / batches
            hooks.on_train_batch_end(batch, {"loss": values[epoch]})
        done += 1
        hooks.on_epoch_end(epoch, {"loss": 1.0, name: values[epoch]})
        if model.stop_training:
            break
    hooks.on_train_end()
    return done


class TestEarlyStopping:
    def test_stops_after_patience_epochs_without_improvement(self):
        model = FakeModel()
        stopping = callbacks.EarlyStopping(patience=2)
        assert train(model, [stopping], [3, 2, 2.5, 2.1, 1.0, 0.5]) == 4
        assert stopping.stopped_epoch == 3
        assert stopping.best == 2
        assert stopping.best_epoch == 1

    def test_waits_for_the_first_epoch_that_counts(self):
        model = FakeModel()
        stopping = callbacks.EarlyStopping(start_from_epoch=3)
        assert train(model, [stopping], [1, 2, 3, 4, 5, 6]) == 5

    def test_min_delta_must_be_exceeded(self):
        stopping = callbacks.EarlyStopping(min_delta=0.5, patience=1)
        assert train(FakeModel(), [stopping], [3.0, 2.7, 2.4, 2.0]) == 2
        assert train(FakeModel(), [stopping], [3.0, 2.4, 1.8, 1.2]) == 4

    def test_an_improvement_above_the_baseline_does_not_end_the_waiting(self):
        stopping = callbacks.EarlyStopping(patience=2, baseline=1.0)
        assert train(FakeModel(), [stopping], [5, 4, 4.5, 3, 2]) == 3
        assert train(FakeModel(), [stopping], [5, 0.9, 2, 3, 4]) == 4

    def test_restores_the_best_weights_also_when_it_did_not_stop(self):
        for values in ([3, 1, 2, 5], [3, 1, 2, 2]):
            model = FakeModel()
            stopping = callbacks.EarlyStopping(patience=9, restore_best_weights=True)
            assert train(model, [stopping], values) == 4
            assert model.weight == 2.0
        model = FakeModel()
        train(model, [callbacks.EarlyStopping(patience=1)], [1, 2])
        assert model.weight == 2.0

    def test_the_metric_knows_which_way_is_better(self):
        model = FakeModel()
        stopping = callbacks.EarlyStopping("val_accuracy", patience=1)
        assert train(model, [stopping], [0.1, 0.2, 0.3, 0.2], "val_accuracy") == 4
        assert stopping.best == 0.3
        outputs = callbacks.EarlyStopping("val_first_accuracy", patience=1)
        assert train(model, [outputs], [0.1, 0.2, 0.3, 0.2], "val_first_accuracy") == 4
        opposite = callbacks.EarlyStopping("val_accuracy", mode="min", patience=1)
        assert train(model, [opposite], [0.1, 0.2, 0.3], "val_accuracy") == 2

    def test_a_figure_that_nobody_knows_needs_a_mode(self):
        with pytest.raises(ValueError, match=r"'val_acc' is better. Pass mode='max'"):
            train(FakeModel(), [callbacks.EarlyStopping("val_acc")], [1.0])
        with pytest.warns(UserWarning, match="'val_acc', which is not available.*val_loss"):
            train(FakeModel(), [callbacks.EarlyStopping("val_acc", mode="max")], [1.0])
        with pytest.warns(UserWarning, match="'auto' is used"):
            callbacks.EarlyStopping(mode="biggest")

    def test_a_first_value_of_nan_does_not_count_as_best(self):
        stopping = callbacks.EarlyStopping(patience=2)
        assert train(FakeModel(), [stopping], [float("nan"), 2, 1, 0.5]) == 4
        assert stopping.best == 0.5

    def test_says_what_it_does(self, capsys):
        stopping = callbacks.EarlyStopping(patience=1, restore_best_weights=True, verbose=1)
        train(FakeModel(), [stopping], [1, 2, 3])
        assert capsys.readouterr().out.splitlines() == [
            "Epoch 2: early stopping",
            "Restoring model weights from the end of the best epoch: 1.",
        ]

    def test_is_silent_unless_asked_and_when_nothing_stopped(self, capsys):
        train(FakeModel(), [callbacks.EarlyStopping(restore_best_weights=True)], [1, 2, 3])
        train(FakeModel(), [callbacks.EarlyStopping(patience=5, verbose=1)], [1, 2, 3])
        assert capsys.readouterr().out == ""

    def test_can_be_used_again(self):
        stopping = callbacks.EarlyStopping(patience=1)
        assert train(FakeModel(), [stopping], [1, 2, 3]) == 2
        assert train(FakeModel(), [stopping], [9, 8, 7]) == 3


class TestModelCheckpoint:
    def test_saves_every_epoch_under_a_name_with_figures(self, tmp_path):
        model = FakeModel()
        path = tmp_path / "inner" / "{epoch:02d}-{val_loss:.2f}.keras"
        train(model, [callbacks.ModelCheckpoint(path)], [3, 2.125])
        assert sorted(p.name for p in (tmp_path / "inner").iterdir()) == [
            "01-3.00.keras",
            "02-2.12.keras",
        ]

    def test_saves_only_what_is_best(self, tmp_path):
        model = FakeModel()
        path = str(tmp_path / "best.weights.h5")
        checkpoint = callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
        train(model, [checkpoint], [3, 4, 2, 2])
        assert model.saved == [(path, 1.0), (path, 3.0)]
        beaten = callbacks.ModelCheckpoint(
            path, save_best_only=True, save_weights_only=True, initial_value_threshold=2.5
        )
        model = FakeModel()
        train(model, [beaten], [3, 4, 2, 2])
        assert model.saved == [(path, 3.0)]

    def test_saves_after_every_so_many_batches(self, tmp_path):
        model = FakeModel()
        path = str(tmp_path / "{epoch}-{batch}.keras")
        train(model, [callbacks.ModelCheckpoint(path, save_freq=3)], [1, 1, 1], batches=4)
        assert [p.rsplit("/")[-1] for p, _ in model.saved] == [
            "1-3.keras",
            "2-2.keras",
            "3-1.keras",
            "3-4.keras",
        ]

    def test_best_only_counts_batches_too(self, tmp_path):
        model = FakeModel()
        path = str(tmp_path / "best.keras")
        checkpoint = callbacks.ModelCheckpoint(
            path, monitor="loss", save_best_only=True, save_freq=1
        )
        train(model, [checkpoint], [3, 2], batches=2)
        assert [weight for _, weight in model.saved] == [0.5, 1.5]

    def test_says_what_it_does(self, tmp_path, capsys):
        path = str(tmp_path / "best.keras")
        checkpoint = callbacks.ModelCheckpoint(path, save_best_only=True, verbose=1)
        train(FakeModel(), [checkpoint], [3, 4])
        assert capsys.readouterr().out.split("\n\n") == [
            f"\nEpoch 1: val_loss improved from None to 3.00000, saving model to {path}",
            f"Epoch 1: finished saving model to {path}",
            "Epoch 2: val_loss did not improve from 3.00000\n",
        ]

    def test_without_the_figure_every_epoch_is_saved_with_a_warning(self, tmp_path):
        model = FakeModel()
        path = str(tmp_path / "best.keras")
        with pytest.warns(UserWarning, match="'val_loss', which is not available"):
            train(model, [callbacks.ModelCheckpoint(path, save_best_only=True)], [1], name="other")
        assert len(model.saved) == 1

    def test_bad_arguments_are_named(self, tmp_path):
        with pytest.raises(ValueError, match=r"a model to end in .keras, got 'model.ckpt'"):
            callbacks.ModelCheckpoint("model.ckpt")
        with pytest.raises(ValueError, match=r"weights to end in .weights.h5, got 'model.keras'"):
            callbacks.ModelCheckpoint("model.keras", save_weights_only=True)
        with pytest.raises(ValueError, match="save_freq to be 'epoch' or a positive integer"):
            callbacks.ModelCheckpoint("model.keras", save_freq="batch")
        with pytest.raises(KeyError, match=r"'acc', which is not available. Available: epoch"):
            train(FakeModel(), [callbacks.ModelCheckpoint("{acc}.keras")], [1])
        (tmp_path / "x.keras").mkdir()
        with pytest.raises(OSError, match="got the folder"):
            train(FakeModel(), [callbacks.ModelCheckpoint(tmp_path / "x.keras")], [1])


class TestReduceLROnPlateau:
    def test_lowers_the_rate_after_patience_epochs(self):
        model = FakeModel()
        reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2)
        train(model, [reduce], [3, 3, 3, 3, 3])
        assert model.history.history["learning_rate"] == [1.0, 1.0, 1.0, 0.5, 0.5]
        assert float(model.optimizer.learning_rate) == 0.25

    def test_cools_down_and_stops_at_the_lowest_rate(self):
        model = FakeModel()
        reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2, min_lr=0.3)
        train(model, [reduce], [3] * 9)
        assert model.history.history["learning_rate"] == pytest.approx(
            [1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3]
        )

    def test_can_be_used_again(self):
        reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2)
        train(FakeModel(), [reduce], [3, 3])
        model = FakeModel()
        train(model, [reduce], [9, 9])
        assert float(model.optimizer.learning_rate) == 1.0

    def test_small_improvements_do_not_count(self):
        model = FakeModel()
        train(model, [callbacks.ReduceLROnPlateau(patience=1, min_delta=0.1)], [3, 2.95])
        assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
        with pytest.raises(ValueError, match="factor below 1, got 2"):
            callbacks.ReduceLROnPlateau(factor=2)

    def test_says_what_it_does(self, capsys):
        train(FakeModel(), [callbacks.ReduceLROnPlateau(patience=1, factor=0.5, verbose=1)], [3, 3])
        expected = "\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.5.\n"
        assert capsys.readouterr().out == expected


class TestLearningRateScheduler:
    def test_sets_the_rate_from_epoch_and_rate(self):
        model = FakeModel()
        halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)
        train(model, [halve], [1, 1, 1])
        assert model.history.history["learning_rate"] == [1.0, 0.5, 0.25]

    def test_sets_the_rate_from_the_epoch_alone(self, capsys):
        model = FakeModel()
        train(model, [callbacks.LearningRateScheduler(lambda epoch: 0.5**epoch, verbose=1)], [1, 1])
        assert model.history.history["learning_rate"] == [1.0, 0.5]
        assert "\nEpoch 2: LearningRateScheduler setting learning rate to 0.5.\n" in (
            capsys.readouterr().out
        )

    def test_a_mistake_inside_the_schedule_is_not_hidden(self):
        def schedule(epoch, rate):
            return rate + "1"

        with pytest.raises(TypeError, match="unsupported operand"):
            train(FakeModel(), [callbacks.LearningRateScheduler(schedule)], [1])
        with pytest.raises(ValueError, match="return a number, got None"):
            train(FakeModel(), [callbacks.LearningRateScheduler(lambda epoch: None)], [1])


class TestCSVLogger:
    def read(self, path, separator=","):
        with open(path, newline="") as file:
            return list(csv.reader(file, delimiter=separator))

    def test_writes_a_line_for_every_epoch(self, tmp_path):
        path = tmp_path / "log.csv"
        train(FakeModel(), [callbacks.CSVLogger(path, separator=";")], [3, 2.5])
        assert self.read(path, ";") == [
            ["epoch", "loss", "val_loss"],
            ["0", "1.0", "3"],
            ["1", "1.0", "2.5"],
        ]

    def test_appends_without_a_second_header(self, tmp_path):
        path = tmp_path / "log.csv"
        for _ in range(2):
            train(FakeModel(), [callbacks.CSVLogger(path, append=True)], [3])
        assert len(self.read(path)) == 3
        train(FakeModel(), [callbacks.CSVLogger(path)], [3])
        assert len(self.read(path)) == 2

    def test_leaves_room_for_validation_that_begins_later(self, tmp_path):
        path = tmp_path / "log.csv"
        logger = callbacks.CSVLogger(path)
        logger.on_train_begin()
        logger.on_epoch_end(0, {"loss": 1.0})
        logger.on_epoch_end(1, {"loss": 1.0, "val_loss": np.array([1, 2])})
        logger.on_train_end()
        assert self.read(path) == [
            ["epoch", "loss", "val_loss"],
            ["0", "1.0", "NA"],
            ["1", "1.0", '"[1, 2]"'],
        ]


class TestTerminateOnNaN:
    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_stops_or_raises(self, value, capsys):
        assert train(FakeModel(), [callbacks.TerminateOnNaN()], [1, value, 1]) == 2
        assert "Invalid loss, terminating training" in capsys.readouterr().out
        with pytest.raises(RuntimeError, match=f"loss of batch 0 is {value}"):
            train(FakeModel(), [callbacks.TerminateOnNaN(raise_error=True)], [1, value])


class TestBackupAndRestore:
    def test_goes_on_where_it_was_interrupted(self, tmp_path):
        folder = tmp_path / "backup"

        class Interrupt(callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if self.model.weight == 2.5:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(FakeModel(), [callbacks.BackupAndRestore(folder), Interrupt()], [1] * 5)
        assert json.loads((folder / "training_metadata.json").read_text())["epoch"] == 2
        model = FakeModel()
        hooks = callbacks.BackupAndRestore(folder)
        hooks.set_model(model)
        hooks.on_train_begin()
        assert model.weight == 2.0
        assert model._initial_epoch == 2
        hooks.on_train_end()
        assert not folder.exists()

    def test_keeps_the_folder_where_asked_to_and_saves_after_batches(self, tmp_path):
        folder = tmp_path / "backup"
        model = FakeModel()
        keep = callbacks.BackupAndRestore(folder, save_freq=3, delete_checkpoint=False)
        train(model, [keep], [1, 1])
        assert [weight for _, weight in model.saved] == [1.5]
        assert json.loads((folder / "training_metadata.json").read_text()) == {
            "epoch": 1,
            "batch": 0,
        }

    def test_bad_arguments_are_named(self):
        with pytest.raises(ValueError, match="expected backup_dir, got ''"):
            callbacks.BackupAndRestore("")
        with pytest.raises(ValueError, match="save_freq"):
            callbacks.BackupAndRestore("x", save_freq=0)


class Recorder(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.heard = []

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(("epoch_end", epoch, dict(logs)))

    def on_batch_end(self, batch, logs=None):
        self.heard.append(("batch_end", batch))


class TestCallbackList:
    def test_passes_hooks_on_in_order_and_the_older_names_too(self):
        recorder, model = Recorder(), FakeModel()
        train(model, [recorder], [4])
        assert recorder.heard == [
            ("batch_end", 0),
            ("batch_end", 1),
            ("epoch_end", 0, {"loss": 1.0, "val_loss": 4}),
        ]
        assert recorder.model is model
        assert recorder.params["epochs"] == 1
        assert model.history.history == {"loss": [1.0], "val_loss": [4]}
        assert model.history.epoch == [0]

    def test_what_a_callback_adds_to_the_logs_reaches_the_next(self):
        add = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=7))
        recorder, model = Recorder(), FakeModel()
        train(model, [[add], recorder], [4])
        assert recorder.heard[-1][2]["extra"] == 7
        assert model.history.history["extra"] == [7]

    def test_every_hook_is_passed_on(self):
        hooks = [name for name in vars(callbacks.Callback) if name.startswith("on_")]
        heard = []
        functions = {name: lambda *args, name=name: heard.append((name, *args)) for name in hooks}
        together = callbacks.CallbackList([callbacks.LambdaCallback(**functions)])
        for name in hooks:
            numbered = "batch" in name or "epoch" in name
            getattr(together, name)(*([5] if numbered else []), {"loss": 1.0})
            expected = (name, 5, {"loss": 1.0}) if numbered else (name, {"loss": 1.0})
            assert heard[-1] == expected

    def test_hooks_that_nobody_defines_are_not_called(self):
        together = callbacks.CallbackList([callbacks.Callback(), Recorder()])
        assert together._listeners["on_train_batch_begin"] == []
        assert len(together._listeners["on_train_batch_end"]) == 1
        together.append(Recorder())
        assert len(together._listeners["on_train_batch_end"]) == 2

    def test_what_is_no_callback_is_named(self):
        with pytest.raises(ValueError, match="instances of Callback, got <class"):
            callbacks.CallbackList([callbacks.EarlyStopping])
        with pytest.raises(ValueError, match="instances of Callback, got 'early_stopping'"):
            callbacks.CallbackList(["early_stopping"])


def test_nothing_warns_when_all_is_well():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(FakeModel(), [callbacks.EarlyStopping(), callbacks.ReduceLROnPlateau()], [3, 2])
