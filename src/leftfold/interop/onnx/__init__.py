"""ONNX files, written and run.

Needs the package `onnx` (`pip install leftfold[onnx]`), which is loaded when it is used.
"""

from leftfold.interop.onnx.export.exporting import export_onnx, onnx_model

__all__ = ["export_onnx", "onnx_model"]
