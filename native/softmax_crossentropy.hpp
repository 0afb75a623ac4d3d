// Softmax and the cross-entropy of integer labels in one pass over the logits.
#pragma once

#include <cstdint>

namespace leftfold {

// losses[i] = -log softmax(logits[i])[labels[i]]; probabilities = softmax(logits).
void softmax_crossentropy(const float* logits, const int32_t* labels, int64_t rows, int64_t classes,
                          float* losses, float* probabilities);

// d_logits[i] = d_losses[i] * (probabilities[i] - onehot(labels[i])).
void softmax_crossentropy_gradient(const float* probabilities, const int32_t* labels,
                                   const float* d_losses, int64_t rows, int64_t classes,
                                   float* d_logits);

}  // namespace leftfold
