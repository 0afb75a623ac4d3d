"""CTC: the loss and its gradient against PyTorch's, decoding against Keras's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor
from tests.parity.conftest import compare
from tests.parity.programs import ids, numbers
from tools.peers import Worker


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("blank", [0, 5])
def test_loss_and_gradient(peer: Callable[[str, str], Worker], blank: int, dtype: str) -> None:
    logits, d_loss = 3 * numbers(1, 5, 40, 6).astype(dtype), numbers(2, 5).astype(dtype)
    targets = ids(3, 5, 5, 12) + (blank == 0)
    target_lengths, output_lengths = [12, 7, 1, 0, 12], [40, 31, 9, 4, 40]
    theirs = peer("torch", "torch_side.py").call(
        "ctc_loss", logits, targets, target_lengths, output_lengths, blank, d_loss
    )
    x = Tensor(logits, tracked=True)
    with Tape() as tape:
        losses = ops.ctc_loss(targets, x, target_lengths, output_lengths, blank)
        total = ops.sum(losses * d_loss)
    ours = {"losses": losses.numpy(), "dlogits": np.asarray(tape.gradient(total, [x])[0])}
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    compare(ours, theirs, tolerance, tolerance, "ctc_loss")


@pytest.mark.parametrize("strategy", ["greedy", "beam_search"])
def test_decoding(agree: Callable[..., None], strategy: str) -> None:
    settings = {"strategy": strategy, "beam_width": 30}
    if strategy == "beam_search":
        settings["top_paths"] = 3
    arguments = (2 * numbers(1, 3, 7, 4), np.array([7, 7, 5], "int32"))
    agree("operation", "ctc_decode", arguments, settings, rtol=1e-4)
