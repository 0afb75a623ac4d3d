// Packed operands: a matrix copied into the order in which tiles read it.
#pragma once

#include <cstdint>

#include "simd.hpp"

namespace leftfold {

// A matrix read through strides, so that a transpose is the same memory.
struct MatrixView {
    const float* data;
    int64_t row_stride;
    int64_t column_stride;

    const float* at(int64_t row, int64_t column) const {
        return data + row * row_stride + column * column_stride;
    }
};

// Packs one vector-wide column of `depth` rows: out[k * out_step] holds LANES neighbouring
// columns of row k, zeros beyond `columns`.
inline void pack_column(MatrixView source, int64_t depth, int64_t columns, float* out,
                        int64_t out_step) {
    const int64_t count = columns < LANES ? columns : LANES;
    if (source.column_stride == 1) {
        for (int64_t k = 0; k < depth; k++)
            store(out + k * out_step, load_partial(source.at(k, 0), count));
        return;
    }
    // A transpose is read along its rows, some way at a time, so that memory comes in order and
    // the lines that are written stay in the first cache.
    constexpr int64_t STRETCH = 128;
    for (int64_t k0 = 0; k0 < depth; k0 += STRETCH) {
        const int64_t k1 = depth < k0 + STRETCH ? depth : k0 + STRETCH;
        for (int64_t i = 0; i < LANES; i++)
            for (int64_t k = k0; k < k1; k++)
                out[k * out_step + i] = i < count ? *source.at(k, i) : 0.0f;
    }
}

}  // namespace leftfold
