// Which row of the batch runs at which step.
//
// Every sequence is moved to the left so that its first valid element is at step 0, and the
// rows are sorted by length, longest first. Then the rows that still run at step s are the
// first `active(s)` ones: padding on either side costs nothing, and a row without a single
// valid element never runs. Only holes inside a sequence remain as steps that change nothing.
//
// A batch of more rows than a tile holds is dealt out into two halves which differ by one running
// row at most, at any step. Each half is sorted, and its rows of all steps lie together in packed
// storage, those of step s one behind the other from `packed(half, s)` on: threads that work on
// different halves never meet in memory, and neither do the lines that processors fetch ahead for
// them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tile.hpp"

namespace leftfold {

class Schedule {
  public:
    Schedule(int64_t batch, int64_t time, const uint8_t* mask, bool reversed)
        : batch_(batch),
          time_(time),
          reversed_(reversed),
          order_(batch),
          start_(batch, 0),
          length_(batch, time) {
        std::iota(order_.begin(), order_.end(), 0);
        if (mask) sort_by_length(mask);
        divide(batch > MAX_ROWS ? 2 : 1);
        if (mask) find_holes(mask);
    }

    int64_t batch() const { return batch_; }
    int64_t time() const { return time_; }
    int halves() const { return static_cast<int>(halves_.size()); }
    // Steps of the longest sequence.
    int64_t steps() const { return static_cast<int64_t>(halves_[0].packed.size()) - 1; }
    // Packed rows: the sum of all lengths.
    int64_t rows() const { return packed(halves() - 1, steps()); }
    // The first row of a half, and how many there are.
    int64_t first_row(int half) const { return halves_[half].first; }
    int64_t rows_of(int half) const {
        return (half + 1 < halves() ? first_row(half + 1) : batch_) - first_row(half);
    }
    // The first packed row of step s; for `steps()`, where those of the half end.
    int64_t packed(int half, int64_t s) const { return halves_[half].packed[s]; }
    // How many packed rows the steps [from, to) have.
    int64_t packed_rows(int half, int64_t from, int64_t to) const {
        return packed(half, to) - packed(half, from);
    }
    // How many rows run at step s; none beyond the last.
    int64_t active(int half, int64_t s) const {
        return s < steps() ? packed_rows(half, s, s + 1) : 0;
    }
    // The row of the batch behind row r.
    int64_t source(int64_t r) const { return order_[r]; }
    int64_t length(int64_t r) const { return length_[r]; }
    // The packed row of row r at step s.
    int64_t packed_row(int64_t r, int64_t s) const {
        const int half = halves() > 1 && r >= first_row(1);
        return packed(half, s) + r - first_row(half);
    }
    // Where row r stands in its outputs at step s.
    int64_t position(int64_t r, int64_t s) const { return start_[r] + s; }
    // The time step of the input it reads there.
    int64_t time_of(int64_t r, int64_t s) const {
        return reversed_ ? time_ - 1 - position(r, s) : position(r, s);
    }
    bool has_holes() const { return !holes_.empty(); }
    // Whether row r passes over step s.
    bool hole(int64_t r, int64_t s) const { return holes_[packed_row(r, s)]; }

  private:
    struct Half {
        int64_t first;
        std::vector<int64_t> packed;
    };

    int64_t batch_, time_;
    bool reversed_;
    std::vector<int64_t> order_, start_, length_;
    std::vector<Half> halves_;
    std::vector<bool> holes_;

    bool valid(const uint8_t* mask, int64_t b, int64_t position) const {
        return mask[b * time_ + (reversed_ ? time_ - 1 - position : position)] != 0;
    }

    void sort_by_length(const uint8_t* mask) {
        for (int64_t b = 0; b < batch_; b++) {
            int64_t from = 0, to = time_;
            while (from < time_ && !valid(mask, b, from))
                from++;
            while (to > from && !valid(mask, b, to - 1))
                to--;
            start_[b] = from;
            length_[b] = to - from;
        }
        std::stable_sort(order_.begin(), order_.end(),
                         [&](int64_t a, int64_t b) { return length_[a] > length_[b]; });
        if (batch_ > MAX_ROWS) {
            const std::vector<int64_t> sorted = order_;
            for (int64_t r = 0; r < batch_; r++)
                order_[r / 2 + r % 2 * rows_of_first(2)] = sorted[r];
        }
        reorder(start_);
        reorder(length_);
    }

    int64_t rows_of_first(int halves) const { return (batch_ + halves - 1) / halves; }

    void reorder(std::vector<int64_t>& of_batch) const {
        const std::vector<int64_t> before = of_batch;
        for (int64_t r = 0; r < batch_; r++)
            of_batch[r] = before[order_[r]];
    }

    void divide(int count) {
        const int64_t longest = batch_ ? length_[0] : 0;
        int64_t packed = 0;
        for (int half = 0; half < count; half++)
            halves_.push_back({half * rows_of_first(count), std::vector<int64_t>(longest + 1)});
        for (int half = 0; half < count; half++) {
            int64_t running = rows_of(half);
            for (int64_t s = 0; s <= longest; s++) {
                halves_[half].packed[s] = packed;
                while (running > 0 && length_[first_row(half) + running - 1] <= s)
                    running--;
                packed += running;
            }
        }
    }

    void find_holes(const uint8_t* mask) {
        const auto hole = [&](int64_t r, int64_t s) {
            return !valid(mask, order_[r], position(r, s));
        };
        bool any = false;
        for (int64_t r = 0; r < batch_ && !any; r++)
            for (int64_t s = 0; s < length_[r] && !any; s++)
                any = hole(r, s);
        if (!any) return;
        holes_.resize(rows());
        for (int64_t r = 0; r < batch_; r++)
            for (int64_t s = 0; s < length_[r]; s++)
                holes_[packed_row(r, s)] = hole(r, s);
    }
};

}  // namespace leftfold
