"""Write `training_parts.json`: what Keras 3.15.1 computes for losses, metrics and optimisers.

Run with a Python that has Keras on JAX: `python tests/golden/make_training_parts.py`. The tests
build the same objects by the names and arguments in the file and compare with its figures.
"""

import inspect
import json
from pathlib import Path

import jax
import keras
import numpy as np

STEPS = 20

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 1.0}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.0}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 3}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_overwrite_frequency": 4}),
    ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 4.0}),
    ("RMSprop", {"learning_rate": 0.01}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "rho": 0.8}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.8}),
    ("Adam", {"learning_rate": 0.01, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 2}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.2}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.2, "amsgrad": True}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01, "gradient_accumulation_steps": 2}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 0.01}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Ftrl", {"learning_rate": 0.1}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.3,
            "l1_regularization_strength": 0.2,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.05,
            "beta": 0.5,
        },
    ),
    ("Lion", {"learning_rate": 0.01}),
    ("Lion", {"learning_rate": 0.01, "beta_1": 0.7, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Lamb", {"learning_rate": 0.01, "weight_decay": 0.1, "gradient_accumulation_steps": 2}),
    ("Adafactor", {"learning_rate": 0.05}),
    ("Adafactor", {"learning_rate": 0.5, "clip_threshold": 0.7, "beta_2_decay": -0.5}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01, "nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.1}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01, "warmup_steps": 5, "weight_decay": 0.1}),
]

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 10,
            "decay_rate": 0.5,
            "staircase": True,
        },
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 10,
            "decay_rate": 0.5,
            "staircase": True,
        },
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 25}),
    (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 25,
            "end_learning_rate": 0.01,
            "power": 2.0,
            "cycle": True,
        },
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 25], "values": [0.1, 0.01, 0.001]}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 25, "alpha": 0.1}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.01,
            "decay_steps": 25,
            "warmup_target": 0.1,
            "warmup_steps": 6,
        },
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 7,
            "t_mul": 1.0,
            "m_mul": 0.8,
            "alpha": 0.1,
        },
    ),
]
SCHEDULE_STEPS = [0, 1, 4, 5, 6, 9, 11, 20, 24, 25, 26, 40, 51, 60]

PROBABILITIES = [[0.7, 0.2, 0.1], [0.05, 0.9, 0.05], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0]]
LOGITS = [[2.0, -1.0, 0.5], [-30.0, 0.0, 30.0], [0.1, 0.2, 0.3], [-3.0, 1.5, 0.0]]
ONE_HOT = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
YES_NO = [[1, 0, 1], [0, 0, 1], [1, 1, 0], [1, 0, 0]]
NUMBERS = [[1.5, -2.0, 0.25], [0.0, 3.0, -1.0], [2.0, 0.5, 0.125], [-0.5, 1.0, 4.0]]
TARGETS = [[1.0, -1.0, 3.0], [0.5, 2.5, -4.0], [2.5, 0.75, -0.5], [-0.25, 1.5, 0.5]]
COUNTS = [[1, 0, 3], [2, 1, 0], [0, 4, 1], [5, 1, 1]]
POSITIVE = [[0.5, 0.25, 2.0], [1.5, 1.2, 0.1], [0.3, 3.0, 0.9], [4.0, 2.0, 0.7]]
UNIT = [[0.6, 0.8, 0.0], [0.0, 0.6, 0.8], [0.28, 0.96, 0.0], [1.0, 0.0, 0.0]]
WEIGHTS = [0.5, 2.0, 1.0, 0.0]

