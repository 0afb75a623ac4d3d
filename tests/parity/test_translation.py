"""`EncoderDecoder` against the same model in PyTorch: losses, gradients, beams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks import measure, translation
from leftfold import ops, streaming, utils
from leftfold.engine import Tape
from leftfold.models import EncoderDecoder
from leftfold.models.seq2seq.attention import KINDS
from tests.parity.test_torch import to_torch
from tools.peers import Worker, installed

SOURCE = np.array([[5, 6, 7, 8, 3], [9, 4, 0, 0, 0], [3, 3, 5, 0, 0]], np.int32)
TARGET = np.array([[8, 7, 6, 0], [4, 0, 0, 0], [5, 3, 3, 9]], np.int32)


@pytest.fixture(scope="module")
def torch() -> Iterator[Worker]:
    if not installed("torch"):
        pytest.fail("torch is not installed: run `make peers PEERS=torch` first.")
    with Worker("torch", measure.ADAPTERS / "translation_torch.py") as worker:
        yield worker


def model_for(kind: str, dtype: str, **settings: Any) -> tuple[dict[str, Any], EncoderDecoder]:
    utils.set_random_seed(5)
    chosen = {
        "source_size": 12,
        "target_size": 11,
        "embedding_size": 6,
        "units": 8,
        "attention": kind,
        **settings,
    }
    model = EncoderDecoder(**chosen, dtype=dtype)
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.7, weight.shape))
    return chosen, model


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", KINDS)
def test_losses_and_gradients(torch: Worker, kind: str, smoothing: float) -> None:
    settings, model = model_for(kind, "float64", label_smoothing=smoothing)
    read, answer = model.shifted(TARGET)
    with Tape() as tape:
        losses, _, _ = model._judge(SOURCE, read, answer, True)
        loss = ops.mean(losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    weights = translation.weights_of(model)
    theirs, slopes = torch.call("loss_and_gradient", settings, weights, SOURCE, read, answer)
    assert float(loss) == pytest.approx(theirs, rel=1e-10)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign(gradient)
    for name, ours in translation.weights_of(model).items():
        if name.startswith(("forward", "backward", "decoder")):
            ours = to_torch("gru", ours)
        elif slopes[name].shape != ours.shape or name.endswith("kernel") or name.startswith("of_"):
            ours = ours.T
        np.testing.assert_allclose(slopes[name], ours, rtol=1e-7, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_beams_find_the_same(torch: Worker, kind: str, penalty: float) -> None:
    settings, model = model_for(kind, "float64")
    random = np.random.default_rng(4)
    source = [random.integers(3, 12, random.integers(1, 9)).tolist() for _ in range(40)]
    limits = [6 + len(row) for row in source]
    found = streaming.decode(
        model, source, beams=4, max_length=limits, length_penalty=penalty, batch_size=16
    )
    ours = [[*f.tokens, *([model.END] if f.finished else [])] for f in found]
    weights = translation.weights_of(model)
    theirs, _ = torch.call("decode", settings, weights, source, 4, limits, penalty, dtype="float64")
    assert ours == theirs
