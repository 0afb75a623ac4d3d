"""What modules of PyTorch compute, with their state dicts. Runs in PyTorch's environment."""

import io

import torch


class Tagger(torch.nn.Module):
    """A model as tutorials have them."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(20, 6)
        self.encoder = torch.nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.norm = torch.nn.LayerNorm(10)
        self.head = torch.nn.Linear(10, 3)

    def forward(self, ids):
        return self.head(self.norm(self.encoder(self.embedding(ids))[0]))


def recurrent(kind, settings, x):
    """Output and state dict of one recurrent module with random weights."""
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(x.shape[2], batch_first=True, **settings)
    with torch.no_grad():
        output = module(torch.from_numpy(x))[0].numpy()
    return output, {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def with_state(kind, settings, x, state):
    """Output of a recurrent module that was given a state dict."""
    module = getattr(torch.nn, kind)(x.shape[2], batch_first=True, **settings)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    with torch.no_grad():
        return module(torch.from_numpy(x))[0].numpy()


def tagger(ids, path):
    """Output of a `Tagger`, whose state dict is saved to `path` in PyTorch's own format."""
    torch.manual_seed(1)
    model = Tagger().eval()
    torch.save(model.state_dict(), path)
    with torch.no_grad():
        output = model(torch.from_numpy(ids)).numpy()
    return output, {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def loaded_tagger(ids, state):
    """Output of a `Tagger` that was given a state dict."""
    model = Tagger().eval()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    with torch.no_grad():
        return model(torch.from_numpy(ids)).numpy()


def read_by_leftfold(source, path):
    """What Leftfold's reader finds in a file that PyTorch wrote; `source` is Leftfold's folder."""
    import sys

    sys.path.insert(0, source)
    from leftfold.interop.torch import read_state, write_state

    state = read_state(path)
    write_state(path + ".again.pt", state)
    again = torch.load(path + ".again.pt", weights_only=True)
    return state, {name: tensor.numpy() for name, tensor in again.items()}


def refused_by_leftfold(source, path):
    """The message with which Leftfold refuses a file that would run code."""
    import os
    import pickle
    import sys

    sys.path.insert(0, source)
    from leftfold.interop.torch import read_state
    from leftfold.saving import SavingError

    class Payload:
        def __reduce__(self):
            return os.mkdir, (path + ".ran",)

    buffer = io.BytesIO()
    torch.save({"weight": Payload()}, buffer, pickle_module=pickle)
    with open(path, "wb") as file:
        file.write(buffer.getvalue())
    try:
        read_state(path)
    except SavingError as error:
        return str(error), os.path.exists(path + ".ran")
    return "it was read", os.path.exists(path + ".ran")
