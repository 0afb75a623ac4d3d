"""A label for every step: of sentences, and of numeric series."""

from leftfold.tasks.tagging.evaluation import Tagging, tag
from leftfold.tasks.tagging.tagger import SequenceTagger

__all__ = ["SequenceTagger", "Tagging", "tag"]
