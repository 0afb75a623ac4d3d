// Lanes of vectors in another order.
#pragma once

#include "simd.hpp"

namespace leftfold {

// The lanes of v from lane COUNT on, then those before it.
template <int COUNT>
LEFTFOLD_INLINE Vector rotate(Vector v) {
#if defined(__AVX512F__)
    return (Vector)_mm512_alignr_epi32((__m512i)v, (__m512i)v, COUNT);
#else
    float twice[2 * LANES];
    store(twice, v);
    store(twice + LANES, v);
    return load(twice + COUNT);
#endif
}

// Lane i of the result is lane i ^ STEP of v, for a power of two.
template <int STEP>
LEFTFOLD_INLINE Vector exchange(Vector v) {
#if defined(__AVX512F__)
    const __m512 x = (__m512)v;
    if constexpr (STEP == 1) return (Vector)_mm512_permute_ps(x, _MM_SHUFFLE(2, 3, 0, 1));
    if constexpr (STEP == 2) return (Vector)_mm512_permute_ps(x, _MM_SHUFFLE(1, 0, 3, 2));
    if constexpr (STEP == 4) return (Vector)_mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(2, 3, 0, 1));
    return (Vector)_mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(1, 0, 3, 2));
#elif defined(__AVX2__)
    const __m256 x = (__m256)v;
    if constexpr (STEP == 1) return (Vector)_mm256_permute_ps(x, _MM_SHUFFLE(2, 3, 0, 1));
    if constexpr (STEP == 2) return (Vector)_mm256_permute_ps(x, _MM_SHUFFLE(1, 0, 3, 2));
    return (Vector)_mm256_permute2f128_ps(x, x, 1);
#else
    Vector exchanged;
    for (int i = 0; i < LANES; i++)
        exchanged[i] = v[i ^ STEP];
    return exchanged;
#endif
}

// As many vectors as they have lanes, taken to be the rows of a square, as its columns: bit by bit,
// what the number of a row says is exchanged with what the number of a lane says.
template <int STEP = LANES / 2>
LEFTFOLD_INLINE void transpose(Vector (&v)[LANES]) {
    VectorInt upper;
    for (int i = 0; i < LANES; i++)
        upper[i] = i & STEP ? -1 : 0;
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
        if (i & STEP) continue;
        const Vector low = v[i], high = v[i | STEP];
        v[i] = upper ? exchange<STEP>(high) : low;
        v[i | STEP] = upper ? high : exchange<STEP>(low);
    }
    if constexpr (STEP > 1) transpose<STEP / 2>(v);
}

// Four vectors, taken to be the columns of a matrix of four, as its rows one behind the other.
LEFTFOLD_INLINE void interleave(Vector (&v)[4]) {
#if defined(__AVX512F__)
    const __m512d low01 = (__m512d)_mm512_unpacklo_ps((__m512)v[0], (__m512)v[1]);
    const __m512d high01 = (__m512d)_mm512_unpackhi_ps((__m512)v[0], (__m512)v[1]);
    const __m512d low23 = (__m512d)_mm512_unpacklo_ps((__m512)v[2], (__m512)v[3]);
    const __m512d high23 = (__m512d)_mm512_unpackhi_ps((__m512)v[2], (__m512)v[3]);
    // In quarter j of each: row 4 j, 4 j + 1, 4 j + 2, 4 j + 3.
    const __m512d row0 = _mm512_unpacklo_pd(low01, low23);
    const __m512d row1 = _mm512_unpackhi_pd(low01, low23);
    const __m512d row2 = _mm512_unpacklo_pd(high01, high23);
    const __m512d row3 = _mm512_unpackhi_pd(high01, high23);
    const __m512d first01 = _mm512_shuffle_f64x2(row0, row1, _MM_SHUFFLE(1, 0, 1, 0));
    const __m512d first23 = _mm512_shuffle_f64x2(row2, row3, _MM_SHUFFLE(1, 0, 1, 0));
    const __m512d last01 = _mm512_shuffle_f64x2(row0, row1, _MM_SHUFFLE(3, 2, 3, 2));
    const __m512d last23 = _mm512_shuffle_f64x2(row2, row3, _MM_SHUFFLE(3, 2, 3, 2));
    v[0] = (Vector)_mm512_shuffle_f64x2(first01, first23, _MM_SHUFFLE(2, 0, 2, 0));
    v[1] = (Vector)_mm512_shuffle_f64x2(first01, first23, _MM_SHUFFLE(3, 1, 3, 1));
    v[2] = (Vector)_mm512_shuffle_f64x2(last01, last23, _MM_SHUFFLE(2, 0, 2, 0));
    v[3] = (Vector)_mm512_shuffle_f64x2(last01, last23, _MM_SHUFFLE(3, 1, 3, 1));
#elif defined(__AVX2__)
    const __m256d low01 = (__m256d)_mm256_unpacklo_ps((__m256)v[0], (__m256)v[1]);
    const __m256d high01 = (__m256d)_mm256_unpackhi_ps((__m256)v[0], (__m256)v[1]);
    const __m256d low23 = (__m256d)_mm256_unpacklo_ps((__m256)v[2], (__m256)v[3]);
    const __m256d high23 = (__m256d)_mm256_unpackhi_ps((__m256)v[2], (__m256)v[3]);
    // In half j of each: row 4 j, 4 j + 1, 4 j + 2, 4 j + 3.
    const __m256d row0 = _mm256_unpacklo_pd(low01, low23);
    const __m256d row1 = _mm256_unpackhi_pd(low01, low23);
    const __m256d row2 = _mm256_unpacklo_pd(high01, high23);
    const __m256d row3 = _mm256_unpackhi_pd(high01, high23);
    v[0] = (Vector)_mm256_permute2f128_pd(row0, row1, 0x20);
    v[1] = (Vector)_mm256_permute2f128_pd(row2, row3, 0x20);
    v[2] = (Vector)_mm256_permute2f128_pd(row0, row1, 0x31);
    v[3] = (Vector)_mm256_permute2f128_pd(row2, row3, 0x31);
#else
    float rows[4 * LANES];
    for (int i = 0; i < LANES; i++)
        for (int column = 0; column < 4; column++)
            rows[4 * i + column] = v[column][i];
    for (int column = 0; column < 4; column++)
        v[column] = load(rows + column * LANES);
#endif
}

}  // namespace leftfold
