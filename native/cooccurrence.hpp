// How often words stand near each other, counted word by word.
#pragma once

#include <cstdint>

namespace leftfold {

struct Windows {
    const int32_t* ids;  // the text; a negative number ends a stretch that no window crosses
    int64_t count;
    const float* weights;  // (size): what a word counts at distance 1, 2, ...
    int64_t size;
    bool both_sides;  // the words after as well as those before
    int64_t vocabulary;
};

// For each of `rows` words, which stand at positions[starts[row]] up to positions[starts[row + 1]],
// the ids near it in ascending order and their weighted counts, row after row. Writes the number of
// ids of each row to `lengths` and returns their sum, or -1 where `capacity` may not suffice:
// `room_for` of each row, together.
int64_t cooccurrence_counts(const Windows& windows, const int32_t* positions, const int64_t* starts,
                            int64_t rows, int64_t capacity, int32_t* columns, float* counts,
                            int64_t* lengths);

}  // namespace leftfold
