// How the result of a product is shared among threads, and what tiles begin with and end in.
#pragma once

#include <algorithm>

#include "threads.hpp"
#include "tile.hpp"

namespace leftfold {

// Columns of C one thread works on at a time, so that packed B stays in its L2 cache.
constexpr int64_t MOST_COLUMNS = 512;

// Calls `part(row0, row1, col0, col1)` for blocks that make up an (m, n) result, by as many threads
// as are worth it. The order of the sum over the depth inside a block is always the same. Threads
// share out the columns, or with `by_rows` the rows first.
template <class Part>
void for_each_block(int64_t m, int64_t n, int64_t depth, bool by_rows, Part&& part) {
    const int threads = threads_for(product_nanoseconds(m, n, depth), padded(n) / LANES * m);
    constexpr int64_t STRIPE = SPAN * LANES, ROWS = tile_rows(SPAN);
    int64_t column_parts = std::max<int64_t>((n + MOST_COLUMNS - 1) / MOST_COLUMNS, 1);
    int64_t row_parts = 1;
    const auto too_few = [&] { return row_parts * column_parts < threads; };
    while (by_rows && too_few() && m / (row_parts + 1) >= ROWS)
        row_parts++;
    while (too_few() && n / (column_parts + 1) >= STRIPE)
        column_parts++;
    while (too_few() && m / (row_parts + 1) >= ROWS)
        row_parts++;
    // An even number of blocks per thread.
    if (column_parts > 1 && row_parts == 1)
        while (column_parts % threads && n / (column_parts + 1) >= STRIPE)
            column_parts++;
    const int64_t stripes = (n + STRIPE - 1) / STRIPE;
    const int64_t parts = row_parts * column_parts;
    in_parallel(threads, [&](int thread, int team) {
        for (int64_t at = thread; at < parts; at += team) {
            const int64_t i = at / column_parts, j = at % column_parts;
            const int64_t col0 = std::min(n, stripes * j / column_parts * STRIPE);
            const int64_t col1 = std::min(n, stripes * (j + 1) / column_parts * STRIPE);
            if (col0 < col1) part(m * i / row_parts, m * (i + 1) / row_parts, col0, col1);
        }
    });
}

// A tile of C, `columns` of which exist, goes through `add`; it begins with the bias, or with
// zeros, where nothing was added before.
template <int SIZE, int COUNT, class Add>
LEFTFOLD_INLINE void add_to_result(float* c, int64_t c_row, int64_t columns, bool first,
                                   const float* bias, Add&& add) {
    Tile<SIZE, COUNT> tile;
#pragma GCC unroll 12
    for (int r = 0; r < SIZE; r++)
#pragma GCC unroll 4
        for (int v = 0; v < COUNT; v++) {
            const float* start = first ? bias : c + r * c_row;
            tile.at[r][v] = start ? load_partial(start + v * LANES, columns - v * LANES) : Vector{};
        }
    add(tile);
#pragma GCC unroll 12
    for (int r = 0; r < SIZE; r++)
#pragma GCC unroll 4
        for (int v = 0; v < COUNT; v++)
            store_partial(c + r * c_row + v * LANES, tile.at[r][v], columns - v * LANES);
}

}  // namespace leftfold
