#include "simple_rnn.hpp"

namespace leftfold {

SimpleRnn::SimpleRnn(const Inputs& inputs, const Allocate& allocate)
    : r_(inputs, allocate, 1, inputs.bias != nullptr),
      deltas_row_(spread(inputs.units)),
      panels_(inputs.units, r_.width) {
    const Inputs& in = r_.in;
    if (in.bias) panels_.pack({in.bias, 0, 1}, 0, 1);
    panels_.pack({in.kernel, in.units, 1}, r_.x_at, in.features);
    panels_.pack({in.recurrent_kernel, in.units, 1}, r_.h_at, in.units);
    if (!in.keep) return;
    deltas_ = allocate(r_.schedule.rows() * deltas_row_);
    const int mask = r_.masks_per_gate() ? 0 : GateProduct::NO_MASK;
    to_h_ = std::make_unique<GateProduct>(MatrixView{in.recurrent_kernel, 1, in.units}, in.units,
                                          r_.h_at);
    to_x_ = std::make_unique<GateProduct>(MatrixView{in.kernel, 1, in.units}, in.features, r_.x_at);
    to_h_->add_segment(0, 0, in.units, mask);
    to_x_->add_segment(0, 0, in.units, mask);
}

void SimpleRnn::forward(const Outputs& out) {
    with_activation(r_.in.activation, [&](auto phi) {
        r_.forward(out, [&](int64_t s, const Own& own, const float* masked) {
            step(s, own, masked, phi);
        });
    });
}

template <class Phi>
void SimpleRnn::step(int64_t s, const Own& own, const float* masked, Phi phi) const {
    const Inputs& in = r_.in;
    const Rows stacked = r_.stacked(s, own), old_h = r_.previous_h(s, own);
    const StateRows new_h = r_.next_h(s, own);
    const bool holes = r_.schedule.has_holes();
    const float* a = r_.masks_per_gate() ? masked : stacked.first;
    const int64_t a_row = r_.masks_per_gate() ? r_.stride : stacked.step;
    panels_.for_each([&](int64_t column, const float* panel, auto width) {
        constexpr int WIDTH = decltype(width)::value;
        for_each_tile<tile_rows(WIDTH)>(own.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, WIDTH> tile;
            r_.begin<0, WIDTH>(tile, s, own, first, [&](int v) {
                return std::pair{column + v * LANES, in.units - column - v * LANES};
            });
            tile.template add_product<0, WIDTH>(a + first * a_row, a_row, panel, r_.width);
            for (int n = 0; n < SIZE; n++) {
                const int64_t row = first + n;
                const bool skip = holes && r_.schedule.hole(own.row(row), s);
                for (int v = 0; v < WIDTH; v++) {
                    const int64_t unit = column + v * LANES, left = in.units - unit;
                    Vector h = phi(tile.at[n][v]);
                    if (skip) h = load_partial(old_h[row] + unit, left);
                    store_partial(new_h[row] + unit, h, left);
                }
            }
        });
    });
}

void SimpleRnn::backward(const OutputGradients& given, const InputGradients& wanted) {
    const Inputs& in = r_.in;
    with_activation(in.activation, [&](auto phi) {
        r_.backward(
            given, wanted, [&](int64_t s, const Own& own, float* dh) { deltas(s, own, dh, phi); },
            [&](int64_t s, const Own& own, float* dh, float* dx) {
                const Rows rows = delta_rows(s, own);
                to_h_->run(r_, own, rows, Recurrence::of_batch(dh, in.units, own), true);
                if (dx)
                    to_x_->run(r_, own, rows, Recurrence::of_batch(dx, in.features, own), false);
            },
            [&](const Stretch& stretch) {
                weight_gradient(stretch, wanted.weights);
                if (in.ids) r_.kernel_gradient(stretch, deltas_, deltas_row_, wanted.kernel);
            });
    });
}

// d[b; W; R] = sum over all rows of [1 x h]^T * d(before the activation).
void SimpleRnn::weight_gradient(const Stretch& stretch, float* out) const {
    Product product{r_.width,
                    r_.in.units,
                    stretch.rows,
                    r_.stacked_transposed(stretch.first),
                    {deltas_ + stretch.first * deltas_row_, deltas_row_, 1},
                    out,
                    r_.in.units};
    product.accumulate = !stretch.last;
    const std::vector<int64_t> sources =
        r_.masks_per_gate() ? r_.packed_sources(stretch) : std::vector<int64_t>{};
    if (r_.masks_per_gate()) {
        product.scale = r_.gate_mask(0, 0);
        product.scale_row = sources.data();
        product.scale_stride = r_.gate_mask_stride();
    }
    gemm(product);
}

template <class Phi>
void SimpleRnn::deltas(int64_t s, const Own& own, float* dh_array, Phi phi) const {
    const Inputs& in = r_.in;
    const StateRows h_rows = r_.next_h(s, own);
    const Rows dh_rows = Recurrence::of_batch(dh_array, in.units, own), rows = delta_rows(s, own);
    for (int64_t n = 0; n < own.count; n++) {
        if (r_.skips(s, own.row(n))) {
            clear(rows[n], in.units);
            continue;
        }
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            float* dh = dh_rows[n] + unit;
            const Vector h = load_partial(h_rows[n] + unit, left);
            store_partial(rows[n] + unit, load_partial(dh, left) * phi.slope_at(h), left);
            store_partial(dh, Vector{}, left);
        }
    }
}

}  // namespace leftfold
