#include "simple_rnn.hpp"

#include "weight_gradient.hpp"

namespace leftfold {

template <class T>
SimpleRnn<T>::SimpleRnn(const Inputs& inputs, const Allocate& allocate)
    : r_(inputs, allocate, 1, inputs.bias != nullptr),
      deltas_row_(spread<T>(inputs.units)),
      panels_(inputs.units, r_.width, r_.h_at) {
    const Inputs& in = r_.in;
    if (in.bias) panels_.pack({in.bias, 0, 1}, 0, 1);
    panels_.pack({in.kernel, in.units, 1}, r_.x_at, in.features);
    panels_.pack({in.recurrent_kernel, in.units, 1}, r_.h_at, in.units);
    if (!in.keep) return;
    deltas_of_half_ = r_.most_rows_in_a_stretch();
    const int mask = r_.masks_per_gate() ? 0 : GateProduct<T>::NO_MASK;
    to_h_ = std::make_unique<GateProduct<T>>(MatrixView{in.recurrent_kernel, 1, in.units}, in.units,
                                             r_.h_at);
    to_x_ =
        std::make_unique<GateProduct<T>>(MatrixView{in.kernel, 1, in.units}, in.features, r_.x_at);
    to_h_->add_segment(0, 0, in.units, mask);
    to_x_->add_segment(0, 0, in.units, mask);
}

template <class T>
void SimpleRnn<T>::forward(const Outputs& out) {
    with_activation(r_.in.activation, [&](auto phi) {
        r_.forward(out, [&](int64_t s, const Own& own, T* scratch) { step(s, own, scratch, phi); });
    });
}

template <class T>
template <class Phi>
void SimpleRnn<T>::step(int64_t s, const Own& own, T* scratch, Phi phi) const {
    const Inputs& in = r_.in;
    const Rows<T> stacked = r_.stacked(s, own), old_h = r_.previous_h(s, own);
    const StateRows<T> new_h = r_.next_h(s, own);
    const bool holes = r_.schedule.has_holes();
    if (r_.masks_per_gate()) r_.mask_rows(s, own, 0, own.count, scratch);
    const T* a = r_.masks_per_gate() ? scratch : stacked.first;
    const int64_t a_row = r_.masks_per_gate() ? r_.stride : stacked.step;
    panels_.for_each([&](const Panel<T>& panel, auto width) {
        const int64_t column = panel.column;
        constexpr int WIDTH = decltype(width)::value;
        for_each_tile<tile_rows<T>(WIDTH), T>(own.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, WIDTH> tile(size);
            r_.template begin<0, WIDTH>(tile, s, own, first, [&](int v) {
                return std::pair{column + v * LANES, in.units - column - v * LANES};
            });
            panel.add_product(tile, a + first * a_row, a_row);
            for (int n = 0; n < size; n++) {
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

template <class T>
void SimpleRnn<T>::backward(const OutputGradients& given, const InputGradients& wanted) {
    const Inputs& in = r_.in;
    deltas_.resize(r_.schedule.halves() * deltas_of_half_ * deltas_row_);
    with_activation(in.activation, [&](auto phi) {
        r_.backward(
            given, wanted,
            [&](const Stretch& stretch, int64_t s, const Own& own, float* dh) {
                deltas(stretch, s, own, dh, phi);
            },
            [&](const Stretch& stretch, int64_t s, const Own& own, float* dh, float* dx) {
                const Rows<T> rows = delta_rows(stretch, s, own);
                to_h_->run(r_, own, rows, r_.of_batch(dh, in.units, own), true);
                if (dx) to_x_->run(r_, own, rows, r_.of_batch(dx, in.features, own), false);
            },
            [&](const Stretch& stretch, const Sums& sums) { weight_gradient(stretch, sums); },
            [&](const Stretch& stretch) {
                r_.kernel_gradient(stretch, deltas_of(stretch), deltas_row_, wanted.kernel);
            });
    });
}

// d[b; W; R] = sum over all rows of [1 x h]^T * d(before the activation).
template <class T>
void SimpleRnn<T>::weight_gradient(const Stretch& stretch, const Sums& sums) {
    add_weight_gradients(r_, stretch, {deltas_of(stretch), deltas_row_},
                         {{0, r_.width, 0, r_.in.units, 0}}, sums);
}

template <class T>
template <class Phi>
void SimpleRnn<T>::deltas(const Stretch& stretch, int64_t s, const Own& own, float* dh_array,
                          Phi phi) {
    const Inputs& in = r_.in;
    const StateRows<T> h_rows = r_.next_h(s, own);
    const Rows<float> dh_rows = r_.of_batch(dh_array, in.units, own);
    const Rows<T> rows = delta_rows(stretch, s, own), before = r_.previous_h(s, own);
    for (int64_t n = 0; n < own.count; n++) {
        for (int64_t at = 0; at < in.units; at += LINE<T>)
            expect(before[n] + at);  // the next step to be worked on reads them
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

template class SimpleRnn<float>;
#if LEFTFOLD_BFLOAT16
template class SimpleRnn<bfloat16>;
#endif

}  // namespace leftfold
