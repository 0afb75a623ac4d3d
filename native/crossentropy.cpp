#include "crossentropy.hpp"

#include <algorithm>
#include <cmath>

#include "simd.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// NaN stays NaN.
float between(float low, float high, float x) {
    return x < low ? low : x > high ? high : x;
}

}  // namespace

void binary_crossentropy(int64_t count, const float* targets, const float* outputs, float low,
                         float high, float* losses, float* slopes) {
    share_out(count, 20, [=](int64_t i) {
        const float t = targets[i], p = between(low, high, outputs[i]);
        losses[i] = -(t * std::log(p) + (1.0f - t) * std::log(1.0f - p));
        const float inside = p == outputs[i] ? 1.0f : 0.0f;
        slopes[i] = inside * (p - t) / (p * (1.0f - p));
    });
}

void sparse_crossentropy(const SparseCrossEntropy& given) {
    const int64_t classes = given.classes;
    share_out(given.rows, 0.1 * classes + 20, [&](int64_t i) {
        const float* row = given.outputs + i * classes;
        Vector sums{};
        for (int64_t k = 0; k < classes; k += LANES)
            sums += load_partial(row + k, classes - k);
        const float total = sum(sums), share = row[given.labels[i]] / total;
        const float kept = between(given.low, given.high, share);
        given.losses[i] = -std::log(kept);
        given.slopes[i] = (kept == share ? 1.0f : 0.0f) / total;
        given.own_slopes[i] = given.slopes[i] - given.slopes[i] / kept;
    });
}

void sparse_crossentropy_gradient(const int32_t* labels, const float* d_losses, const float* slopes,
                                  const float* own_slopes, int64_t rows, int64_t classes,
                                  float* d_outputs) {
    share_out(rows, 0.1 * classes + 2, [=](int64_t i) {
        float* row = d_outputs + i * classes;
        std::fill(row, row + classes, d_losses[i] * slopes[i]);
        row[labels[i]] = d_losses[i] * own_slopes[i];
    });
}

}  // namespace leftfold
