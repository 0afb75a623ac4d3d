#include "embedding.hpp"

#include <cstring>
#include <vector>

#include "threads.hpp"

namespace leftfold {

void embedding_forward(const float* table, const int32_t* ids, int64_t count, int64_t width,
                       float* out) {
    in_parallel(threads_for(0.25 * count * width, count), [&](int thread, int team) {
        for (int64_t i = count * thread / team; i < count * (thread + 1) / team; i++)
            std::memcpy(out + i * width, table + ids[i] * width, sizeof(float) * width);
    });
}

int32_t distinct_ids(const int32_t* ids, int64_t count, int64_t vocabulary, int32_t* words,
                     int32_t* places) {
    std::vector<int32_t> place_of(vocabulary, 0);
    for (int64_t i = 0; i < count; i++)
        place_of[ids[i]] = 1;
    int32_t found = 0;
    for (int64_t id = 0; id < vocabulary; id++)
        if (place_of[id]) {
            words[found] = static_cast<int32_t>(id);
            place_of[id] = found++;
        }
    for (int64_t i = 0; i < count; i++)
        places[i] = place_of[ids[i]];
    return found;
}

}  // namespace leftfold
