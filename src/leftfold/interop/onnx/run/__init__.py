"""ONNX graphs as programs."""