LOSSES = [
    ("BinaryCrossentropy", {}, YES_NO, PROBABILITIES),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, YES_NO, PROBABILITIES),
    ("BinaryCrossentropy", {"from_logits": True}, YES_NO, LOGITS),
    ("BinaryFocalCrossentropy", {}, YES_NO, [*PROBABILITIES[:3], [0.2] * 3]),
    (
        "BinaryFocalCrossentropy",
        {"from_logits": True, "apply_class_balancing": True, "gamma": 1.5},
        YES_NO,
        NUMBERS,
    ),
    (
        "BinaryFocalCrossentropy",
        {"label_smoothing": 0.2, "gamma": 1.0},
        YES_NO,
        [[0.3, 0.6, 0.9]] * 4,
    ),
    ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    ("CategoricalCrossentropy", {}, ONE_HOT, POSITIVE),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, PROBABILITIES),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, POSITIVE),
    (
        "CategoricalFocalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1, "alpha": 0.5, "gamma": 1.0},
        ONE_HOT,
        NUMBERS,
    ),
    ("SparseCategoricalCrossentropy", {}, [0, 2, 1, 0], PROBABILITIES),
    ("SparseCategoricalCrossentropy", {}, [[0], [2], [1], [0]], POSITIVE),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, [0, 2, 1, 0], LOGITS),
    (
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 1},
        [0, 2, 1, 0],
        LOGITS,
    ),
    ("MeanSquaredError", {}, TARGETS, NUMBERS),
    ("MeanAbsoluteError", {}, TARGETS, NUMBERS),
    ("MeanAbsolutePercentageError", {}, TARGETS, NUMBERS),
    ("MeanSquaredLogarithmicError", {}, COUNTS, POSITIVE),
    ("Huber", {}, TARGETS, NUMBERS),
    ("Huber", {"delta": 0.5}, TARGETS, NUMBERS),
    ("LogCosh", {}, TARGETS, NUMBERS),
    ("Poisson", {}, COUNTS, POSITIVE),
    ("KLDivergence", {}, PROBABILITIES[::-1], POSITIVE),
    ("Hinge", {}, YES_NO, NUMBERS),
    ("SquaredHinge", {}, [[1, -1, 1], [-1, -1, 1], [1, 1, -1], [1, -1, -1]], NUMBERS),
    ("CategoricalHinge", {}, ONE_HOT, NUMBERS),
    ("CosineSimilarity", {}, TARGETS, NUMBERS),
    ("CosineSimilarity", {"axis": 0}, TARGETS, NUMBERS),
    ("CategoricalGeneralizedCrossEntropy", {}, [0, 2, 1, 0], POSITIVE),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.8}, [0, 2, 1, 0], [[0.3, 0.2, 0.5]] * 4),
    ("Dice", {}, YES_NO, POSITIVE),
    ("Dice", {"axis": 1}, YES_NO, POSITIVE),
    ("Tversky", {"alpha": 0.3, "beta": 0.9}, YES_NO, POSITIVE),
    ("Tversky", {"axis": -1}, YES_NO, POSITIVE),
    ("Circle", {}, [0, 1, 0, 1], UNIT),
    ("Circle", {"gamma": 5.0, "margin": 0.2, "remove_diagonal": False}, [0, 1, 2, 0], UNIT),
]

