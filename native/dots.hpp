// Columns that are too few for a vector, as dot products.
//
// A tile is as wide as whole vectors: of 50 columns the last two would cost as much as sixteen.
// Such loose columns are kept one behind the other instead, and each element is a sum over the
// lanes of a vector that runs along the depth. Its order depends on the depth alone, so here, too,
// a row's result is the same whichever thread and tile it is computed in.
#pragma once

#include "shuffles.hpp"
#include "tile.hpp"

namespace leftfold {

// Loose columns there can be.
constexpr int MOST_LOOSE = LANES * 3 / 8;

// Whether `columns` of a product take less time one by one than in a vector: besides the
// multiply-adds there are the loads of a row, and the sum over the lanes.
constexpr bool are_loose(int64_t columns, int64_t depth) {
    if (columns == 0 || columns > MOST_LOOSE) return false;
    return columns * padded(depth) / LANES + 12 + 4 * columns < depth;
}

// For lanes i without the bit STEP a[i] + a[i ^ STEP], for those with it the same of b.
template <int STEP>
LEFTFOLD_INLINE Vector sum_of_pairs(Vector a, Vector b) {
    VectorInt bit;
    for (int i = 0; i < LANES; i++)
        bit[i] = i & STEP ? -1 : 0;
    return (bit ? b : a) + exchange<STEP>(bit ? a : b);
}

// Lane i of the result is the sum over the lanes of v[i]. COUNT is a power of two.
template <int COUNT, int STEP = 1>
LEFTFOLD_INLINE Vector sums_over_lanes(const Vector* v) {
    if constexpr (STEP == LANES) {
        return v[0];
    } else if constexpr (COUNT == 1) {
        const Vector folded = v[0] + exchange<STEP>(v[0]);
        return sums_over_lanes<1, 2 * STEP>(&folded);
    } else {
        Vector half[COUNT / 2];
#pragma GCC unroll 4
        for (int i = 0; i < COUNT / 2; i++)
            half[i] = sum_of_pairs<STEP>(v[2 * i], v[2 * i + 1]);
        return sums_over_lanes<COUNT / 2, 2 * STEP>(half);
    }
}

constexpr int power_of_two_from(int n) {
    return n <= 1 ? 1 : 2 * power_of_two_from((n + 1) / 2);
}

// The only vector of each row of a tile += A * columns: column c, of `depth` elements and zeros up
// to whole vectors, is at `columns + c * padded(depth)`. What is in lanes without a column has no
// meaning.
template <int COUNT, int ROWS>
LEFTFOLD_INLINE void add_dots(Tile<ROWS, 1>& tile, const float* a, int64_t a_row,
                              const float* columns, int64_t depth) {
    constexpr int SUMS = power_of_two_from(COUNT);
    const int64_t step = padded(depth);
    for (int r = 0; r < ROWS; r++) {
        Vector sums[SUMS] = {};
        for (int64_t k = 0; k < depth; k += LANES) {
            const Vector x = load_partial(a + r * a_row + k, depth - k);
#pragma GCC unroll 8
            for (int c = 0; c < COUNT; c++)
                sums[c] = multiply_add(x, load(columns + c * step + k), sums[c]);
        }
        tile.at[r][0] += sums_over_lanes<SUMS>(sums);
    }
}

}  // namespace leftfold
