#include "gemm.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "aligned.hpp"
#include "gemm_blocks.hpp"
#include "gemm_narrow.hpp"

namespace leftfold {

namespace {

// Rows of k packed at a time: the B panels of this depth fit the L2 cache beside the A panels.
constexpr int64_t DEPTH = 256;
constexpr int WIDTH = SPAN;
constexpr int ROWS = tile_rows(WIDTH);

// Columns of a panel from which on it pays to copy a transposed left operand first.
constexpr int64_t WORTH_PACKING = 2 * WIDTH * LANES;

// Rows of the left operand that all panels meet before the next rows: at this depth they stay in
// the L2 cache, each panel in the L1 cache.
constexpr int64_t BLOCK_ROWS = 192;

// Calls `body(first, end)` for each such block.
template <class Body>
LEFTFOLD_INLINE void for_each_block_of_rows(int64_t rows, Body&& body) {
    const int64_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (int64_t i = 0; i < blocks; i++)
        body(rows * i / blocks, rows * (i + 1) / blocks);
}

// Part of the left operand as tiles read it: row i at `data + i * row_stride` if columns are
// neighbours; if rows are, column k at `data + k * column_stride`.
struct Left {
    const float* data;
    int64_t row_stride, column_stride;

    bool transposed() const { return row_stride == 1; }
};

// The left operand of one block of k. Where its rows are neighbours, a tile would jump from
// column to column, to another page each time, so the columns of each tile are copied together.
class LeftBlock {
  public:
    LeftBlock(const Product& p, int64_t row, int64_t rows, int64_t columns, int64_t deepest)
        : p_(p), row_(row), rows_(rows), copies_(p.a.row_stride == 1 && columns >= WORTH_PACKING) {
        if (!copies_) return;
        packed_.resize(rows * (deepest + GAP));
        for_each_block_of_rows(rows, [&](int64_t begin, int64_t end) {
            for_each_tile<ROWS>(end - begin,
                                [&](int64_t first, auto) { tiles_.push_back(begin + first); });
        });
        tiles_.push_back(rows);
    }

    // Column by column, so that memory is read in order. Copies are whole vectors: what is too
    // much of one is overwritten by the next, and behind the last there is a gap.
    void read(int64_t k0, int64_t depth) {
        k0_ = k0;
        pitch_ = depth + GAP;
        if (!copies_) return;
        for (int64_t k = 0; k < depth; k++) {
            const float* from = p_.a.at(row_, k0 + k);
            for (int64_t at = 0; at < rows_; at += LINE<float>)
                __builtin_prefetch(p_.a.at(row_ + at, k0 + k + ROWS_AHEAD));
            __builtin_prefetch(p_.a.at(row_ + rows_ - 1, k0 + k + ROWS_AHEAD));
            for (size_t t = 0; t + 1 < tiles_.size(); t++) {
                const int64_t first = tiles_[t], size = tiles_[t + 1] - first;
                float* out = packed_.data() + first * pitch_ + k * size;
                for (int64_t i = 0; i < GAP; i += LANES)
                    store(out + i, load_partial(from + first + i, rows_ - first - i));
            }
        }
    }

    Left tile(int64_t first, int64_t size) const {
        if (copies_) return {packed_.data() + first * pitch_, 1, size};
        return {p_.a.at(row_ + first, k0_), p_.a.row_stride, p_.a.column_stride};
    }

  private:
    // A tile's rows in whole vectors: at least what its last copy is too long by.
    static constexpr int64_t GAP = padded(ROWS);

