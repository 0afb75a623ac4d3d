// One vector type for every instruction set. The compiler's flags decide its width, so each
// kernel is written once and compiled once per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LEFTFOLD_VECTOR_BYTES 64
#define LEFTFOLD_ISA_NAME "avx512"
#elif defined(__AVX2__)
#define LEFTFOLD_VECTOR_BYTES 32
#define LEFTFOLD_ISA_NAME "avx2"
#else
#define LEFTFOLD_VECTOR_BYTES 16
#define LEFTFOLD_ISA_NAME "baseline"
#endif

// Whether products of bfloat16s are built: compilers know their instructions for some years.
#if defined(__AVX512F__) && (__GNUC__ >= 11 || __clang_major__ >= 12)
#define LEFTFOLD_BFLOAT16 1
#else
#define LEFTFOLD_BFLOAT16 0
#endif

#define LEFTFOLD_INLINE inline __attribute__((always_inline))

namespace leftfold {

using Vector = float __attribute__((vector_size(LEFTFOLD_VECTOR_BYTES)));
using VectorInt = int32_t __attribute__((vector_size(LEFTFOLD_VECTOR_BYTES)));
using VectorWord = uint32_t __attribute__((vector_size(LEFTFOLD_VECTOR_BYTES)));
using VectorLong = uint64_t __attribute__((vector_size(LEFTFOLD_VECTOR_BYTES)));

// Lanes of a vector: 16, 8 or 4 floats.
constexpr int LANES = LEFTFOLD_VECTOR_BYTES / 4;

// Vector accumulators that a register tile may hold. Processors with 32 vector registers
// (AVX-512, arm64) keep 24, those with 16 keep 12; the rest is for operands.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int ACCUMULATORS = 24;
#else
constexpr int ACCUMULATORS = 12;
#endif

LEFTFOLD_INLINE Vector load(const float* p) {
    Vector v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

LEFTFOLD_INLINE void store(float* p, Vector v) {
    std::memcpy(p, &v, sizeof v);
}

LEFTFOLD_INLINE Vector broadcast(float x) {
    return x - Vector{};
}

// x * y + z, rounded once where the instruction set can. For sums of two products and products
// added to under a condition: there the compiler's choice of what to fuse depends on the code
// around it, and a row's last bit would depend on the height of the tile it is computed in.
LEFTFOLD_INLINE Vector multiply_add(Vector x, Vector y, Vector z) {
#if defined(__AVX512F__)
    return (Vector)_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z);
#elif defined(__AVX2__)
    return (Vector)_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z);
#elif defined(__aarch64__)
    return (Vector)vfmaq_f32((float32x4_t)z, (float32x4_t)x, (float32x4_t)y);
#else
    return x * y + z;
#endif
}

// The first `count` lanes from memory, zeros behind them; `count` may exceed LANES or be
// negative. No byte outside those lanes is touched.
LEFTFOLD_INLINE Vector load_partial(const float* p, int64_t count) {
    if (count >= LANES) return load(p);
    if (count <= 0) return Vector{};
#if defined(__AVX512F__)
    return (Vector)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
#elif defined(__AVX2__)
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i wanted = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
    return (Vector)_mm256_maskload_ps(p, wanted);
#else
    Vector v{};
    for (int i = 0; i < count; i++)
        v[i] = p[i];
    return v;
#endif
}

