// Softmax, and in one with the cross-entropy of integer labels.
#pragma once

#include <cstdint>

namespace leftfold {

// probabilities = softmax(logits), row by row.
void softmax(const float* logits, int64_t rows, int64_t classes, float* probabilities);

// d_logits = probabilities * (d_probabilities - sum(d_probabilities * probabilities)).
void softmax_gradient(const float* probabilities, const float* d_probabilities, int64_t rows,
                      int64_t classes, float* d_logits);

// What cross-entropy makes of rows of logits. A smoothed target gives the share `smoothing` of its
// probability to all classes alike.
struct CrossEntropy {
    const float* logits;
    const int32_t* labels;
    int64_t rows, classes;
    float smoothing;
    float* surprises;      // -log softmax(logits[i])[labels[i]]
    float* losses;         // surprises + smoothing * (logits[i][labels[i]] - mean(logits[i]))
    float* hits;           // 1 where no class is likelier than the label, otherwise 0
    float* probabilities;  // softmax(logits)
};
void softmax_crossentropy(const CrossEntropy& given);

// d_logits[i] = d_losses[i] * (probabilities[i] - target), where the target is
// (1 - smoothing) * onehot(labels[i]) + smoothing / classes.
void softmax_crossentropy_gradient(const float* probabilities, const int32_t* labels,
                                   const float* d_losses, float smoothing, int64_t rows,
                                   int64_t classes, float* d_logits);

// Of each row the `count` likeliest classes from `first` on, the likeliest first, the first of
// equals before the others: their numbers, and the logarithms of their probabilities among all
// classes.
void likeliest(const float* logits, int64_t rows, int64_t classes, int64_t first, int64_t count,
               int32_t* chosen, float* log_probabilities);

}  // namespace leftfold
