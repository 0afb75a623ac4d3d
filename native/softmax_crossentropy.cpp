#include "softmax_crossentropy.hpp"

#include <cmath>

#include "activations.hpp"
#include "threads.hpp"

namespace leftfold {

void softmax_crossentropy(const float* logits, const int32_t* labels, int64_t rows, int64_t classes,
                          float* losses, float* probabilities) {
    in_parallel(threads_for(20.0 * rows * classes, rows), [&](int thread, int team) {
        for (int64_t i = rows * thread / team; i < rows * (thread + 1) / team; i++) {
            const float* x = logits + i * classes;
            float* p = probabilities + i * classes;
            float largest = x[0];
            for (int64_t k = 1; k < classes; k++)
                largest = x[k] > largest ? x[k] : largest;
            Vector total{};
            for (int64_t k = 0; k < classes; k += LANES) {
                const int64_t left = classes - k;
                const Vector e = exponential(load_partial(x + k, left) - largest);
                store_partial(p + k, e, left);
                total += load_partial(p + k, left);
            }
            const float scale = 1.0f / sum(total);
            for (int64_t k = 0; k < classes; k++)
                p[k] *= scale;
            losses[i] = std::log(sum(total)) - (x[labels[i]] - largest);
        }
    });
}

void softmax_crossentropy_gradient(const float* probabilities, const int32_t* labels,
                                   const float* d_losses, int64_t rows, int64_t classes,
                                   float* d_logits) {
    in_parallel(threads_for(4.0 * rows * classes, rows), [&](int thread, int team) {
        for (int64_t i = rows * thread / team; i < rows * (thread + 1) / team; i++) {
            for (int64_t k = 0; k < classes; k++)
                d_logits[i * classes + k] = d_losses[i] * probabilities[i * classes + k];
            d_logits[i * classes + labels[i]] -= d_losses[i];
        }
    });
}

}  // namespace leftfold
