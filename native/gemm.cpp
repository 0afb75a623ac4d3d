#include "gemm.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "aligned.hpp"
#include "threads.hpp"
#include "tile.hpp"

namespace leftfold {

namespace {

// Rows of k packed at a time: a B panel of this depth fits the L2 cache beside the A panels.
constexpr int64_t DEPTH = 256;
// Columns of C one thread works on at a time, so that packed B stays in its L2 cache.
constexpr int64_t COLUMNS = 512;
constexpr int WIDTH = SPAN;
constexpr int ROWS = tile_rows(WIDTH);

// Columns of a panel from which on it pays to copy a transposed left operand first.
constexpr int64_t WORTH_PACKING = 2 * WIDTH * LANES;

// Part of the left operand as tiles read it: row i at `data + i * row_stride` if columns are
// neighbours; if rows are, column k at `data + k * column_stride`.
struct Left {
    const float* data;
    int64_t row_stride, column_stride;

    bool transposed() const { return row_stride == 1; }
};

// The left operand of one block of k. Where its rows are neighbours, a tile would jump from
// column to column, to another page each time, so the columns of each tile are copied together,
// scaled on the way if there are factors.
class LeftBlock {
  public:
    LeftBlock(const Product& p, int64_t row, int64_t rows, int64_t columns, int64_t deepest)
        : p_(p),
          row_(row),
          rows_(rows),
          copies_(p.scale || (p.a.row_stride == 1 && columns >= WORTH_PACKING)),
          packed_(copies_ ? rows * deepest : 0) {}

    void read(int64_t k0, int64_t depth) {
        k0_ = k0;
        depth_ = depth;
        if (!copies_) return;
        for_each_tile<ROWS>(rows_, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            float* out = packed_.data() + first * depth;
            for (int64_t k = 0; k < depth; k++, out += SIZE) {
                const float* from = p_.a.at(row_ + first, k0 + k);
                if (p_.scale)
                    copy_scaled(from,
                                p_.scale + p_.scale_row[k0 + k] * p_.scale_stride + row_ + first,
                                out, SIZE);
                else
                    std::memcpy(out, from, SIZE * sizeof(float));
            }
        });
    }

    Left tile(int64_t first, int64_t size) const {
        if (copies_) return {packed_.data() + first * depth_, 1, size};
        return {p_.a.at(row_ + first, k0_), p_.a.row_stride, p_.a.column_stride};
    }

  private:
    const Product& p_;
    int64_t row_, rows_, k0_ = 0, depth_ = 0;
    bool copies_;
    Floats packed_;
};

template <int SIZE, int COUNT>
void run_tile(const Left& a, int64_t depth, const float* panel, float* c, int64_t c_row,
              int64_t columns, bool first, const float* bias) {
    Tile<SIZE, COUNT> tile;
    for (int v = 0; v < COUNT; v++)
        for (int r = 0; r < SIZE; r++) {
            const float* start = first ? bias : c + r * c_row;
            tile.at[r][v] = start ? load_partial(start + v * LANES, columns - v * LANES) : Vector{};
        }
    if (a.transposed())
        tile.add_transposed_product(a.data, a.column_stride, panel, depth);
    else
        tile.template add_product<0, COUNT>(a.data, a.row_stride, panel, depth);
    for (int r = 0; r < SIZE; r++)
        for (int v = 0; v < COUNT; v++)
            store_partial(c + r * c_row + v * LANES, tile.at[r][v], columns - v * LANES);
}

// The part of C in rows [row0, row1) and columns [col0, col1), by one thread.
void multiply_part(const Product& p, int64_t row0, int64_t row1, int64_t col0, int64_t col1) {
    const int64_t rows = row1 - row0, columns = col1 - col0;
    const int64_t vectors = padded(columns) / LANES;
    const int64_t deepest = std::min(DEPTH, p.depth);
    LeftBlock left(p, row0, rows, columns, deepest);
    Floats packed(WIDTH * LANES * deepest);
    for (int64_t k0 = 0; k0 == 0 || k0 < p.depth; k0 += DEPTH) {
        const int64_t depth = std::min(DEPTH, p.depth - k0);
        left.read(k0, depth);
        for (int64_t v = 0; v < vectors; v += WIDTH) {
            const int width = static_cast<int>(std::min<int64_t>(WIDTH, vectors - v));
            for (int w = 0; w < width; w++) {
                const int64_t column = (v + w) * LANES;
                const MatrixView source{p.b.at(k0, col0 + column), p.b.row_stride,
                                        p.b.column_stride};
                pack_column(source, depth, columns - column, packed.data() + w * LANES,
                            width * LANES);
            }
            const float* bias = p.bias ? p.bias + col0 + v * LANES : nullptr;
            with_size<WIDTH>(width, [&](auto count) {
                constexpr int COUNT = decltype(count)::value;
                for_each_tile<ROWS>(rows, [&](int64_t first, auto size) {
                    constexpr int SIZE = decltype(size)::value;
                    run_tile<SIZE, COUNT>(left.tile(first, SIZE), depth, packed.data(),
                                          p.c + (row0 + first) * p.c_row + col0 + v * LANES,
                                          p.c_row, columns - v * LANES, k0 == 0, bias);
                });
            });
        }
    }
}

}  // namespace

