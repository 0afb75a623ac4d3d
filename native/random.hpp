// Random numbers by counter: number i depends on the key and on i alone, so any thread can
// make any part of them.
//
// Philox 4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011.
#pragma once

#include <cstdint>

namespace leftfold {

// out[i] uniform in [0, 1), a multiple of 2^-24.
void uniform(uint32_t key0, uint32_t key1, int64_t count, float* out);

// out[i] is 0 where the uniform number is below `rate`, else 1 / (1 - rate).
void dropout_mask(uint32_t key0, uint32_t key1, int64_t count, double rate, float* out);

// mask as above, y = x * mask.
void dropout(uint32_t key0, uint32_t key1, int64_t count, double rate, const float* x, float* y,
             float* mask);

// dx = dy * mask
void dropout_gradient(int64_t count, const float* dy, const float* mask, float* dx);

}  // namespace leftfold
