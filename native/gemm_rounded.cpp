// Products of operands rounded to bfloat16.
//
// Both are packed, block of the depth by block: the left one as rows whose neighbours are
// neighbours of the depth, the right one as panels of pairs (see pairs.hpp). What is rounded
// already, and lies the other way, is only brought into that order.
#include <algorithm>

#include "aligned.hpp"
#include "gemm.hpp"
#include "gemm_blocks.hpp"

#if LEFTFOLD_BFLOAT16

namespace leftfold {

namespace {

// Rows of the depth packed at a time: the panels of this depth fit the L2 cache beside the left
// operand.
constexpr int64_t DEPTH = 512;

// Part of the left operand: `rows` rows from `row` on, columns [k0, k0 + depth), each row of it
// `pitch` apart, an even number.
template <class T>
void pack_left(const ProductOf<T>& p, int64_t row, int64_t rows, int64_t k0, int64_t depth,
               bfloat16* out, int64_t pitch) {
    if (p.a.column_stride == 1) {
        for (int64_t r = 0; r < rows; r++)
            copy(p.a.at(row + r, k0), out + r * pitch, depth);
        return;
    }
    // Columns lie in memory one behind the other: two of them give a pair for every row.
    const auto column = [&](int64_t k, int64_t r) {
        return k < depth ? load_partial(p.a.at(row + r, k0 + k), rows - r) : Vector{};
    };
    for (int64_t k = 0; k < depth; k += 2)
        for (int64_t r = 0; r < rows; r += LANES) {
            const VectorWord pairs = rounded_pairs(column(k, r), column(k + 1, r));
            const int64_t count = std::min<int64_t>(LANES, rows - r);
            for (int64_t i = 0; i < count; i++) {
                const uint32_t pair = pairs[i];
                std::memcpy(out + (r + i) * pitch + k, &pair, sizeof pair);
            }
        }
}

// The right operand of one block of k, columns [column, column + columns), as panels one behind
// the other, with zeros behind the depth.
template <class T>
void pack_right(const ProductOf<T>& p, int64_t k0, int64_t depth, int64_t column, int64_t columns,
                bfloat16* panels) {
    const int64_t vectors = padded(columns) / LANES, deep = panel_depth<bfloat16>(depth);
    for (int64_t v = 0; v < vectors; v++) {
        const int64_t first = v / SPAN * SPAN, width = std::min<int64_t>(SPAN, vectors - first);
        const int64_t left = columns - v * LANES, step = width * LANES;
        bfloat16* out = panels + first * LANES * deep + (v - first) * VECTOR_STEP<bfloat16>;
        const auto row = [&](int64_t k) {
            return k < depth ? load_partial(p.b.at(k0 + k, column + v * LANES), left) : Vector{};
        };
        if (p.b.column_stride == 1) {
            for (int64_t k = 0; k < deep; k += 2) {
                const VectorWord pairs = rounded_pairs(row(k), row(k + 1));
                std::memcpy(out + k * step, &pairs, sizeof pairs);
            }
        } else if constexpr (std::is_same_v<T, float>) {
            for (int64_t k = depth / 2 * 2; k < deep; k += 2)
                clear(out + k * step, 2 * LANES);
            pack_column({p.b.at(k0, column + v * LANES), p.b.row_stride, p.b.column_stride}, depth,
                        left, out, step);
        }
    }
}

template <class T>
void multiply_part(const ProductOf<T>& p, int64_t row0, int64_t row1, int64_t col0, int64_t col1) {
    const int64_t rows = row1 - row0, columns = col1 - col0;
    const int64_t vectors = padded(columns) / LANES;
    const int64_t deepest = panel_depth<bfloat16>(std::min(DEPTH, p.depth));
    const int64_t pitch = deepest + LINE<bfloat16>;
    Aligned<bfloat16> left(rows * pitch);
    Aligned<bfloat16> panels(vectors * LANES * deepest);
    for (int64_t k0 = 0; k0 == 0 || k0 < p.depth; k0 += DEPTH) {
        const int64_t depth = std::min(DEPTH, p.depth - k0);
        pack_left(p, row0, rows, k0, depth, left.data(), pitch);
        pack_right(p, k0, depth, col0, columns, panels.data());
        const bool first = k0 == 0 && !p.accumulate;
        for (int64_t v = 0; v < vectors; v += SPAN) {
            const int width = static_cast<int>(std::min<int64_t>(SPAN, vectors - v));
            const bfloat16* panel = panels.data() + v * LANES * panel_depth<bfloat16>(depth);
            with_size<SPAN>(width, [&](auto count) {
                constexpr int COUNT = decltype(count)::value;
                for_each_tile<PAIR_ROWS, bfloat16>(rows, [&](int64_t r, auto size) {
                    float* c = p.c + (row0 + r) * p.c_row + col0 + v * LANES;
                    const float* bias = p.bias ? p.bias + col0 + v * LANES : nullptr;
                    Tile<PAIR_ROWS, COUNT> tile(size);
                    for (int i = 0; i < size; i++)
                        for (int w = 0; w < COUNT; w++) {
                            const float* from = first ? bias : c + i * p.c_row;
                            const int64_t at = w * LANES, some = columns - v * LANES - at;
                            tile.at[i][w] = from ? load_partial(from + at, some) : Vector{};
                        }
                    tile.template add_product<0, COUNT>(left.data() + r * pitch, pitch, panel,
                                                        depth);
                    for (int i = 0; i < size; i++)
                        for (int w = 0; w < COUNT; w++)
                            store_partial(c + i * p.c_row + w * LANES, tile.at[i][w],
                                          columns - (v + w) * LANES);
                });
            });
        }
    }
}

}  // namespace

template <class T>
void rounded_gemm(const ProductOf<T>& p) {
    if (p.m == 0 || p.n == 0) return;
    for_each_block(p.m, p.n, p.depth, false,
                   [&](int64_t row0, int64_t row1, int64_t col0, int64_t col1) {
                       multiply_part(p, row0, row1, col0, col1);
                   });
}

template void rounded_gemm(const ProductOf<float>&);
template void rounded_gemm(const ProductOf<bfloat16>&);

}  // namespace leftfold

#endif
