// Softmax, and in one with the cross-entropy of integer labels.
#pragma once

#include <cstdint>

namespace leftfold {

// probabilities = softmax(logits), row by row.
void softmax(const float* logits, int64_t rows, int64_t classes, float* probabilities);

// d_logits = probabilities * (d_probabilities - sum(d_probabilities * probabilities)).
void softmax_gradient(const float* probabilities, const float* d_probabilities, int64_t rows,
                      int64_t classes, float* d_logits);

// losses[i] = -log softmax(logits[i])[labels[i]]; probabilities = softmax(logits).
void softmax_crossentropy(const float* logits, const int32_t* labels, int64_t rows, int64_t classes,
                          float* losses, float* probabilities);

// d_logits[i] = d_losses[i] * (probabilities[i] - onehot(labels[i])).
void softmax_crossentropy_gradient(const float* probabilities, const int32_t* labels,
                                   const float* d_losses, int64_t rows, int64_t classes,
                                   float* d_logits);

}  // namespace leftfold
