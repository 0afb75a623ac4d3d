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

// Each thread owns a range of the vocabulary and looks at all ids: looking is cheap beside
// adding, and every sum has one order.
void embedding_backward(float* total, int64_t vocabulary, const int32_t* ids, const float* rows,
                        int64_t count, int64_t width) {
    in_parallel(threads_for(0.25 * count * width, vocabulary), [&](int thread, int team) {
        // Frequent words have small ids: deal the vocabulary out like cards.
        for (int64_t i = 0; i < count; i++) {
            if (ids[i] % team != thread) continue;
            float* target = total + ids[i] * width;
            const float* row = rows + i * width;
            for (int64_t k = 0; k < width; k++)
                target[k] += row[k];
        }
    });
}

}  // namespace leftfold
