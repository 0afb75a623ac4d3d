// Products of one row, or of a few, with weights that are packed once and read many times.
//
// With one row every weight is used once, so the time is that of reading them. The accumulators of
// several panels advance together: one panel has too few to hide how long a multiply-add takes.
// With many rows the register tile of training does the work (see tile.hpp). Both add up each
// element in the order of the inner index, so a row has the same bits in any company.
#pragma once

#include "panels.hpp"
#include "stream.hpp"
#include "tile.hpp"

namespace leftfold {

// Vectors of columns, each LANES wide, in panels of `width` vectors that lie one behind the other.
class PackedWeights {
  public:
    PackedWeights() = default;
    PackedWeights(int64_t vectors, int64_t depth, int width)
        : vectors_(vectors), depth_(depth), width_(width), data_(vectors * depth * LANES) {}

    // Fills a vector with the first `count` columns of `source`.
    void pack(int64_t vector, MatrixView source, int64_t count) {
        const int64_t first = vector / width_ * width_;
        const int64_t here = vectors_ - first < width_ ? vectors_ - first : width_;
        pack_column(source, depth_, count, data_.data() + (first * depth_ + vector - first) * LANES,
                    here * LANES);
    }

    // The panel that begins with this vector.
    const float* panel(int64_t vector) const { return data_.data() + vector * depth_ * LANES; }
    int64_t vectors() const { return vectors_; }
    int64_t depth() const { return depth_; }
    // From one panel to the next.
    int64_t panel_step() const { return width_ * depth_ * LANES; }

  private:
    int64_t vectors_ = 0, depth_ = 0;
    int width_ = 1;
    Floats data_;
};

// Columns FIRST .. FIRST + COUNT of the tile += a * panels, where row p of the tile belongs to the
// panel `panel_step` floats behind that of row p - 1.
template <int FIRST, int COUNT, int PANELS, int WIDTH>
LEFTFOLD_INLINE void add_row_product(Tile<PANELS, WIDTH>& tile, const float* a, const float* panel,
                                     int64_t panel_step, int64_t depth) {
    Vector local[PANELS][COUNT];
    for (int p = 0; p < PANELS; p++)
        for (int v = 0; v < COUNT; v++)
            local[p][v] = tile.at[p][FIRST + v];
    for (int64_t k = 0; k < depth; k++) {
        const Vector x = broadcast(a[k]);
#pragma GCC unroll 8
        for (int p = 0; p < PANELS; p++)
#pragma GCC unroll 4
            for (int v = 0; v < COUNT; v++)
                local[p][v] += x * load(panel + p * panel_step + v * LANES);
        panel += COUNT * LANES;
    }
    for (int p = 0; p < PANELS; p++)
        for (int v = 0; v < COUNT; v++)
            tile.at[p][FIRST + v] = local[p][v];
}

// Panels of SPAN vectors that advance together for one row.
constexpr int TOGETHER = 8 / SPAN;

// x W + h R + b for the rows of a block, where the part with h may be missing.
class StreamSum {
  public:
    StreamSum() = default;
    // Matrices are row by row, `columns` wide; the second one and the bias may be null.
    StreamSum(int64_t columns, const float* w, int64_t w_depth, const float* r, int64_t r_depth,
              const float* bias)
        : columns_(columns), w_(packed(w, w_depth)), r_(packed(r, r ? r_depth : 0)) {
        bias_.assign(padded(columns), 0.0f);
        if (bias) copy(bias, bias_.data(), columns);
    }

    // Calls `finish(row, column, sum)` for every vector of columns of every row.
    template <class Finish>
    void run(int64_t count, BlockRows x, BlockRows h, Finish&& finish) const {
        const int64_t vectors = w_.vectors(), full = vectors / SPAN * SPAN;
        if (count > 1) {
            for (int64_t v = 0; v < vectors; v += SPAN)
                with_size<SPAN>(static_cast<int>(v < full ? SPAN : vectors - v), [&](auto width) {
                    many_rows<decltype(width)::value>(v, count, x, h, finish);
                });
            return;
        }
        int64_t v = 0;
        for (; v + TOGETHER * SPAN <= full; v += TOGETHER * SPAN)
            one_row<TOGETHER, SPAN>(v, x, h, finish);
        for (; v < full; v += SPAN)
            one_row<1, SPAN>(v, x, h, finish);
        if (v < vectors)
            with_size<SPAN>(static_cast<int>(vectors - v), [&](auto width) {
                one_row<1, decltype(width)::value>(v, x, h, finish);
            });
    }

  private:
    int64_t columns_ = 0;
    PackedWeights w_, r_;
    Floats bias_;

    PackedWeights packed(const float* matrix, int64_t depth) const {
        PackedWeights weights(padded(columns_) / LANES, depth, SPAN);
        for (int64_t v = 0; depth > 0 && v < weights.vectors(); v++)
            weights.pack(v, {matrix + v * LANES, columns_, 1}, columns_ - v * LANES);
        return weights;
    }

    template <int PANELS, int WIDTH, class Finish>
    void one_row(int64_t vector, BlockRows x, BlockRows h, Finish& finish) const {
        Tile<PANELS, WIDTH> tile;
        for (int p = 0; p < PANELS; p++)
            for (int v = 0; v < WIDTH; v++)
                tile.at[p][v] = load(bias_.data() + (vector + p * SPAN + v) * LANES);
        add_row_product<0, WIDTH>(tile, x[0], w_.panel(vector), w_.panel_step(), w_.depth());
        if (r_.depth() > 0)
            add_row_product<0, WIDTH>(tile, h[0], r_.panel(vector), r_.panel_step(), r_.depth());
        for (int p = 0; p < PANELS; p++)
            for (int v = 0; v < WIDTH; v++)
                finish(0, (vector + p * SPAN + v) * LANES, tile.at[p][v]);
    }

    template <int WIDTH, class Finish>
    void many_rows(int64_t vector, int64_t count, BlockRows x, BlockRows h, Finish& finish) const {
        for_each_tile<tile_rows(WIDTH)>(count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, WIDTH> tile;
            for (int v = 0; v < WIDTH; v++)
                for (int n = 0; n < SIZE; n++)
                    tile.at[n][v] = load(bias_.data() + (vector + v) * LANES);
            tile.template add_product<0, WIDTH>(x[first], x.step, w_.panel(vector), w_.depth());
            if (r_.depth() > 0)
                tile.template add_product<0, WIDTH>(h[first], h.step, r_.panel(vector), r_.depth());
            for (int n = 0; n < SIZE; n++)
                for (int v = 0; v < WIDTH; v++)
                    finish(first + n, (vector + v) * LANES, tile.at[n][v]);
        });
    }
};

}  // namespace leftfold
