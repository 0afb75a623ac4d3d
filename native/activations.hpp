// Exponential, tanh, sigmoid and the other activations on vectors, with their derivatives
// expressed through their outputs, so that backward passes need not keep the inputs.
//
// Largest errors against correctly rounded results: exponential 4 ulp, tanh 7 ulp, sigmoid 3 ulp
// (tests/native/test_activations.py walks through the floats).
#pragma once

#include "simd.hpp"

namespace leftfold {

// exp(x) for |x| <= 88: with x = n * ln 2 + f and |f| <= ln 2 / 2, it is exp(f) times 2^n.
LEFTFOLD_INLINE Vector exponential_bounded(Vector x) {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    const Vector magic = broadcast(12582912.0f);
    const Vector shifted = x * 1.44269504088896341f + magic;
    const Vector n = shifted - magic;
    // ln 2 in two parts, so that n * ln 2 loses no bits.
    const Vector f = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
    // The polynomial of degree 6 of least relative error, 3e-9, of those that begin with 1 + f.
    Vector p = broadcast(1.3814539149e-3f);
    p = p * f + 8.3687454162e-3f;
    p = p * f + 4.1668390820e-2f;
    p = p * f + 1.6666520396e-1f;
    p = p * f + 4.9999993432e-1f;
    p = (p * f + 1.0f) * f + 1.0f;
    return p * (Vector)(((VectorWord)shifted << 23) + 0x3f800000u);
}

// exp(x) as the square of exp(x / 2), which reaches from zero to infinity.
LEFTFOLD_INLINE Vector exponential(Vector x) {
    const Vector root = exponential_bounded(at_least(at_most(x * 0.5f, 87.0f), -87.0f));
    return root * root;
}

// 1 / x for normal x. Where there is an estimate instruction, one step of Newton's method on
// it takes half the time of a division.
LEFTFOLD_INLINE Vector reciprocal(Vector x) {
#if defined(__AVX512F__)
    const Vector estimate = (Vector)_mm512_rcp14_ps((__m512)x);
    return estimate + estimate * (1.0f - x * estimate);
#else
    return 1.0f / x;
#endif
}

// x * P(x^2) / Q(x^2), the rational function of least relative error (2.1e-8) on [0, 9]; beyond
// that tanh is 1 in float.
LEFTFOLD_INLINE Vector tanh(Vector x) {
    x = at_least(at_most(x, 9.0f), -9.0f);
    const Vector s = x * x;
    Vector p = broadcast(1.335276584439877e-8f);
    p = p * s + 2.0607777918512103e-5f;
    p = p * s + 3.4955129831878836e-3f;
    p = p * s + 0.13380964261806902f;
    p = p * s + 0.9999999797773185f;
    Vector q = broadcast(7.775799159580568e-7f);
    q = q * s + 3.2855087235301485e-4f;
    q = q * s + 2.587670187125779e-2f;
    q = q * s + 0.4671427999025196f;
    q = q * s + 1.0f;
    return at_least(at_most(x * p * reciprocal(q), 1.0f), -1.0f);
}

LEFTFOLD_INLINE Vector sigmoid(Vector x) {
    return reciprocal(exponential_bounded(at_least(at_most(-x, 88.0f), -87.0f)) + 1.0f);
}

// exp(x) - 1 for x <= 0, without cancellation near zero: exp(x) - 1 = t (1 + exp(x)) with
// t = tanh(x / 2).
LEFTFOLD_INLINE Vector expm1_negative(Vector x) {
    const Vector bounded = at_least(at_most(x, 0.0f), -40.0f);
    return tanh(bounded * 0.5f) * (exponential_bounded(bounded) + 1.0f);
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
            return x > zero ? x : expm1_negative(x);
        case Activation::selu:
            return SELU_SCALE * (x > zero ? x : SELU_ALPHA * expm1_negative(x));
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

// An activation known when the kernel is compiled, and one known only when it runs.
template <Activation KIND>
struct Fixed {
    LEFTFOLD_INLINE Vector operator()(Vector x) const { return activate(KIND, x); }
    LEFTFOLD_INLINE Vector slope_at(Vector y) const { return slope(KIND, y); }
};

struct Chosen {
    Activation kind;
    LEFTFOLD_INLINE Vector operator()(Vector x) const { return activate(kind, x); }
    LEFTFOLD_INLINE Vector slope_at(Vector y) const { return slope(kind, y); }
};

// Calls `body` with a function object for the activation; the usual ones have code of their own.
template <class Body>
void with_activation(Activation kind, Body&& body) {
    if (kind == Activation::tanh)
        body(Fixed<Activation::tanh>{});
    else if (kind == Activation::relu)
        body(Fixed<Activation::relu>{});
    else
        body(Chosen{kind});
}

// The same for the two functions of a gated cell: of its states and of its gates.
template <class Body>
void with_activations(Activation states, Activation gates, Body&& body) {
    if (states == Activation::tanh && gates == Activation::sigmoid)
        body(Fixed<Activation::tanh>{}, Fixed<Activation::sigmoid>{});
    else
        body(Chosen{states}, Chosen{gates});
}

}  // namespace leftfold
