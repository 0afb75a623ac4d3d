// The rows of a recurrence in memory, and which of them a thread works on.
#pragma once

#include <cstdint>
#include <functional>

#include "aligned.hpp"
#include "schedule.hpp"
#include "simd.hpp"

namespace leftfold {

// Gives memory for `count` floats that lives as long as the saved state of a call.
using Allocate = std::function<float*(int64_t count)>;

// From one row to the next, for rows of `length` elements: each begins on a cache line, so that no
// two threads write to the same one; a little more where all would fall on the same cache sets.
template <class T>
constexpr int64_t spread(int64_t length) {
    const int64_t whole = (length + LINE<T> - 1) / LINE<T> * LINE<T>;
    return whole % (16 * LINE<T>) == 0 ? whole + LINE<T> : whole;
}

template <class T>
T* allocate_rows(const Allocate& allocate, int64_t rows, int64_t stride) {
    return reinterpret_cast<T*>(allocate(rows * stride * sizeof(T) / sizeof(float)));
}

// What one thread works on at a time: of every step, each `team`-th row of a half, from row
// `number` of the half on.
struct Share {
    int half, number, team;
};

// The rows of a share that run at one step: row `first` of the batch, first + team, ...
struct Own {
    Share share;
    int64_t first, team, count;

    Own(const Schedule& schedule, const Share& share, int64_t running)
        : share(share),
          first(schedule.first_row(share.half) + share.number),
          team(share.team),
          count(running > share.number ? (running - share.number + team - 1) / team : 0) {}
    int64_t row(int64_t i) const { return first + i * team; }
};

// One row of memory for each row a thread owns.
template <class T>
struct Rows {
    T* first;
    int64_t step;

    T* operator[](int64_t i) const { return first + i * step; }
};

// The same, in one place for rows that go on and in another for those that end here.
template <class T>
struct StateRows {
    Rows<T> going_on, ended;
    int64_t count_going_on;

    T* operator[](int64_t i) const { return i < count_going_on ? going_on[i] : ended[i]; }
};

// Rows of `length` elements that a thread is going to read soon, asked for while it computes.
template <class T>
struct Ahead {
    Rows<T> rows;
    int64_t length;
};

// Asks for a vector that is not in the cache yet; it may lie across two lines.
template <class T>
LEFTFOLD_INLINE void expect(const T* p) {
    __builtin_prefetch(p);
    __builtin_prefetch(p + LANES - 1);
}

}  // namespace leftfold
