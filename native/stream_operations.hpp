// The operations of a compiled model that carry no state, besides running means and maxima. Each is
// made for the slots that it reads and writes.
#pragma once

#include <memory>
#include <vector>

#include "activations.hpp"
#include "stream.hpp"

namespace leftfold {

using OperationPointer = std::unique_ptr<StreamOperation>;

constexpr int NO_SLOT = -1;

// Weights (depth, columns), row by row. All memory given to these functions is copied.
struct Weights {
    const float* data;
    int64_t depth, columns;
};

// to = the row of the table that the id names.
OperationPointer stream_embedding(int to, Weights table);
// to = 1 where the id is not zero.
OperationPointer stream_id_mask(int to);
// mask = 1 where a value differs from `value`; to = from there, else 0.
OperationPointer stream_masking(int from, int to, int mask, int64_t width, float value);
// to = activation(from * kernel + bias); the bias may be null.
OperationPointer stream_dense(int from, int to, Weights kernel, const float* bias,
                              Activation activation);
OperationPointer stream_activation(int from, int to, int64_t width, Activation activation);
OperationPointer stream_gelu(int from, int to, int64_t width);
OperationPointer stream_softmax(int from, int to, int64_t width, bool logarithm);
// to = from * factors + offsets.
OperationPointer stream_scale(int from, int to, int64_t width, const float* factors,
                              const float* offsets);
// to = from with mean 0 and variance 1, times factors, plus offsets.
OperationPointer stream_normalize(int from, int to, int64_t width, const float* factors,
                                  const float* offsets, float epsilon);

enum class Combination : int { add, multiply, maximum, minimum, concatenate };

// to = the values of several slots, combined element by element or one behind the other.
OperationPointer stream_combine(Combination how, std::vector<int> from, std::vector<int64_t> widths,
                                int to);

// to = the largest value, or the mean, of all steps so far. The state at `state_at` is the number
// of steps, then the values. A step whose mask is 0 does not count.
OperationPointer stream_running(bool mean, int from, int to, int mask, int64_t width,
                                int64_t state_at);

}  // namespace leftfold
