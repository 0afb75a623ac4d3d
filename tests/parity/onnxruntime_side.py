"""What ONNX Runtime computes. Runs in its environment."""

import numpy as np
import onnxruntime


def run(model, inputs):
    """All outputs of a model.

    Args:
        model: the content of its file.
        inputs: arrays, in order; numbers become what the model takes.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": "f4", "tensor(int32)": "i4", "tensor(int64)": "i8"}
    feed = {
        item.name: np.asarray(array).astype(types[item.type])
        for item, array in zip(session.get_inputs(), inputs, strict=True)
    }
    return session.run(None, feed)