void gemm(const Product& p) {
    if (p.m == 0 || p.n == 0) return;
    // C is cut into blocks for the threads to share; the order of the sum over k inside a
    // block is always the same.
    const int threads =
        threads_for(product_nanoseconds(p.m, p.n, p.depth), padded(p.n) / LANES * p.m);
    constexpr int64_t STRIPE = WIDTH * LANES;
    int64_t column_parts = std::max<int64_t>((p.n + COLUMNS - 1) / COLUMNS, 1);
    while (column_parts < threads && p.n / (column_parts + 1) >= STRIPE)
        column_parts++;
    int64_t row_parts = 1;
    while (row_parts * column_parts < threads && p.m / (row_parts + 1) >= ROWS)
        row_parts++;
    // An even number of blocks per thread.
    if (column_parts > 1 && row_parts == 1)
        while (column_parts % threads && p.n / (column_parts + 1) >= STRIPE)
            column_parts++;
    const int64_t stripes = (p.n + STRIPE - 1) / STRIPE;
    const int64_t parts = row_parts * column_parts;
    in_parallel(threads, [&](int thread, int team) {
        for (int64_t part = thread; part < parts; part += team) {
            const int64_t i = part / column_parts, j = part % column_parts;
            const int64_t col0 = std::min(p.n, stripes * j / column_parts * STRIPE);
            const int64_t col1 = std::min(p.n, stripes * (j + 1) / column_parts * STRIPE);
            if (col0 < col1)
                multiply_part(p, p.m * i / row_parts, p.m * (i + 1) / row_parts, col0, col1);
        }
    });
}

double peak_gflops(int threads) {
    constexpr int64_t M = 36 / ROWS * ROWS, K = 256, N = 1024 / (WIDTH * LANES) * WIDTH * LANES;
    constexpr int REPEATS = 60;
    double best = 0;
    for (int attempt = 0; attempt < 8; attempt++) {
        std::vector<double> seconds(threads, 0.0);
        in_parallel(threads, [&](int thread, int) {
            Floats a(M * K), b(N * K), c(M * N);
            std::fill(a.data(), a.data() + M * K, 1.0f);
            std::fill(b.data(), b.data() + N * K, 1.0f);
            const auto start = std::chrono::steady_clock::now();
            for (int i = 0; i < REPEATS; i++)
                for (int64_t v = 0; v < N; v += WIDTH * LANES)
                    for (int64_t r = 0; r < M; r += ROWS)
                        run_tile<ROWS, WIDTH>({a.data() + r * K, K, 1}, K, b.data() + v * K,
                                              c.data() + r * N + v, N, WIDTH * LANES, true,
                                              nullptr);
            const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
            seconds[thread] = elapsed.count();
        });
        const double slowest = *std::max_element(seconds.begin(), seconds.end());
        best = std::max(best, 2.0 * M * N * K * REPEATS * threads / slowest / 1e9);
    }
    return best;
}

}  // namespace leftfold