LEFTFOLD_INLINE void store_partial(float* p, Vector v, int64_t count) {
    if (count >= LANES) return store(p, v);
    if (count <= 0) return;
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
    // In halves: AMD's processors take dozens of cycles for a store under a mask.
    __m128 rest = _mm256_castps256_ps128((__m256)v);
    if (count & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (count & 2) {
        _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (count & 1) _mm_store_ss(p, rest);
#else
    for (int i = 0; i < count; i++)
        p[i] = v[i];
#endif
}

// Of two numbers the second where either is NaN: as the instructions of x86 have it.
LEFTFOLD_INLINE Vector smaller(Vector a, Vector b) {
#if defined(__AVX512F__)
    return (Vector)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (Vector)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return a < b ? a : b;
#endif
}

LEFTFOLD_INLINE Vector larger(Vector a, Vector b) {
#if defined(__AVX512F__)
    return (Vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (Vector)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return a > b ? a : b;
#endif
}

// Bounds that leave NaN as it is.
LEFTFOLD_INLINE Vector at_most(Vector v, float bound) {
    return smaller(broadcast(bound), v);
}

LEFTFOLD_INLINE Vector at_least(Vector v, float bound) {
    return larger(broadcast(bound), v);
}

LEFTFOLD_INLINE Vector square_root(Vector x) {
    for (int i = 0; i < LANES; i++)
        x[i] = __builtin_sqrtf(x[i]);
    return x;
}

LEFTFOLD_INLINE float sum(Vector v) {
    float total = 0;
    for (int i = 0; i < LANES; i++)
        total += v[i];
    return total;
}

// The upper half of a float: all of its range, 8 bits of its precision.
struct bfloat16 {
    uint16_t bits;
};

#if LEFTFOLD_BFLOAT16
using VectorHalf = uint16_t __attribute__((vector_size(LEFTFOLD_VECTOR_BYTES / 2)));

// The nearest bfloat16s, in the lower halves of words; of two equally near ones the even. NaN
// stays NaN, which adding to its bits could turn into an infinity.
LEFTFOLD_INLINE VectorWord rounded(Vector v) {
    const VectorWord bits = (VectorWord)v;
    const VectorWord nearest = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return v == v ? nearest : (bits >> 16) | 0x40;
}

LEFTFOLD_INLINE bfloat16 rounded(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    if (x != x) return {static_cast<uint16_t>((bits >> 16) | 0x40)};
    return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

// One word for each two numbers: the first in the lower half. What pair products read.
LEFTFOLD_INLINE VectorWord rounded_pairs(Vector first, Vector second) {
    return rounded(first) | (rounded(second) << 16);
}

LEFTFOLD_INLINE Vector load_partial(const bfloat16* p, int64_t count) {
    if (count <= 0) return Vector{};
    const __mmask16 wanted = count >= LANES ? 0xffff : static_cast<__mmask16>((1u << count) - 1);
    const VectorHalf halves = (VectorHalf)_mm256_maskz_loadu_epi16(wanted, p);
    return (Vector)(__builtin_convertvector(halves, VectorWord) << 16);
}

LEFTFOLD_INLINE void store_partial(bfloat16* p, Vector v, int64_t count) {
    if (count <= 0) return;
    const __mmask16 wanted = count >= LANES ? 0xffff : static_cast<__mmask16>((1u << count) - 1);
    const VectorHalf halves = __builtin_convertvector(rounded(v), VectorHalf);
    _mm256_mask_storeu_epi16(p, wanted, (__m256i)halves);
}
#endif

// Rows of floats, or of bfloat16s that round what is stored in them.

template <class From, class To>
LEFTFOLD_INLINE void copy(const From* from, To* to, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES)
        store_partial(to + i, load_partial(from + i, count - i), count - i);
}

template <class To>
LEFTFOLD_INLINE void clear(To* to, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES)
        store_partial(to + i, Vector{}, count - i);
}

// to += from
template <class From>
LEFTFOLD_INLINE void add(const From* from, float* to, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES)
        store_partial(to + i, load_partial(to + i, count - i) + load_partial(from + i, count - i),
                      count - i);
}

// to = from * factors
template <class From, class To>
LEFTFOLD_INLINE void copy_scaled(const From* from, const float* factors, To* to, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES)
        store_partial(to + i,
                      load_partial(from + i, count - i) * load_partial(factors + i, count - i),
                      count - i);
}

// Rounded up to whole vectors.
constexpr int64_t padded(int64_t n) {
    return (n + LANES - 1) / LANES * LANES;
}

}  // namespace leftfold
