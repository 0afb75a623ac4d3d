// Packed operands: a matrix copied into the order in which tiles read it.
#pragma once

#include <cstdint>

#include "aligned.hpp"
#include "shuffles.hpp"
#include "simd.hpp"

namespace leftfold {

// A matrix read through strides, so that a transpose is the same memory.
template <class T>
struct View {
    const T* data;
    int64_t row_stride;
    int64_t column_stride;

    const T* at(int64_t row, int64_t column) const {
        return data + row * row_stride + column * column_stride;
    }
};

using MatrixView = View<float>;

// How many rows before they are copied operands are asked for: each row lies elsewhere, which
// processors do not foresee.
constexpr int64_t ROWS_AHEAD = 8;

// Rows of a panel that a product of some depth reads: of bfloat16s always whole blocks (see
// pairs.hpp), which end with zeros.
template <class T>
constexpr int64_t panel_depth(int64_t depth) {
    constexpr int64_t BLOCK = sizeof(T) == sizeof(float) ? 1 : 32;
    return (depth + BLOCK - 1) / BLOCK * BLOCK;
}

// From one vector of a row of a panel to the next, where two rows of bfloat16s share their room.
template <class T>
constexpr int64_t VECTOR_STEP = LANES * sizeof(float) / sizeof(T);

// Room for panels of so many vectors, zeros where packing does not write.
template <class T>
Aligned<T> room_for_panels(int64_t vectors, int64_t depth) {
    const int64_t deep = panel_depth<T>(depth);
    if (deep == depth) return Aligned<T>(vectors * LANES * deep);
    return Aligned<T>(vectors * LANES * deep, T{});
}

// Packs one vector-wide column of `depth` rows into rows [at, at + depth) of a panel: its row k,
// at out[k * out_step], holds LANES neighbouring columns of row k, zeros beyond `columns`. In
// memory the columns of a row are neighbours, or the rows of a column.
inline void pack_column(MatrixView source, int64_t depth, int64_t columns, float* out,
                        int64_t out_step, int64_t at = 0) {
    const int64_t count = columns < LANES ? columns : LANES;
    out += at * out_step;
    if (source.column_stride == 1) {
        for (int64_t k = 0; k < depth; k++)
            store(out + k * out_step, load_partial(source.at(k, 0), count));
        return;
    }
    for (int64_t k0 = 0; k0 < depth; k0 += LANES) {
        Vector square[LANES];
#pragma GCC unroll 16
        for (int64_t i = 0; i < LANES; i++)
            square[i] = i < count ? load_partial(source.at(k0, i), depth - k0) : Vector{};
        transpose(square);
        const int64_t rows = depth - k0 < LANES ? depth - k0 : LANES;
#pragma GCC unroll 16
        for (int64_t k = 0; k < LANES; k++)
            if (k < rows) store(out + (k0 + k) * out_step, square[k]);
    }
}

#if LEFTFOLD_BFLOAT16
// The same, rounded: rows 2j and 2j + 1 share two rows' room, each column's two numbers side by
// side, as pair products read them.
inline void pack_column(MatrixView source, int64_t depth, int64_t columns, bfloat16* out,
                        int64_t out_step, int64_t at = 0) {
    const int64_t count = columns < LANES ? columns : LANES;
    for (int64_t i = 0; i < LANES; i++)
        for (int64_t k = 0; k < depth; k++)
            out[(at + k) / 2 * 2 * out_step + 2 * i + (at + k) % 2] =
                i < count ? rounded(*source.at(k, i)) : bfloat16{};
}
#endif

}  // namespace leftfold