SCORES = [[0.9, 0.1, 0.6], [0.3, 0.8, 0.5], [0.2, 0.7, 0.4], [1.0, 0.0, 0.35]]
LABELS = [[0], [2], [1], [0]]
LABELS_2 = [[0], [1], [1], [2]]
METRICS = [
    ("Accuracy", {}, COUNTS, [[1, 2, 3], [2, 1, 0], [1, 4, 1], [0, 0, 0]]),
    ("BinaryAccuracy", {}, YES_NO, SCORES),
    ("BinaryAccuracy", {"threshold": 0.35}, YES_NO, SCORES),
    ("CategoricalAccuracy", {}, ONE_HOT, SCORES),
    ("SparseCategoricalAccuracy", {}, LABELS, SCORES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SCORES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, [0, 2, 0, 1], SCORES),
    ("MeanSquaredError", {}, TARGETS, NUMBERS),
    ("RootMeanSquaredError", {}, TARGETS, NUMBERS),
    ("MeanAbsoluteError", {}, TARGETS, NUMBERS),
    ("MeanAbsolutePercentageError", {}, TARGETS, NUMBERS),
    ("MeanSquaredLogarithmicError", {}, COUNTS, POSITIVE),
    ("LogCoshError", {}, TARGETS, NUMBERS),
    ("CosineSimilarity", {}, TARGETS, NUMBERS),
    ("R2Score", {}, TARGETS, NUMBERS),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, TARGETS, NUMBERS),
    ("R2Score", {"class_aggregation": None, "num_regressors": 1}, TARGETS, NUMBERS),
    ("KLDivergence", {}, PROBABILITIES, POSITIVE),
    ("Poisson", {}, COUNTS, POSITIVE),
    ("Hinge", {}, YES_NO, NUMBERS),
    ("SquaredHinge", {}, YES_NO, NUMBERS),
    ("CategoricalHinge", {}, ONE_HOT, NUMBERS),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, YES_NO, SCORES),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, SCORES),
    ("SparseCategoricalCrossentropy", {}, LABELS, SCORES),
    ("TruePositives", {}, YES_NO, SCORES),
    ("FalsePositives", {"thresholds": [0.65, 0.15, 0.35]}, YES_NO, SCORES),
    ("TrueNegatives", {"thresholds": 0.35}, YES_NO, SCORES),
    ("FalseNegatives", {}, YES_NO, SCORES),
    ("Precision", {}, YES_NO, SCORES),
    ("Precision", {"thresholds": [0.25, 0.65]}, YES_NO, SCORES),
    ("Precision", {"top_k": 2}, YES_NO, SCORES),
    ("Precision", {"class_id": 2}, YES_NO, SCORES),
    ("Recall", {}, YES_NO, SCORES),
    ("Recall", {"top_k": 1, "class_id": 0}, ONE_HOT, SCORES),
    ("AUC", {}, YES_NO, SCORES),
    ("AUC", {"curve": "PR"}, YES_NO, SCORES),
    ("AUC", {"curve": "PRGAIN"}, YES_NO, SCORES),
    ("AUC", {"summation_method": "minoring", "num_thresholds": 7}, YES_NO, SCORES),
    (
        "AUC",
        {"curve": "PR", "summation_method": "majoring", "thresholds": [0.25, 0.45, 0.55]},
        YES_NO,
        SCORES,
    ),
    ("AUC", {"multi_label": True, "num_labels": 3}, YES_NO, SCORES),
    (
        "AUC",
        {"multi_label": True, "label_weights": [1.0, 2.0, 0.5], "curve": "PR"},
        YES_NO,
        SCORES,
    ),
    ("AUC", {"from_logits": True}, YES_NO, NUMBERS),
    ("F1Score", {}, ONE_HOT, SCORES),
    ("F1Score", {"average": "micro", "threshold": 0.35}, YES_NO, SCORES),
    ("F1Score", {"average": "weighted"}, ONE_HOT, SCORES),
    ("FBetaScore", {"average": "macro", "beta": 2.0}, ONE_HOT, SCORES),
    ("PearsonCorrelation", {}, TARGETS, NUMBERS),
    ("ConcordanceCorrelation", {}, TARGETS, NUMBERS),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, YES_NO, SCORES),
    ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": 1}, YES_NO, SCORES),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7, "num_thresholds": 7}, YES_NO, SCORES),
    ("PrecisionAtRecall", {"recall": 0.8}, YES_NO, SCORES),
    ("RecallAtPrecision", {"precision": 0.6, "class_id": 2}, YES_NO, SCORES),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"}, LABELS, LABELS_2),
    (
        "IoU",
        {
            "num_classes": 3,
            "target_class_ids": [1, 2],
            "sparse_y_pred": False,
            "ignore_class": 0,
            "dtype": "float32",
        },
        LABELS,
        SCORES,
    ),
    ("BinaryIoU", {"threshold": 0.35, "dtype": "float32"}, [1, 0, 1, 1], [0.9, 0.3, 0.2, 1]),
    ("BinaryIoU", {"target_class_ids": [1], "dtype": "float32"}, [1, 0, 1, 0], [0.9, 0.6, 0.2, 0]),
    ("MeanIoU", {"num_classes": 4, "dtype": "float32"}, LABELS, LABELS_2),
    (
        "OneHotIoU",
        {"num_classes": 3, "target_class_ids": [0, 1], "dtype": "float32"},
        ONE_HOT,
        SCORES,
    ),
    ("OneHotMeanIoU", {"num_classes": 3, "dtype": "float32"}, ONE_HOT, SCORES),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"]


def numbers(array):
    """Nested lists with every digit that float32 has."""
    array = np.asarray(array, np.float64)
    return np.array([float(f"{x:.9g}") for x in array.ravel()]).reshape(array.shape).tolist()


def gradients(step, shapes):
    """The gradients of one step; `tests/optimizers` computes the same."""
    return [
        np.sin(0.7 * np.arange(np.prod(shape)) + 1.3 * step + index)
        .reshape(shape)
        .astype("float32")
        for index, shape in enumerate(shapes)
    ]


