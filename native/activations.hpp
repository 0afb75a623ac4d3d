// Exponential, tanh, sigmoid and the other activations on vectors, with their derivatives
// expressed through their outputs, so that backward passes need not keep the inputs.
//
// Largest error over all floats, against correctly rounded results: exponential 2 ulp,
// tanh 3 ulp, sigmoid 3 ulp (tests/native/test_activations.py walks through them).
#pragma once

#include "simd.hpp"

namespace leftfold {

// x = n * ln 2 + f with |f| <= ln 2 / 2. Gives f, and 2^n as a vector.
struct Reduced {
    Vector fraction;
    Vector power;
};

LEFTFOLD_INLINE Reduced reduce(Vector x) {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer.
    const Vector magic = broadcast(12582912.0f);
    const Vector shifted = x * 1.44269504088896341f + magic;
    const Vector n = shifted - magic;
    // ln 2 in two parts, so that n * ln 2 loses no bits.
    const Vector f = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
    const VectorInt exponent = (VectorInt)shifted - (VectorInt)magic;
    return {f, (Vector)((exponent + 127) << 23)};
}

// exp(f) - 1 on |f| <= ln 2 / 2: the Taylor series, economised to degree 7.
LEFTFOLD_INLINE Vector expm1_reduced(Vector f) {
    Vector p = broadcast(1.9875691500e-4f);
    p = p * f + 1.3981999507e-3f;
    p = p * f + 8.3334519073e-3f;
    p = p * f + 4.1665795894e-2f;
    p = p * f + 1.6666665459e-1f;
    p = p * f + 5.0000001201e-1f;
    return p * f * f + f;
}

LEFTFOLD_INLINE Vector exponential(Vector x) {
    const Vector bounded = at_least(at_most(x, 88.37f), -87.33f);
    const Reduced r = reduce(bounded);
    const Vector y = (expm1_reduced(r.fraction) + 1.0f) * r.power;
    const Vector infinity = broadcast(__builtin_inff());
    const Vector over = x > broadcast(88.72283f) ? infinity : y;
    return x < broadcast(-87.33f) ? Vector{} : over;
}

// exp(x) - 1 without cancellation near zero, for |x| <= 40.
LEFTFOLD_INLINE Vector expm1_bounded(Vector x) {
    const Reduced r = reduce(x);
    return expm1_reduced(r.fraction) * r.power + (r.power - 1.0f);
}

// tanh(x) = (exp(2x) - 1) / (exp(2x) + 1); beyond |x| = 10 it is 1 in float.
LEFTFOLD_INLINE Vector tanh(Vector x) {
    const Vector e = expm1_bounded(2.0f * at_least(at_most(x, 10.0f), -10.0f));
    return e / (e + 2.0f);
}

LEFTFOLD_INLINE Vector sigmoid(Vector x) {
    const Reduced r = reduce(at_least(at_most(-x, 87.0f), -87.0f));
    return 1.0f / ((expm1_reduced(r.fraction) + 1.0f) * r.power + 1.0f);
}

// The activations whose derivative is a function of their output.
enum class Activation : int {
    linear,
    tanh,
    sigmoid,
    relu,
    hard_sigmoid,
    softplus,
    softsign,
    elu,
    selu,
    exponential,
    relu6,
};

constexpr float SELU_SCALE = 1.05070098735548049342f;
constexpr float SELU_ALPHA = 1.67326324235437728481f;

// log(1 + y) for y in [0, 1], through the series of atanh(y / (y + 2)).
LEFTFOLD_INLINE Vector log1p_unit(Vector y) {
    const Vector s = y / (y + 2.0f);
    const Vector q = s * s;
    Vector p = broadcast(2.0f / 13.0f);
    p = p * q + 2.0f / 11.0f;
    p = p * q + 2.0f / 9.0f;
    p = p * q + 2.0f / 7.0f;
    p = p * q + 2.0f / 5.0f;
    p = p * q + 2.0f / 3.0f;
    p = p * q + 2.0f;
    return p * s;
}

LEFTFOLD_INLINE Vector magnitude(Vector x) {
    return (Vector)((VectorInt)x & 0x7fffffff);
}

LEFTFOLD_INLINE Vector activate(Activation kind, Vector x) {
    const Vector zero{};
    switch (kind) {
        case Activation::linear:
            return x;
        case Activation::tanh:
            return tanh(x);
        case Activation::sigmoid:
            return sigmoid(x);
        case Activation::relu:
            return at_least(x, 0.0f);
        case Activation::hard_sigmoid:
            return at_most(at_least(x / 6.0f + 0.5f, 0.0f), 1.0f);
        case Activation::softplus:
            return at_least(x, 0.0f) + log1p_unit(exponential(-magnitude(x)));
        case Activation::softsign:
            return x / (magnitude(x) + 1.0f);
        case Activation::elu:
            return x > zero ? x : expm1_bounded(at_least(at_most(x, 0.0f), -40.0f));
        case Activation::selu:
            return SELU_SCALE *
                   (x > zero ? x : SELU_ALPHA * expm1_bounded(at_least(at_most(x, 0.0f), -40.0f)));
        case Activation::exponential:
            return exponential(x);
        case Activation::relu6:
            return at_most(at_least(x, 0.0f), 6.0f);
    }
    return x;
}

// The derivative at the point where the activation gave y.
LEFTFOLD_INLINE Vector slope(Activation kind, Vector y) {
    const Vector zero{};
    const Vector one = broadcast(1.0f);
    switch (kind) {
        case Activation::linear:
            return one;
        case Activation::tanh:
            return 1.0f - y * y;
        case Activation::sigmoid:
            return y * (1.0f - y);
        case Activation::relu:
            return y > zero ? one : zero;
        case Activation::hard_sigmoid: {
            const Vector inside = y < one ? broadcast(1.0f / 6.0f) : zero;
            return y > zero ? inside : zero;
        }
        case Activation::softplus:
            return 1.0f - exponential(-y);
        case Activation::softsign: {
            const Vector rest = 1.0f - magnitude(y);
            return rest * rest;
        }
        case Activation::elu:
            return y > zero ? one : y + 1.0f;
        case Activation::selu:
            return y > zero ? broadcast(SELU_SCALE) : y + SELU_SCALE * SELU_ALPHA;
        case Activation::exponential:
            return y;
        case Activation::relu6: {
            const Vector inside = y < broadcast(6.0f) ? one : zero;
            return y > zero ? inside : zero;
        }
    }
    return one;
}

}  // namespace leftfold
