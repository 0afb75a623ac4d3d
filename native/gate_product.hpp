// The products of a step that use packed weights: of simple cells, of a GRU's candidate, and those
// that carry gradients back.
#pragma once

#include <vector>

#include "dots.hpp"
#include "recurrent.hpp"

namespace leftfold {

// Some neighbouring columns of a packed right operand: up to SPAN vectors, or loose ones after
// their first `lead` rows.
template <class T>
struct Panel {
    const T* data;
    int64_t column, depth, lead;
    int loose;  // how many columns are on their own; 0 for vectors

    // tile += A * panel
    template <int ROWS, int WIDTH>
    LEFTFOLD_INLINE void add_product(Tile<ROWS, WIDTH>& tile, const T* a, int64_t a_row) const {
        if constexpr (WIDTH == 1 && std::is_same_v<T, float>)
            if (loose) {
                tile.template add_product<0, 1>(a, a_row, data, lead);
                return with_size<MOST_LOOSE>(loose, [&](auto count) {
                    add_dots<decltype(count)::value>(tile, a + lead, a_row, data + lead * LANES,
                                                     depth - lead);
                });
            }
        tile.template add_product<0, WIDTH>(a, a_row, data, depth);
    }
};

// A packed right operand: columns of a matrix in panels, as equally wide as may be. The products of
// its first `lead` rows are added up in their order even for loose columns.
template <class T>
class Panels {
  public:
    Panels(int64_t columns, int64_t depth, int64_t lead = 0);

    // Rows [at, at + depth) of the operand, all before or all after the first `lead`.
    void pack(MatrixView source, int64_t at, int64_t depth);

    // Calls `body(panel, Size<vectors>)` for every panel.
    template <class Body>
    void for_each(Body&& body) const {
        for (int64_t i = 0; i < spans_; i++) {
            const int64_t first = vectors_ * i / spans_, end = vectors_ * (i + 1) / spans_;
            with_size<SPAN>(static_cast<int>(end - first), [&](auto size) {
                body(Panel<T>{data_at(first), first * LANES, depth_, 0, 0}, size);
            });
        }
        if (loose_)
            body(Panel<T>{data_at(vectors_), vectors_ * LANES, depth_, lead_, loose_}, Size<1>{});
    }

  private:
    int64_t columns_, depth_, lead_;
    int loose_;
    int64_t vectors_, spans_;  // without the loose columns
    Aligned<T> data_;

    const T* data_at(int64_t vector) const {
        return data_.data() + vector * LANES * panel_depth<T>(depth_);
    }
};

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