    const Product& p_;
    int64_t row_, rows_, k0_ = 0, pitch_ = 0;
    bool copies_;
    std::vector<int64_t> tiles_;  // the first row of each, and where the last one ends
    Floats packed_;
};

template <int SIZE, int COUNT>
void run_tile(const Left& a, int64_t depth, const float* panel, float* c, int64_t c_row,
              int64_t columns, bool first, const float* bias) {
    add_to_result<SIZE, COUNT>(c, c_row, columns, first, bias, [&](auto& tile) {
        if (a.transposed())
            tile.add_transposed_product(a.data, a.column_stride, panel, depth);
        else
            tile.template add_product<0, COUNT>(a.data, a.row_stride, panel, depth);
    });
}

// The right operand of one block of k, columns [column, column + columns), as panels one behind
// the other. Rows are read from end to end, each once, so that memory comes in order.
void pack_right(const Product& p, int64_t k0, int64_t depth, int64_t column, int64_t columns,
                float* panels) {
    const int64_t vectors = padded(columns) / LANES;
    const MatrixView source{p.b.at(k0, column), p.b.row_stride, p.b.column_stride};
    const auto width_at = [=](int64_t v) { return std::min<int64_t>(WIDTH, vectors - v); };
    if (source.column_stride == 1) {
        for (int64_t k = 0; k < depth; k++)
            for (int64_t v = 0; v < vectors; v += WIDTH) {
                float* out = panels + (v * depth + k * width_at(v)) * LANES;
                for (int64_t w = 0; w < width_at(v); w++) {
                    const int64_t at = (v + w) * LANES;
                    __builtin_prefetch(source.at(k + ROWS_AHEAD, at));
                    store(out + w * LANES, load_partial(source.at(k, at), columns - at));
                }
            }
        return;
    }
    for (int64_t v = 0; v < vectors; v++) {
        const int64_t first = v / WIDTH * WIDTH, w = v - first;
        const MatrixView part{source.at(0, v * LANES), source.row_stride, source.column_stride};
        pack_column(part, depth, columns - v * LANES, panels + (first * depth + w) * LANES,
                    width_at(first) * LANES);
    }
}

// The part of C in rows [row0, row1) and columns [col0, col1), by one thread.
void multiply_part(const Product& p, int64_t row0, int64_t row1, int64_t col0, int64_t col1) {
    const int64_t rows = row1 - row0, columns = col1 - col0;
    const int64_t vectors = padded(columns) / LANES;
    const int64_t deepest = std::min(DEPTH, p.depth);
    LeftBlock left(p, row0, rows, columns, deepest);
    Floats panels(vectors * LANES * deepest);
    for (int64_t k0 = 0; k0 == 0 || k0 < p.depth; k0 += DEPTH) {
        const int64_t depth = std::min(DEPTH, p.depth - k0);
        left.read(k0, depth);
        pack_right(p, k0, depth, col0, columns, panels.data());
        for_each_block_of_rows(rows, [&](int64_t begin, int64_t end) {
            for (int64_t v = 0; v < vectors; v += WIDTH) {
                const int width = static_cast<int>(std::min<int64_t>(WIDTH, vectors - v));
                const float* panel = panels.data() + v * LANES * depth;
                const float* bias = p.bias ? p.bias + col0 + v * LANES : nullptr;
                with_size<WIDTH>(width, [&](auto count) {
                    constexpr int COUNT = decltype(count)::value;
                    for_each_tile<ROWS>(end - begin, [&](int64_t in_block, auto size) {
                        constexpr int SIZE = decltype(size)::value;
                        const int64_t first = begin + in_block;
                        run_tile<SIZE, COUNT>(left.tile(first, SIZE), depth, panel,
                                              p.c + (row0 + first) * p.c_row + col0 + v * LANES,
                                              p.c_row, columns - v * LANES,
                                              k0 == 0 && !p.accumulate, bias);
                    });
                });
            }
        });
    }
}

// Columns of the result that one thread alone works on at a time: their right operand fits the L2
// cache beside the result.
constexpr int64_t COLUMNS_AT_ONCE = 256;

}  // namespace

void gemm_alone(const Product& p) {
    if (p.m == 0 || p.n == 0) return;
    if (is_narrow(p)) {
        multiply_narrow_part(p, 0, p.m, 0, p.n);
        return;
    }
    const int64_t blocks = (p.n + COLUMNS_AT_ONCE - 1) / COLUMNS_AT_ONCE;
    const int64_t columns = padded((p.n + blocks - 1) / blocks);
    for (int64_t column = 0; column < p.n; column += columns)
        multiply_part(p, 0, p.m, column, std::min(p.n, column + columns));
}

void gemm(const Product& p) {
    if (p.m == 0 || p.n == 0) return;
    const auto part = is_narrow(p) ? multiply_narrow_part : multiply_part;
    // Threads share out the longer side of the result; each reads, and if need be copies, all of
    // the operand on the shorter side.
    const bool by_rows = p.m > p.n;
    for_each_block(p.m, p.n, p.depth, by_rows,
                   [&](int64_t row0, int64_t row1, int64_t col0, int64_t col1) {
                       part(p, row0, row1, col0, col1);
                   });
}

void batched_gemm(const Product& first, int64_t count, int64_t a_step, int64_t b_step,
                  int64_t c_step) {
    if (first.m == 0 || first.n == 0) return;
    const auto product = [&](int64_t i) {
        Product p = first;
        p.a.data += i * a_step;
        p.b.data += i * b_step;
        p.c += i * c_step;
        return p;
    };
    if (count < thread_limit()) {  // the threads share each product
        for (int64_t i = 0; i < count; i++)
            gemm(product(i));
        return;
    }
    const double work = product_nanoseconds(first.m, first.n, first.depth) * count;
    in_parallel(threads_for(work, count), [&](int thread, int team) {
        for (int64_t i = count * thread / team; i < count * (thread + 1) / team; i++)
            multiply_part(product(i), 0, first.m, 0, first.n);
    });
}

void sum_of_rows(const float* rows, int64_t count, int64_t columns, float* out) {
    constexpr int AT_ONCE = 4;
    const int64_t parts = (columns + AT_ONCE * LANES - 1) / (AT_ONCE * LANES);
    in_parallel(threads_for(0.1 * count * columns, parts), [&](int thread, int team) {
        for (int64_t part = thread; part < parts; part += team) {
            const int64_t first = part * AT_ONCE * LANES;
            Vector sums[AT_ONCE] = {};
            for (int64_t r = 0; r < count; r++)
                for (int v = 0; v < AT_ONCE; v++) {
                    const int64_t at = first + v * LANES;
                    sums[v] += load_partial(rows + r * columns + at, columns - at);
                }
            for (int v = 0; v < AT_ONCE; v++)
                store_partial(out + first + v * LANES, sums[v], columns - first - v * LANES);
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
