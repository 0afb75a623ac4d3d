"""Models: layers joined into a function that can be trained."""

from leftfold.models.clone import clone_model
from leftfold.models.functional import Functional
from leftfold.models.model import Model
from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder
from leftfold.models.seq2seq.forcing import ScheduledSampling
from leftfold.models.sequential import Sequential
from leftfold.saving import load_model, model_from_json, save_model

__all__ = [
    "EncoderDecoder",
    "Functional",
    "Model",
    "ScheduledSampling",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
