// Which row of the batch runs at which step.
//
// Every sequence is moved to the left so that its first valid element is at step 0, and the
// rows are sorted by length, longest first. Then the rows that still run at step s are the
// first `active(s)` ones: padding on either side costs nothing, and a row without a single
// valid element never runs. Only holes inside a sequence remain as steps that change nothing.
//
// The rows that run at step s lie one behind the other in packed storage, from `first(s)` on.
// Without a mask this is the plain time-major order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

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
        const int64_t longest = batch ? length_[0] : 0;
        first_.assign(longest + 1, 0);
        int64_t running = batch;
        for (int64_t s = 0; s < longest; s++) {
            while (length_[running - 1] <= s)
                running--;
            first_[s + 1] = first_[s] + running;
        }
    }

    int64_t batch() const { return batch_; }
    int64_t time() const { return time_; }
    // Steps of the longest sequence.
    int64_t steps() const { return static_cast<int64_t>(first_.size()) - 1; }
    // Packed rows: the sum of all lengths.
    int64_t rows() const { return first_.back(); }
    // The first packed row of step s; `first(steps())` is `rows()`.
    int64_t first(int64_t s) const { return first_[s]; }
    // How many rows run at step s; none beyond the last.
    int64_t active(int64_t s) const { return s < steps() ? first_[s + 1] - first_[s] : 0; }
    // Whether packed rows have even numbers where sorted rows do, at every step.
    bool begins_evenly() const {
        return std::all_of(first_.begin(), first_.end(), [](int64_t row) { return row % 2 == 0; });
    }
    // The row of the batch behind sorted row r.
    int64_t source(int64_t r) const { return order_[r]; }
    int64_t length(int64_t r) const { return length_[r]; }
    // Where sorted row r stands in its outputs at step s.
    int64_t position(int64_t r, int64_t s) const { return start_[r] + s; }
    // The time step of the input it reads there.
    int64_t time_of(int64_t r, int64_t s) const {
        return reversed_ ? time_ - 1 - position(r, s) : position(r, s);
    }
    bool has_holes() const { return !holes_.empty(); }
    // Whether sorted row r passes over step s.
    bool hole(int64_t r, int64_t s) const { return holes_[first_[s] + r]; }

  private:
    int64_t batch_, time_;
    bool reversed_;
    std::vector<int64_t> order_, start_, length_, first_;
    std::vector<bool> holes_;

    void sort_by_length(const uint8_t* mask) {
        auto valid = [&](int64_t b, int64_t position) {
            return mask[b * time_ + (reversed_ ? time_ - 1 - position : position)] != 0;
        };
        std::vector<int64_t> start(batch_, 0), length(batch_, 0);
        bool holes = false;
        for (int64_t b = 0; b < batch_; b++) {
            int64_t from = 0, to = time_;
            while (from < time_ && !valid(b, from))
                from++;
            while (to > from && !valid(b, to - 1))
                to--;
            start[b] = from;
            length[b] = to - from;
            for (int64_t t = from; t < to && !holes; t++)
                holes = !valid(b, t);
        }
        std::stable_sort(order_.begin(), order_.end(),
                         [&](int64_t a, int64_t b) { return length[a] > length[b]; });
        for (int64_t r = 0; r < batch_; r++) {
            start_[r] = start[order_[r]];
            length_[r] = length[order_[r]];
        }
        if (!holes) return;
        const int64_t longest = batch_ ? length_[0] : 0;
        for (int64_t s = 0; s < longest; s++)
            for (int64_t r = 0; r < batch_ && length_[r] > s; r++)
                holes_.push_back(!valid(order_[r], position(r, s)));
    }
};

}  // namespace leftfold
