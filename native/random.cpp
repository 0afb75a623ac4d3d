#include "random.hpp"

#include "simd.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

constexpr int BLOCK = 4;

// The high and low halves of 32-bit products, lane by lane.
struct Halves {
    VectorWord high, low;
};

LEFTFOLD_INLINE Halves multiply(uint32_t factor, VectorWord x) {
    Halves result;
    for (int i = 0; i < LANES; i++) {
        const uint64_t product = static_cast<uint64_t>(factor) * x[i];
        result.high[i] = static_cast<uint32_t>(product >> 32);
        result.low[i] = static_cast<uint32_t>(product);
    }
    return result;
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

// Calls `put(i, value)` for every i below `count`.
template <class Put>
void generate(uint32_t key0, uint32_t key1, int64_t count, Put&& put) {
    constexpr int64_t STRIPE = BLOCK * LANES;
    const int64_t stripes = (count + STRIPE - 1) / STRIPE;
    in_parallel(threads_for(60.0 * count, stripes), [&](int thread, int team) {
        for (int64_t s = stripes * thread / team; s < stripes * (thread + 1) / team; s++) {
            VectorWord counter, words[BLOCK];
            for (int i = 0; i < LANES; i++)
                counter[i] = static_cast<uint32_t>(s * LANES + i);
            philox(key0, key1, counter, words);
            const int64_t first = s * STRIPE;
            const int64_t here = count - first < STRIPE ? count - first : STRIPE;
            for (int64_t i = 0; i < here; i++)
                put(first + i, static_cast<float>(words[i % BLOCK][i / BLOCK] >> 8) * 0x1p-24f);
        }
    });
}

}  // namespace

void uniform(uint32_t key0, uint32_t key1, int64_t count, float* out) {
    generate(key0, key1, count, [&](int64_t i, float value) { out[i] = value; });
}

void dropout_mask(uint32_t key0, uint32_t key1, int64_t count, double rate, float* out) {
    const float bound = static_cast<float>(rate), kept = static_cast<float>(1 / (1 - rate));
    generate(key0, key1, count,
             [&](int64_t i, float value) { out[i] = value < bound ? 0.0f : kept; });
}

}  // namespace leftfold
