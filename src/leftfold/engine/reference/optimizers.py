"""One step of each optimiser on flat arrays, in place; Keras 3's formulas.

`values` are the parameters, `gradients` the loss's gradients with respect to them; every other
array is state that the optimiser keeps between steps. All are one-dimensional, of one length.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def sgd_update(
    values: Array,
    gradients: Array,
    momentum_state: Array | None,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Gradient descent, with momentum where `momentum_state` is given.

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    deep learning", 2013.
    """
    change = learning_rate * gradients
    if momentum_state is None:
        values -= change
        return
    momentum_state *= momentum
    momentum_state -= change
    if nesterov:
        values += momentum * momentum_state - change
    else:
        values += momentum_state


def rmsprop_update(
    values: Array,
    gradients: Array,
    velocity: Array,
    momentum_state: Array | None,
    average_gradient: Array | None,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> None:
    """Steps divided by a running root mean square of the gradient.

    Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012; with
    `average_gradient` the variance takes the place of the mean square (Graves, "Generating
    Sequences With Recurrent Neural Networks", 2013).
    """
    velocity *= rho
    velocity += (1 - rho) * np.square(gradients)
    spread = velocity + epsilon
    if average_gradient is not None:
        average_gradient *= rho
        average_gradient += (1 - rho) * gradients
        spread = velocity - np.square(average_gradient) + epsilon
    change = learning_rate * gradients / np.sqrt(spread)
    if momentum_state is not None:
        momentum_state *= momentum
        momentum_state += change
        change = momentum_state
    values -= change


def adam_update(
    values: Array,
    gradients: Array,
    m: Array,
    v: Array,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    decay: float,
) -> None:
    """Adam: running mean `m` over the root of the running mean square `v` of the gradient.

    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, in the form in which
    `alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)` carries the bias correction.
    `decay`, the learning rate times the weight decay, first shrinks the values (Loshchilov and
    Hutter, "Decoupled Weight Decay Regularization", 2019).
    """
    if decay:
        values -= values * decay
    m += (gradients - m) * (1 - beta_1)
    v += (np.square(gradients) - v) * (1 - beta_2)
    values -= m * alpha / (np.sqrt(v) + epsilon)


def amsgrad_update(
    values: Array,
    gradients: Array,
    m: Array,
    v: Array,
    v_greatest: Array,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam with the greatest `v` so far. Reddi, Kale and Kumar, 2018."""
    m += (gradients - m) * (1 - beta_1)
    v += (np.square(gradients) - v) * (1 - beta_2)
    np.maximum(v_greatest, v, out=v_greatest)
    values -= m * alpha / (np.sqrt(v_greatest) + epsilon)


def adamax_update(
    values: Array,
    gradients: Array,
    m: Array,
    norm: Array,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's form for the infinity norm; `alpha = learning_rate / (1 - beta_1**t)`."""
    m += (gradients - m) * (1 - beta_1)
    np.maximum(beta_2 * norm, np.abs(gradients), out=norm)
    values -= m * alpha / (norm + epsilon)


def nadam_update(
    values: Array,
    gradients: Array,
    m: Array,
    v: Array,
    learning_rate: float,
    u_t: float,
    u_next: float,
    u_product: float,
    u_product_next: float,
    beta_1: float,
    beta_2: float,
    beta_2_power: float,
    epsilon: float,
) -> None:
    """Adam with Nesterov's momentum. Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    `u_t` and `u_next` are the momenta of this step and the next, `u_product` and
    `u_product_next` their products over all steps so far.
    """
    m += (gradients - m) * (1 - beta_1)
    v += (np.square(gradients) - v) * (1 - beta_2)
    m_hat = u_next / (1 - u_product_next) * m + (1 - u_t) / (1 - u_product) * gradients
    v_hat = v / (1 - beta_2_power)
    values -= m_hat * learning_rate / (np.sqrt(v_hat) + epsilon)


def adagrad_update(
    values: Array, gradients: Array, accumulator: Array, learning_rate: float, epsilon: float
) -> None:
    """Steps divided by the root of the sum of all squared gradients so far.

    Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", 2011.
    """
    accumulator += np.square(gradients)
    values -= learning_rate * gradients / np.sqrt(accumulator + epsilon)


def adadelta_update(
    values: Array,
    gradients: Array,
    mean_square_gradient: Array,
    mean_square_change: Array,
    learning_rate: float,
    rho: float,
    epsilon: float,
) -> None:
    """Steps as large as past steps, by their root mean squares. Zeiler, "ADADELTA", 2012."""
    mean_square_gradient *= rho
    mean_square_gradient += (1 - rho) * np.square(gradients)
    change = (
        np.sqrt(mean_square_change + epsilon) * gradients / np.sqrt(mean_square_gradient + epsilon)
    )
    mean_square_change *= rho
    mean_square_change += (1 - rho) * np.square(change)
    values -= learning_rate * change


def squared_norm(gradients: Array) -> float:
    """The sum of squares, added in a fixed order."""
    return float(np.square(gradients).sum(dtype=np.float64))


def clear(values: np.ndarray) -> None:
    """Set `values` to zero, in place."""
    values.fill(0)


def scale(gradients: Array, factor: float) -> None:
    """Multiply in place."""
    gradients *= factor
