// General products of matrices, C = A * B, for dense layers and for weight gradients.
#pragma once

#include <cstdint>

#include "panels.hpp"

namespace leftfold {

// The product of an (m, depth) and a (depth, n) matrix.
template <class T>
struct ProductOf {
    int64_t m, n, depth;
    View<T> a, b;
    // Row r of the result starts at c + r * c_row.
    float* c;
    int64_t c_row;
    // Added to every row of the result, if not null.
    const float* bias = nullptr;
    // The product is added to what the result holds, instead of overwriting it.
    bool accumulate = false;
    // Whether every row of A^T, or of B, goes on, up to whole vectors, with numbers that may be
    // read.
    bool padded_a = false, padded_b = false;
};

using Product = ProductOf<float>;

void gemm(const Product& product);
// The same by the calling thread.
void gemm_alone(const Product& product);

// The sum of `count` rows that lie one behind the other, added up in their order.
void sum_of_rows(const float* rows, int64_t count, int64_t columns, float* out);

// `count` products of one shape, whose operands and results lie so many floats behind each other.
void batched_gemm(const Product& first, int64_t count, int64_t a_step, int64_t b_step,
                  int64_t c_step);

#if LEFTFOLD_BFLOAT16
// The product of the operands rounded to bfloat16, summed in float32.
template <class T>
void rounded_gemm(const ProductOf<T>& product);
inline void gemm(const ProductOf<bfloat16>& product) {
    rounded_gemm(product);
}
#endif

// Billions of multiply-adds times two per second on packed panels held in cache: what this
// processor can do, and what kernels are measured against.
double peak_gflops(int threads);

}  // namespace leftfold
