"""What happens around training, by Keras's names."""

from __future__ import annotations

from leftfold.callbacks.backup import BackupAndRestore
from leftfold.callbacks.callback import Callback
from leftfold.callbacks.callback_list import CallbackList
from leftfold.callbacks.checkpoint import ModelCheckpoint
from leftfold.callbacks.csv_logger import CSVLogger
from leftfold.callbacks.early_stopping import EarlyStopping
from leftfold.callbacks.history import History
from leftfold.callbacks.lambda_callback import LambdaCallback
from leftfold.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from leftfold.callbacks.monitor import MonitorCallback
from leftfold.callbacks.swap_ema_weights import SwapEMAWeights
from leftfold.callbacks.tensorboard import TensorBoard
from leftfold.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
