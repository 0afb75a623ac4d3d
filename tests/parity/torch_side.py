"""What PyTorch says about a recurrence. Runs in PyTorch's environment."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS = {"simple_rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def recurrence(kind, x, weights, states, lengths, d_output):
    """Output, last states and gradients of one layer.

    Args:
        kind: a key of `KINDS`.
        x: (batch, timesteps, features).
        weights: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` as PyTorch lays them out.
        states: initial states, each (batch, units).
        lengths: steps of each row that count, or `None`.
        d_output: the gradient of the output.
    """
    units = states[0].shape[1]
    layer = KINDS[kind](x.shape[2], units, batch_first=True)
    with torch.no_grad():
        for name, value in weights.items():
            getattr(layer, f"{name}_l0").copy_(torch.from_numpy(value))
    x = torch.from_numpy(x).requires_grad_()
    states = [torch.from_numpy(state)[None].requires_grad_() for state in states]
    inputs = x
    if lengths is not None:
        inputs = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, last = layer(inputs, tuple(states) if kind == "lstm" else states[0])
    if lengths is not None:
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
    output.backward(torch.from_numpy(d_output))
    last = last if kind == "lstm" else (last,)
    return {
        "output": output.detach().numpy(),
        "last": [state.detach().numpy()[0] for state in last],
        "dx": x.grad.numpy(),
        "dstates": [state.grad.numpy()[0] for state in states],
        "dweights": {name: getattr(layer, f"{name}_l0").grad.numpy() for name in weights},
    }


def ctc_loss(logits, targets, target_lengths, output_lengths, blank, d_loss):
    """The loss of each row and the gradient of the logits, (batch, steps, classes)."""
    x = torch.from_numpy(logits).requires_grad_()
    losses = torch.nn.functional.ctc_loss(
        x.log_softmax(-1).transpose(0, 1),
        torch.from_numpy(targets),
        torch.tensor(output_lengths),
        torch.tensor(target_lengths),
        blank=blank,
        reduction="none",
    )
    losses.backward(torch.from_numpy(d_loss))
    return {"losses": losses.detach().numpy(), "dlogits": x.grad.numpy()}
