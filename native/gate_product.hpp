// The products of a step that use packed weights: of simple cells, of a GRU's candidate, and those
// that carry gradients back.
#pragma once

#include <vector>

#include "operand.hpp"
#include "recurrent.hpp"

namespace leftfold {

// What carries gate gradients back through the weights: for some input columns (x or h), the
// transposed weights in segments of gate columns. One segment holds all gates where they share
// their input; with a dropout mask per gate each has its own, and so has GRU's candidate.
template <class T>
class GateProduct {
  public:
    // `weights_transposed` has a row per gate column and a column per input; `mask_at` is
    // where those inputs stand in a stacked row.
    GateProduct(MatrixView weights_transposed, int64_t columns, int64_t mask_at)
        : weights_(weights_transposed), columns_(columns), mask_at_(mask_at) {}

    // Gate gradients [at, at + depth) of a row meet weights from row `weight_row` on; `mask` is
    // the gate whose dropout mask applies, or NO_MASK.
    static constexpr int NO_MASK = -1;
    void add_segment(int64_t at, int64_t weight_row, int64_t depth, int mask);

    // out (+)= gates * weights for a thread's rows.
    void run(const Recurrence<T>& recurrence, const Own& own, const Rows<T>& gates,
             const Rows<float>& out, bool accumulate, const Ahead<T>& ahead = {}) const;

  private:
    struct Segment {
        int64_t at;
        int mask;
        Panels<T> panels;
    };
    MatrixView weights_;
    int64_t columns_, mask_at_;
    std::vector<Segment> segments_;
};

}  // namespace leftfold
