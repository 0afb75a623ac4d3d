// The register tile: the one loop in which nearly all of a network's time is spent.
//
// A tile is ROWS rows by WIDTH vectors of a product A * B. Its accumulators stay in registers
// for the whole depth. B comes packed in panels (see panels.hpp): for each k, WIDTH vectors
// that lie one behind the other, so the loop reads B as one stream. A is read in place, one
// scalar per row and k, broadcast to a vector.
//
// For each k, ROWS * WIDTH multiply-adds share WIDTH vector loads and ROWS broadcasts: enough
// arithmetic per load to keep the multipliers busy from the L2 cache.
//
// Every element of the product is one chain of multiply-adds over k in order, whatever the
// tile's size and position. That is why a row's result does not depend on which thread
// computes it, or on the rows beside it.
#pragma once

#include <type_traits>

#include "pairs.hpp"
#include "panels.hpp"

namespace leftfold {

// Rows of the highest tile of floats.
constexpr int MAX_ROWS = 12;

// Rows of a full tile that is `width` vectors wide, of a product of floats or bfloat16s.
template <class T = float>
constexpr int tile_rows(int width) {
    if (!std::is_same_v<T, float>) return 16;
    const int rows = ACCUMULATORS / width;
    return rows > MAX_ROWS ? MAX_ROWS : rows;
}

// The best width of a tile, in vectors: the more rows share a panel, the less of it has to come
// from the second cache for each multiply-add.
constexpr int SPAN = ACCUMULATORS >= 24 ? 4 : 2;

template <int ROWS, int WIDTH>
struct Tile {
    Vector at[ROWS][WIDTH];
    int rows;  // in use: all of them, except in tiles of pair products

    LEFTFOLD_INLINE explicit Tile(int rows = ROWS) : rows(rows) {}

    LEFTFOLD_INLINE void clear() {
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
            for (int v = 0; v < WIDTH; v++)
                at[r][v] = Vector{};
    }

    // Columns FIRST .. FIRST + COUNT of the tile += A * panel, over `depth` steps of k.
    // The panel is COUNT vectors wide. Column v reads its A at `a + v * a_column`; the
    // distance is a compile-time zero for ordinary products, where all columns share A.
    template <int FIRST, int COUNT, bool OWN_A = false>
    LEFTFOLD_INLINE void add_product(const float* a, int64_t a_row, const float* panel,
                                     int64_t depth, int64_t a_column = 0) {
        add<FIRST, COUNT, OWN_A>(
            [=](int r, int v, int64_t k) { return a[r * a_row + v * a_column + k]; }, panel, depth);
    }

#if LEFTFOLD_BFLOAT16
    // The same for bfloat16s. The product keeps no tile in registers, so its height need not be
    // known when it is compiled.
    template <int FIRST, int COUNT, bool OWN_A = false>
    LEFTFOLD_INLINE void add_product(const bfloat16* a, int64_t a_row, const bfloat16* panel,
                                     int64_t depth, int64_t a_column = 0) {
        constexpr int AT_ONCE = OWN_A ? 1 : COUNT;
        for (int v = 0; v < COUNT; v += AT_ONCE)
            add_pairs({a + v * a_column, a_row, rows, panel + 2 * v * LANES, COUNT * LANES, AT_ONCE,
                       depth, &at[0][FIRST + v], WIDTH});
    }
#endif

    // The whole tile += A * panels, MOST columns at a time; the panels of such spans lie one behind
    // the other, and the A of each is `a_span` behind that of the one before.
    template <int MOST = SPAN, int FIRST = 0, class T>
    LEFTFOLD_INLINE void add_spans(const T* a, int64_t a_row, const T* panels, int64_t depth,
                                   int64_t a_span = 0) {
        constexpr int COUNT = WIDTH - FIRST < MOST ? WIDTH - FIRST : MOST;
        add_product<FIRST, COUNT>(a, a_row, panels, depth);
        if constexpr (FIRST + COUNT < WIDTH)
            add_spans<MOST, FIRST + COUNT>(
                a + a_span, a_row, panels + COUNT * LANES * panel_depth<T>(depth), depth, a_span);
    }

