#include "embedding.hpp"

#include <cstring>

#include "threads.hpp"

namespace leftfold {

void embedding_forward(const float* table, const int32_t* ids, int64_t count, int64_t width,
                       float* out) {
    in_parallel(threads_for(0.25 * count * width, count), [&](int thread, int team) {
        for (int64_t i = count * thread / team; i < count * (thread + 1) / team; i++)
            std::memcpy(out + i * width, table + ids[i] * width, sizeof(float) * width);
    });
}

}  // namespace leftfold
