// Tables of vectors, read and updated by row.
#pragma once

#include <cstdint>

namespace leftfold {

// out[i] = table[ids[i]], rows of `width` floats. Ids are checked by the caller.
void embedding_forward(const float* table, const int32_t* ids, int64_t count, int64_t width,
                       float* out);

// total[ids[i]] += rows[i], in order of i for every row of the table, on any number of threads.
void embedding_backward(float* total, int64_t vocabulary, const int32_t* ids, const float* rows,
                        int64_t count, int64_t width);

}  // namespace leftfold
