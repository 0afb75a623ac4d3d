// One step of an optimiser over flat arrays of `count` floats, in place, one pass over memory.
// The formulas are those of Keras 3; leftfold/engine/reference/optimizers.py states them.
// Optional arrays may be null.
#pragma once

#include <cstdint>

namespace leftfold {

void sgd_update(int64_t count, float* values, const float* gradients, float* momentum_state,
                float learning_rate, float momentum, bool nesterov);

void rmsprop_update(int64_t count, float* values, const float* gradients, float* velocity,
                    float* momentum_state, float* average_gradient, float learning_rate, float rho,
                    float momentum, float epsilon);

void adam_update(int64_t count, float* values, const float* gradients, float* m, float* v,
                 float alpha, float beta_1, float beta_2, float epsilon, float decay);

void adagrad_update(int64_t count, float* values, const float* gradients, float* accumulator,
                    float learning_rate, float epsilon);

struct NadamFactors {
    float learning_rate;
    float of_m, of_gradient;  // what enters the bias-corrected momentum
    float of_v;               // 1 / (1 - beta_2^t)
    float beta_1, beta_2, epsilon;
};

void nadam_update(int64_t count, float* values, const float* gradients, float* m, float* v,
                  const NadamFactors& factors);

// The sum of squares: partial sums over fixed blocks, added in order in double precision.
double squared_norm(int64_t count, const float* gradients);

void scale(int64_t count, float* values, float factor);

}  // namespace leftfold