def optimizer_cases():
    shapes = [(3, 2), (5,)]
    for name, arguments in OPTIMIZERS:
        variables = [
            keras.Variable(np.linspace(-1, 1, int(np.prod(shape))).reshape(shape), dtype="float32")
            for shape in shapes
        ]
        optimizer = getattr(keras.optimizers, name)(**arguments)
        trace = []
        for step in range(STEPS):
            pairs = list(zip(gradients(step, shapes), variables, strict=True))
            optimizer.apply_gradients([(keras.ops.convert_to_tensor(g), v) for g, v in pairs])
            trace.append([numbers(v) for v in variables])
        optimizer.finalize_variable_values(variables)
        yield {
            "name": name,
            "arguments": arguments,
            "after": {str(step): trace[step - 1] for step in (1, 2, 5, STEPS)},
            "finalized": [numbers(v) for v in variables],
            "state": [[list(v.shape), numbers(v)] for v in optimizer.variables],
        }


def schedule_cases():
    for name, arguments in SCHEDULES:
        schedule = getattr(keras.optimizers.schedules, name)(**arguments)
        rates = [float(schedule(step)) for step in SCHEDULE_STEPS]
        yield {"name": name, "arguments": arguments, "steps": SCHEDULE_STEPS, "rates": rates}


def loss_cases():
    for name, arguments, y_true, y_pred in LOSSES:
        y_true, y_pred = np.array(y_true), np.array(y_pred, "float32")
        weights = np.array(WEIGHTS, "float32")
        if arguments.get("axis") == 0:
            weights = weights[:3]
        values = {}
        for reduction in REDUCTIONS:
            loss = getattr(keras.losses, name)(reduction=reduction, **arguments)
            values[reduction] = [
                numbers(loss(y_true, y_pred)),
                numbers(loss(y_true, y_pred, weights)),
            ]
        loss = getattr(keras.losses, name)(**arguments)
        yield {
            "name": name,
            "arguments": arguments,
            "y_true": y_true.tolist(),
            "y_pred": numbers(y_pred),
            "weights": numbers(weights),
            "values": values,
            "gradient": numbers(jax.grad(lambda p, loss=loss, t=y_true: loss(t, p))(y_pred)),
        }


def metric_cases():
    for name, arguments, y_true, y_pred in METRICS:
        y_true, y_pred = np.array(y_true), np.array(y_pred, "float32")
        weights = np.array(WEIGHTS, "float32")
        plain, weighted = (getattr(keras.metrics, name)(**arguments) for _ in range(2))
        for part in (slice(0, 3), slice(3, 4)):
            plain.update_state(y_true[part], y_pred[part])
            weighted.update_state(y_true[part], y_pred[part], weights[part])
        yield {
            "name": name,
            "arguments": arguments,
            "y_true": y_true.tolist(),
            "y_pred": numbers(y_pred),
            "weights": numbers(weights),
            "results": [numbers(plain.result()), numbers(weighted.result())],
            "config": plain.get_config(),
        }


def signature_cases():
    """The names and defaults of all arguments, in order; defaults that JSON can hold."""
    for room in ("initializers", "regularizers", "constraints", "losses", "metrics", "callbacks"):
        yield from signatures(room, getattr(keras, room))
    yield from signatures("optimizers", keras.optimizers)
    yield from signatures("optimizers.schedules", keras.optimizers.schedules)


def signatures(room, module):
    for name, item in sorted(vars(module).items()):
        if name.startswith("_") or not (inspect.isclass(item) or inspect.isfunction(item)):
            continue
        arguments = [
            [key, None if parameter.default is parameter.empty else parameter.default]
            for key, parameter in inspect.signature(item).parameters.items()
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        ]
        yield {"room": room, "name": name, "arguments": arguments}


def main():
    sections = {
        "optimizers": optimizer_cases(),
        "schedules": schedule_cases(),
        "losses": loss_cases(),
        "metrics": metric_cases(),
        "signatures": signature_cases(),
    }
    lines = []
    for name, cases in sections.items():
        rows = ",\n".join("  " + json.dumps(case, default=numbers) for case in cases)
        lines.append(f' "{name}": [\n{rows}\n ]')
    target = Path(__file__).with_name("training_parts.json")
    target.write_text(f'{{\n "keras": "{keras.__version__}",\n' + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
