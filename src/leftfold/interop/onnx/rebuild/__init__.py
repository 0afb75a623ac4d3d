"""Leftfold models made from ONNX graphs."""
