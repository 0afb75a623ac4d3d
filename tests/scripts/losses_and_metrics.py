"""One small network, trained with a dozen losses and two dozen metrics."""

import keras
import numpy as np
from keras import layers, losses, metrics

x = np.random.RandomState(0).normal(size=(40, 6, 3)).astype("float32")
yb = (x[:, :, 0].sum(1) > 0).astype("float32")[:, None]
yr = np.abs(x.sum((1, 2)))[:, None]
yc = np.digitize(x[:, 0, 0], [-0.5, 0.5])


def run(loss, y, out, act=None, ms=()):
    m = keras.Sequential([layers.Input((6, 3)), layers.GRU(5), layers.Dense(out, activation=act)])
    m.compile("adam", loss, metrics=list(ms))
    h = m.fit(x, y, epochs=2, batch_size=20, verbose=0)
    m.evaluate(x, y, verbose=0)
    return sorted(h.history)


r = []
r.append(
    run(
        losses.BinaryFocalCrossentropy(gamma=2.0),
        yb,
        1,
        "sigmoid",
        [
            metrics.AUC(curve="PR"),
            metrics.Precision(),
            metrics.Recall(),
            metrics.F1Score(threshold=0.5),
            metrics.SensitivityAtSpecificity(0.5),
            metrics.PrecisionAtRecall(0.6),
            metrics.BinaryIoU(name="iou"),
        ],
    )
)
r.append(run("hinge", yb * 2 - 1, 1, "tanh", ["hinge", "squared_hinge"]))
r.append(
    run(
        losses.Huber(0.5),
        yr,
        1,
        None,
        [metrics.R2Score(), "mse", metrics.MeanSquaredLogarithmicError()],
    )
)
r.append(run("poisson", yr, 1, "softplus", ["poisson", keras.metrics.PearsonCorrelation(axis=0)]))
r.append(
    run(
        "sparse_categorical_crossentropy",
        yc,
        3,
        "softmax",
        [
            "accuracy",
            metrics.SparseTopKCategoricalAccuracy(2),
            metrics.MeanIoU(3, sparse_y_pred=False),
        ],
    )
)
r.append(
    run(
        losses.CategoricalFocalCrossentropy(),
        np.eye(3)[yc],
        3,
        "softmax",
        [metrics.OneHotMeanIoU(3), metrics.CategoricalHinge(), "kl_divergence"],
    )
)
r.append(run(losses.Dice(), yb, 1, "sigmoid"))
r.append(run(losses.Tversky(0.3, 0.7), yb, 1, "sigmoid"))
r.append(run("mape", yr + 1, 1))
r.append(run("msle", yr, 1, "relu"))
r.append(run("cosine_similarity", np.eye(3)[yc], 3))
r.append(run(losses.CategoricalGeneralizedCrossEntropy(q=0.7), yc, 3, "softmax"))
print(r)
