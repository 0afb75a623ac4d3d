// Zeros in large arrays.
#pragma once

#include <algorithm>
#include <cstdint>

#include "threads.hpp"

namespace leftfold {

// values = 0, by as many threads as are worth it.
inline void write_zeros(float* values, int64_t count) {
    in_parallel(threads_for(0.1 * count, count), [&](int thread, int team) {
        std::fill(values + count * thread / team, values + count * (thread + 1) / team, 0.0f);
    });
}

}  // namespace leftfold
