"""ONNX files, written, run, and made into models of layers.

Needs the package `onnx` (`pip install leftfold[onnx]`), which is loaded when it is used.
`leftfold.interop.onnx.backend` is Leftfold as a backend of that package.
"""

from leftfold.interop.onnx.export.exporting import export_onnx, onnx_model
from leftfold.interop.onnx.rebuild.rebuilding import model_from_onnx
from leftfold.interop.onnx.run.model import OnnxModel, import_onnx

__all__ = ["OnnxModel", "export_onnx", "import_onnx", "model_from_onnx", "onnx_model"]
