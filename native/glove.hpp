// A pass of GloVe over co-occurrence counts; leftfold/engine/reference/glove.py states what it
// computes.
#pragma once

#include <cstdint>

namespace leftfold {

// Vectors of words, or of contexts, and the sums of their squared gradients: (vocabulary, width).
struct Factors {
    float *values, *squares;
};

struct GloveSettings {
    int64_t width;       // floats in a row: the vector, two places for biases, zeros
    int64_t dimensions;  // of the vector
    float log_x_max, alpha, learning_rate;
};

// Blocks [starts[b], stops[b]) of the counts; no two share a row or a column.
struct CountBlocks {
    const int32_t *rows, *columns;
    const float* log_counts;
    const int64_t *starts, *stops;
    int64_t count;
};

// Returns the sum of the weighted squared errors, each before its step.
double glove_update(const Factors& words, const Factors& contexts, const CountBlocks& blocks,
                    const GloveSettings& settings);

}  // namespace leftfold
