// Tables of vectors, read and updated by row.
#pragma once

#include <algorithm>
#include <cstdint>

#include "panels.hpp"
#include "threads.hpp"

namespace leftfold {

// out[i] = table[ids[i]], rows of `width` floats. Ids are checked by the caller.
void embedding_forward(const float* table, const int32_t* ids, int64_t count, int64_t width,
                       float* out);

// The distinct ids, in ascending order, and of every id its place among them; returns how many
// there are. `words` has room for the whole vocabulary.
int32_t distinct_ids(const int32_t* ids, int64_t count, int64_t vocabulary, int32_t* words,
                     int32_t* places);

// total[ids[i]] += rows[i], rows of `width` numbers that begin `stride` apart in `rows`. Every
// thread has columns of its own and adds all rows to them in one order, so that sums do not depend
// on how many there are.
template <class T>
void add_rows_by_id(const T* rows, int64_t stride, const int32_t* ids, int64_t count, int64_t width,
                    float* total) {
    // Rows before one is added to that the processor, which cannot guess it, is told of it.
    constexpr int64_t AHEAD = 6;
    const int64_t vectors = padded(width) / LANES;
    in_parallel(threads_for(0.5 * count * width, vectors), [&](int thread, int team) {
        const int64_t from = vectors * thread / team * LANES;
        const int64_t to = std::min(width, vectors * (thread + 1) / team * LANES);
        for (int64_t i = 0; i < count; i++) {
            if (i + AHEAD < count) {
                const float* next = total + ids[i + AHEAD] * width;
                for (int64_t at = from; at < to; at += LINE<float>)
                    __builtin_prefetch(next + at, 1);
            }
            add(rows + i * stride + from, total + ids[i] * width + from, to - from);
        }
    });
}

}  // namespace leftfold
