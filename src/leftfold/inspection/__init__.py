"""Seeing inside a recurrent network: what it remembers, what its gates do, what it can learn from.

Example:
    >>> import numpy as np
    >>> import leftfold
    >>> from leftfold import inspection, layers
    >>> model = leftfold.Sequential([layers.Input((None, 3)), layers.LSTM(4, name="reader")])
    >>> traced = inspection.trace(model, np.ones((2, 5, 3)))
    >>> memory = traced.recurrences["reader"]
    >>> memory.states["cell"].shape, sorted(memory.gates)
    ((2, 5, 4), ['candidate', 'forget', 'input', 'output'])
"""

from leftfold.inspection.alignment import plot_alignment
from leftfold.inspection.embeddings import flat_map, neighbours
from leftfold.inspection.gradients import GradientFlow, compare_cells, gradient_flow
from leftfold.inspection.picture import Picture
from leftfold.inspection.plots import plot_gates, plot_gradients, plot_states
from leftfold.inspection.plots_of_data import plot_embeddings, plot_lengths
from leftfold.inspection.tracing import LayerCall, Recurrence, Trace, trace

__all__ = [
    "GradientFlow",
    "LayerCall",
    "Picture",
    "Recurrence",
    "Trace",
    "compare_cells",
    "flat_map",
    "gradient_flow",
    "neighbours",
    "plot_alignment",
    "plot_embeddings",
    "plot_gates",
    "plot_gradients",
    "plot_lengths",
    "plot_states",
    "trace",
]
