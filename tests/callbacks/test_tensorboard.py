"""Figures for TensorBoard, read back by a reader of the format's own description."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from leftfold import Sequential, callbacks, layers
from leftfold.callbacks.event_file import crc32c


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data):
    """The fields of a protocol buffer: numbers, doubles, floats and bytes."""
    at, found = 0, {}
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            found[key >> 3], at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            found[key >> 3], at = data[at : at + size], at + size
        else:
            code, size = {1: ("<d", 8), 5: ("<f", 4)}[kind]
            found[key >> 3], at = struct.unpack(code, data[at : at + size])[0], at + size
    return found


def events(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    data, at = path.read_bytes(), 0
    while at < len(data):
        head = data[at : at + 8]
        (size,) = struct.unpack("<Q", head)
        body = data[at + 12 : at + 12 + size]
        for part, place in ((head, at + 8), (body, at + 12 + size)):
            crc = crc32c(part)
            mask = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
            assert struct.unpack("<I", data[place : place + 4]) == (mask,)
        yield fields(body)
        at += size + 16


def scalars(folder):
    first, *rest = events(folder)
    assert first[3] == b"brain.Event:2"
    found = {}
    for event in rest:
        value = fields(fields(event[5])[1])
        found.setdefault(value[1].decode(), []).append((event[2], value[2]))
    return found


@pytest.fixture
def model():
    made = Sequential([layers.Input((3,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


def test_epochs_are_written_for_training_and_validation(model, tmp_path):
    board = callbacks.TensorBoard(tmp_path, write_steps_per_second=True)
    history = model.fit(X, Y, 4, 3, 0, [board], validation_data=(X, Y)).history
    found = scalars(tmp_path / "train")
    assert [step for step, _ in found["epoch_loss"]] == [0, 1, 2]
    np.testing.assert_allclose([v for _, v in found["epoch_loss"]], history["loss"], rtol=1e-6)
    assert found["epoch_learning_rate"][0][1] == pytest.approx(0.01)
    assert found["epoch_steps_per_second"][0][1] > 0
    validation = scalars(tmp_path / "validation")
    np.testing.assert_allclose(
        [v for _, v in validation["epoch_loss"]], history["val_loss"], rtol=1e-6
    )
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [2, 4, 6]


def test_batches_are_written_on_request(model, tmp_path):
    model.fit(X, Y, 1, 1, 0, [callbacks.TensorBoard(tmp_path, update_freq=3)])
    assert [step for step, _ in scalars(tmp_path / "train")["batch_loss"]] == [0, 3, 6]


def test_evaluation_alone_is_written(model, tmp_path):
    loss = model.evaluate(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    ((step, value),) = scalars(tmp_path / "validation")["evaluation_loss_vs_iterations"]
    assert step == 0 and value == pytest.approx(loss)


def test_what_is_not_written_is_said(tmp_path):
    with pytest.warns(UserWarning, match="no histograms"):
        callbacks.TensorBoard(tmp_path, histogram_freq=1)
    with pytest.raises(ValueError, match="update_freq to be 'epoch', 'batch' or a number"):
        callbacks.TensorBoard(tmp_path, update_freq="hour")
