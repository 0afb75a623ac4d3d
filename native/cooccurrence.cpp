#include "cooccurrence.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "threads.hpp"

namespace leftfold {

namespace {

// The row of one word: sums in double precision and a bit for each id that has one, so that they
// come out in order without sorting.
class Row {
  public:
    explicit Row(int64_t vocabulary) : sums_(vocabulary), seen_((vocabulary + 63) / 64) {}

    void add(int32_t id, float weight) {
        sums_[id] += weight;
        seen_[id >> 6] |= uint64_t{1} << (id & 63);
    }

    // Writes what there is and forgets it.
    int64_t take(int32_t* columns, float* counts) {
        int64_t length = 0;
        for (size_t word = 0; word < seen_.size(); word++) {
            for (uint64_t bits = seen_[word]; bits; bits &= bits - 1) {
                const int64_t id = static_cast<int64_t>(word) * 64 + __builtin_ctzll(bits);
                columns[length] = static_cast<int32_t>(id);
                counts[length++] = static_cast<float>(sums_[id]);
                sums_[id] = 0;
            }
            seen_[word] = 0;
        }
        return length;
    }

  private:
    std::vector<double> sums_;
    std::vector<uint64_t> seen_;
};

void add_neighbours(const Windows& w, int64_t position, Row& row) {
    const int64_t before = std::min(w.size, position);
    for (int64_t d = 1; d <= before && w.ids[position - d] >= 0; d++)
        row.add(w.ids[position - d], w.weights[d - 1]);
    if (!w.both_sides) return;
    const int64_t after = std::min(w.size, w.count - 1 - position);
    for (int64_t d = 1; d <= after && w.ids[position + d] >= 0; d++)
        row.add(w.ids[position + d], w.weights[d - 1]);
}

}  // namespace

int64_t cooccurrence_counts(const Windows& windows, const int32_t* positions, const int64_t* starts,
                            int64_t rows, int64_t capacity, int32_t* columns, float* counts,
                            int64_t* lengths) {
    // Rows are first written where the longest possible ones would have them.
    std::vector<int64_t> places(rows + 1);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t near =
            (starts[row + 1] - starts[row]) * windows.size * (1 + windows.both_sides);
        places[row + 1] = places[row] + std::min(near, windows.vocabulary);
    }
    if (places[rows] > capacity) return -1;
    if (rows == 0) return 0;

    const int64_t visits = starts[rows] - starts[0];
    std::atomic<int64_t> next{0};
    in_parallel(threads_for(4.0 * visits * windows.size, rows), [&](int, int) {
        constexpr int64_t AHEAD = 8;
        Row row(windows.vocabulary);
        for (int64_t r; (r = next.fetch_add(1, std::memory_order_relaxed)) < rows;) {
            for (int64_t i = starts[r]; i < starts[r + 1]; i++) {
                if (i + AHEAD < starts[rows])
                    __builtin_prefetch(windows.ids + positions[i + AHEAD]);
                add_neighbours(windows, positions[i], row);
            }
            lengths[r] = row.take(columns + places[r], counts + places[r]);
        }
    });

    int64_t total = 0;
    for (int64_t row = 0; row < rows; row++) {
        std::memmove(columns + total, columns + places[row], sizeof(int32_t) * lengths[row]);
        std::memmove(counts + total, counts + places[row], sizeof(float) * lengths[row]);
        total += lengths[row];
    }
    return total;
}

}  // namespace leftfold