    // The whole tile += A^T * B, where row k of A starts at `a + k * a_step`, and that of B at
    // `b + k * b_step`: one behind the other in a panel.
    LEFTFOLD_INLINE void add_transposed_product(const float* a, int64_t a_step, const float* b,
                                                int64_t depth, int64_t b_step = WIDTH * LANES) {
        add<0, WIDTH, false>([=](int r, int, int64_t k) { return a[k * a_step + r]; }, b, depth,
                             b_step);
    }

    // The same, with columns of A that lie anywhere: column r starts at `a[r]`, and goes on
    // `a_step` further on.
    LEFTFOLD_INLINE void add_columns(const float* const (&a)[ROWS], int64_t a_step, const float* b,
                                     int64_t depth) {
        add<0, WIDTH, false>([&](int r, int, int64_t k) { return a[r][k * a_step]; }, b, depth);
    }

  private:
    template <int FIRST, int COUNT, bool OWN_A, class Left>
    LEFTFOLD_INLINE void add(Left&& left, const float* panel, int64_t depth,
                             int64_t panel_step = COUNT * LANES) {
        // Locals, which the compiler keeps in registers.
        Vector local[ROWS][COUNT];
#pragma GCC unroll 12
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
            for (int v = 0; v < COUNT; v++)
                local[r][v] = at[r][FIRST + v];
        for (int64_t k = 0; k < depth; k++) {
            Vector b[COUNT];
#pragma GCC unroll 4
            for (int v = 0; v < COUNT; v++)
                b[v] = load(panel + v * LANES);
#pragma GCC unroll 12
            for (int r = 0; r < ROWS; r++) {
                Vector x = broadcast(left(r, 0, k));
#pragma GCC unroll 4
                for (int v = 0; v < COUNT; v++) {
                    if constexpr (OWN_A) x = broadcast(left(r, v, k));
                    local[r][v] += x * b[v];
                }
            }
            panel += panel_step;
        }
#pragma GCC unroll 12
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
            for (int v = 0; v < COUNT; v++)
                at[r][FIRST + v] = local[r][v];
    }
};

// A size known when compiled, and one known then only to be at most `value`.
template <int N>
struct Size {
    static constexpr int value = N;
    constexpr operator int() const { return N; }
};

template <int N>
struct AtMost {
    static constexpr int value = N;
    int count;
    operator int() const { return count; }
};

// Calls `body(Size<n>{})` with the compile-time constant equal to n, 1 <= n <= MOST.
template <int MOST, class Body>
LEFTFOLD_INLINE void with_size(int n, Body&& body) {
    if constexpr (MOST == 1) {
        body(Size<1>{});
    } else {
        if (n == MOST)
            body(Size<MOST>{});
        else
            with_size<MOST - 1>(n, body);
    }
}

// Cuts `count` rows into tiles of at most MOST rows, as even as possible, and calls
// `body(first, size)` for each: with Size<rows> for products of floats, with AtMost<MOST> for
// those of bfloat16s.
template <int MOST, class T = float, class Body>
LEFTFOLD_INLINE void for_each_tile(int64_t count, Body&& body) {
    const uint32_t rows = static_cast<uint32_t>(count), tiles = (rows + MOST - 1) / MOST;
    if (tiles == 0) return;
    const uint32_t least = rows / tiles, larger = rows % tiles;
    int64_t first = 0;
    for (uint32_t i = 0; i < tiles; i++) {
        const int size = static_cast<int>(least + (i < larger));
        if constexpr (std::is_same_v<T, float>)
            with_size<MOST>(size, [&](auto constant) { body(first, constant); });
        else
            body(first, AtMost<MOST>{size});
        first += size;
    }
}

}  // namespace leftfold
