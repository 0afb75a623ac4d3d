#include "masked_inputs.hpp"

#include <algorithm>

#include "recurrent.hpp"

namespace leftfold {

bool MaskedInputs::can_multiply(const Inputs& in) {
    if (in.features == 0) return false;
    float scale = 0.0f;
    for (int64_t i = 0; in.input_dropout && i < in.input_dropouts * in.batch * in.features; i++) {
        const float mask = in.input_dropout[i];
        if (mask == 0.0f) continue;
        if (scale != 0.0f && mask != scale) return false;
        scale = mask;
    }
    return true;
}

MaskedInputs::MaskedInputs(const Inputs& in, int gates)
    : in_(in), row_(gates * padded(in.units)), lists_(in.input_dropout ? in.input_dropouts : 1) {
    for (int g = 0; g < gates; g++) {
        panels_.emplace_back(in.units, in.features, in.features);
        panels_[g].pack({in.kernel + g * in.units, gates * in.units, 1}, 0, in.features);
    }
    kept_.resize(lists_ * in.batch * in.features);
    for (int64_t list = 0; list < lists_ * in.batch; list++) {
        int32_t* kept = kept_.data() + list * in.features;
        int64_t count = 0;
        for (int64_t i = 0; i < in.features; i++) {
            const float mask = in.input_dropout ? in.input_dropout[list * in.features + i] : scale_;
            kept[count] = static_cast<int32_t>(i);
            if (mask != 0.0f) {
                scale_ = mask;
                count++;
            }
        }
        counts_.push_back(count);
    }
}

void MaskedInputs::multiply(int64_t b, const float* const* x, int steps, float* out) const {
    for (size_t g = 0; g < panels_.size(); g++) {
        const int64_t list = (lists_ > 1 ? g * in_.batch : 0) + b;
        const int32_t* kept = kept_.data() + list * in_.features;
        float* products = out + g * in_.units;
        const float* bias = in_.bias ? in_.bias + g * in_.units : nullptr;
        panels_[g].for_each([&](const Panel<float>& panel, auto width) {
            constexpr int WIDTH = decltype(width)::value;
            with_size<STEPS>(steps, [&](auto size) {
                constexpr int SIZE = decltype(size)::value;
                const float* rows[SIZE];
                std::copy(x, x + SIZE, rows);
                Tile<SIZE, WIDTH> tile;
                tile.clear();
                tile.add_kept(rows, kept, counts_[list], panel.data);
                for (int n = 0; n < SIZE; n++)
                    for (int v = 0; v < WIDTH; v++) {
                        const int64_t at = panel.column + v * LANES, left = in_.units - at;
                        const Vector start = bias ? load_partial(bias + at, left) : Vector{};
                        store_partial(products + n * row_ + at,
                                      multiply_add(tile.at[n][v], broadcast(scale_), start), left);
                    }
            });
        });
    }
}

}  // namespace leftfold
