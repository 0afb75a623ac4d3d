// Products A^T * B of two narrow matrices of many rows: gradients of small layers' weights.
#pragma once

#include "gemm.hpp"
#include "gemm_blocks.hpp"

namespace leftfold {

// The gradient of a small layer's weights is a product of great depth and nothing else: copying
// its operands would take as long as multiplying them. Where a row of both is short, a block of
// them fits the first cache, and tiles read them where they are.
constexpr int64_t SHORT_ROWS = 192, IN_FIRST_CACHE = 6144;

inline bool is_narrow(const Product& p) {
    return p.a.row_stride == 1 && p.b.column_stride == 1 && (p.padded_b || p.n % LANES == 0) &&
           p.a.column_stride + p.b.row_stride <= SHORT_ROWS;
}

// The last columns of a narrow product, if so few that it pays to turn them: their transpose is as
// wide as the product is high, and takes whole vectors.
inline int64_t loose_columns(const Product& p) {
    const int64_t columns = p.n % LANES;
    return p.padded_a && 2 * columns * padded(p.m) / LANES < p.m ? columns : 0;
}

inline void multiply_narrow_part(const Product& p, int64_t row0, int64_t row1, int64_t col0,
                                 int64_t col1) {
    const int64_t loose = loose_columns(p), whole = p.n - loose;
    const int64_t end = std::min(col1, whole), vectors = padded(end - col0) / LANES;
    // One of the parts has the loose columns of all rows.
    const bool last = loose && row0 == 0 && col1 == p.n;
    Floats turned(last ? loose * p.m : 0);
    const int64_t at_once = IN_FIRST_CACHE / (p.m + p.n);
    for (int64_t k0 = 0; k0 == 0 || k0 < p.depth; k0 += at_once) {
        const int64_t depth = std::min(at_once, p.depth - k0);
        for (int64_t v = 0; v < vectors; v += SPAN) {
            const int width = static_cast<int>(std::min<int64_t>(SPAN, vectors - v));
            const int64_t column = col0 + v * LANES;
            with_size<SPAN>(width, [&](auto count) {
                constexpr int COUNT = decltype(count)::value;
                for_each_tile<tile_rows(COUNT)>(row1 - row0, [&](int64_t in_part, auto size) {
                    const int64_t row = row0 + in_part;
                    add_to_result<decltype(size)::value, COUNT>(
                        p.c + row * p.c_row + column, p.c_row, end - column,
                        k0 == 0 && !p.accumulate, p.bias ? p.bias + column : nullptr,
                        [&](auto& tile) {
                            tile.add_transposed_product(p.a.at(row, k0), p.a.column_stride,
                                                        p.b.at(k0, column), depth, p.b.row_stride);
                        });
                });
            });
        }
        if (!last) continue;
        Product turn{loose,
                     p.m,
                     depth,
                     {p.b.at(k0, whole), 1, p.b.row_stride},
                     {p.a.at(0, k0), p.a.column_stride, 1},
                     turned.data(),
                     p.m};
        turn.accumulate = k0 > 0;
        multiply_narrow_part(turn, 0, loose, 0, p.m);
    }
    for (int64_t row = 0; row < p.m && last; row++)
        for (int64_t i = 0; i < loose; i++) {
            float& c = p.c[row * p.c_row + whole + i];
            const float start = p.accumulate ? c : p.bias ? p.bias[whole + i] : 0.0f;
            c = start + turned[i * p.m + row];
        }
}

}  // namespace leftfold
