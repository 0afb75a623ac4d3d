#include "random.hpp"

#include <algorithm>

#include "shuffles.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

constexpr int BLOCK = 4;

// The full 64-bit products of the even lanes' words.
LEFTFOLD_INLINE VectorLong multiply_even(VectorWord x, uint32_t factor) {
#if defined(__AVX512F__)
    return (VectorLong)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi32(static_cast<int>(factor)));
#elif defined(__AVX2__)
    return (VectorLong)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi32(static_cast<int>(factor)));
#else
    return ((VectorLong)x & 0xFFFFFFFFu) * factor;
#endif
}

// The high and low halves of 32-bit products, lane by lane.
struct Halves {
    VectorWord high, low;
};

LEFTFOLD_INLINE Halves multiply(uint32_t factor, VectorWord x) {
    const VectorLong even = multiply_even(x, factor);
    const VectorLong odd = multiply_even((VectorWord)((VectorLong)x >> 32), factor);
    const VectorLong upper = VectorLong{} + 0xFFFFFFFF00000000u;
    return {(VectorWord)((even >> 32) | (odd & upper)),
            (VectorWord)((even & ~upper) | (odd << 32))};
}

// LANES blocks at once: word w of block i ends in words[w][i].
LEFTFOLD_INLINE void philox(uint32_t key0, uint32_t key1, VectorWord counter,
                            VectorWord (&words)[BLOCK]) {
    VectorWord a = counter, b{}, c{}, d{};
    for (int round = 0; round < 10; round++) {
        const Halves p = multiply(0xD2511F53u, a);
        const Halves q = multiply(0xCD9E8D57u, c);
        a = q.high ^ b ^ key0;
        c = p.high ^ d ^ key1;
        b = q.low;
        d = p.low;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
}

// Calls `use(first, count, values)` with a vector of the uniform numbers from `first` on, `count`
// of which are wanted; threads share the numbers.
template <class Use>
void generate(uint32_t key0, uint32_t key1, int64_t count, Use&& use) {
    constexpr int64_t STRIPE = BLOCK * LANES;
    const int64_t stripes = (count + STRIPE - 1) / STRIPE;
    VectorWord lane;
    for (int i = 0; i < LANES; i++)
        lane[i] = static_cast<uint32_t>(i);
    in_parallel(threads_for(2.0 * count, stripes), [&](int thread, int team) {
        for (int64_t s = stripes * thread / team; s < stripes * (thread + 1) / team; s++) {
            VectorWord words[BLOCK];
            philox(key0, key1, lane + static_cast<uint32_t>(s * LANES), words);
            Vector values[BLOCK];
            for (int w = 0; w < BLOCK; w++)
                values[w] = __builtin_convertvector((VectorInt)(words[w] >> 8), Vector) * 0x1p-24f;
            interleave(values);
            for (int w = 0; w < BLOCK; w++)
                use(s * STRIPE + w * LANES, count - s * STRIPE - w * LANES, values[w]);
        }
    });
}

// What dropout multiplies by where these uniform numbers were drawn.
struct Kept {
    Vector bound, factor;

    explicit Kept(double rate)
        : bound(broadcast(static_cast<float>(rate))),
          factor(broadcast(static_cast<float>(1 / (1 - rate)))) {}
    Vector operator()(Vector uniform) const { return uniform < bound ? Vector{} : factor; }
};

}  // namespace

void uniform(uint32_t key0, uint32_t key1, int64_t count, float* out) {
    generate(key0, key1, count, [=](int64_t first, int64_t left, Vector values) {
        store_partial(out + first, values, left);
    });
}

void dropout_mask(uint32_t key0, uint32_t key1, int64_t count, double rate, float* out) {
    const Kept kept(rate);
    generate(key0, key1, count, [=](int64_t first, int64_t left, Vector values) {
        store_partial(out + first, kept(values), left);
    });
}

void dropout(uint32_t key0, uint32_t key1, int64_t count, double rate, const float* x, float* y,
             float* mask) {
    const Kept kept(rate);
    generate(key0, key1, count, [=](int64_t first, int64_t left, Vector values) {
        const Vector factors = kept(values);
        store_partial(mask + first, factors, left);
        store_partial(y + first, load_partial(x + first, left) * factors, left);
    });
}

void dropout_gradient(int64_t count, const float* dy, const float* mask, float* dx) {
    const int64_t vectors = padded(count) / LANES;
    in_parallel(threads_for(0.3 * count, vectors), [&](int thread, int team) {
        const int64_t from = vectors * thread / team * LANES;
        const int64_t to = std::min(count, vectors * (thread + 1) / team * LANES);
        copy_scaled(dy + from, mask + from, dx + from, to - from);
    });
}

}  // namespace leftfold
