// Cross-entropies of predicted probabilities, which are kept between two bounds.
#pragma once

#include <cstdint>

namespace leftfold {

// losses = -t log(p) - (1 - t) log(1 - p), where p is an output kept between `low` and `high`, and
// their derivatives with respect to the outputs: zero beyond the bounds.
void binary_crossentropy(int64_t count, const float* targets, const float* outputs, float low,
                         float high, float* losses, float* slopes);

// What it is for one label in every row, where a row of outputs is divided by its sum.
struct SparseCrossEntropy {
    const float* outputs;
    const int32_t* labels;
    int64_t rows, classes;
    float low, high;
    float* losses;      // -log(share of the label)
    float* slopes;      // derivative with respect to any other output
    float* own_slopes;  // and to that of the label
};
void sparse_crossentropy(const SparseCrossEntropy& given);

// d_outputs of row i = d_losses[i] * slopes[i], that of its label d_losses[i] * own_slopes[i].
void sparse_crossentropy_gradient(const int32_t* labels, const float* d_losses, const float* slopes,
                                  const float* own_slopes, int64_t rows, int64_t classes,
                                  float* d_outputs);

}  // namespace leftfold
