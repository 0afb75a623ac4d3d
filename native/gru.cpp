#include "gru.hpp"

#include "weight_gradient.hpp"

namespace leftfold {

namespace {
constexpr int GATES = 3;
constexpr int KEPT = 4;
template <class T>
constexpr int ROWS = tile_rows<T>(SPAN > 3 ? SPAN : 3);  // each product is three vectors wide
// A tile's columns: the candidate's input part, z, r, the candidate's recurrent part. The input
// product fills the first three, the recurrent product the last three.
constexpr int TILE_G = 0, TILE_Z = 1, TILE_R = 2, TILE_U = 3;

int bias_rows(const Inputs& inputs, bool reset_after) {
    return inputs.bias == nullptr ? 0 : (reset_after ? 2 : 1);
}
}  // namespace

template <class T>
Gru<T>::Gru(const Inputs& inputs, bool reset_after, const Allocate& allocate)
    : reset_after_(reset_after),
      r_(inputs, allocate, GATES, bias_rows(inputs, reset_after), {2, 0, 1, 2}),
      gates_row_(spread<T>(KEPT * inputs.units)),
      gates_(allocate_rows<T>(allocate, r_.slots(), gates_row_)),
      x_depth_(r_.x_at + inputs.features),
      h_from_(x_depth_),
      h_depth_(r_.width - x_depth_) {
    if constexpr (ROUNDED) start_carried(allocate);
    pack_weights();
    if (r_.in.keep) pack_transposed_weights();
}

template <class T>
void Gru<T>::start_carried(const Allocate& allocate) {
    const int64_t units = r_.in.units, row = spread<float>(units);
    carried_ = allocate(r_.in.batch * row);
    for (int64_t r = 0; r < r_.in.batch; r++)
        if (r_.in.initial_h)
            copy(r_.in.initial_h + r_.schedule.source(r) * units, carried_ + r * row, units);
        else
            clear(carried_ + r * row, units);
}

template <class T>
const float* Gru<T>::recurrent_bias() const {
    return r_.in.bias && reset_after_ ? r_.in.bias + GATES * r_.in.units : nullptr;
}

// Per block of LANES units: a panel for the input product (g z r), then one for the recurrent
// product (z r u; without u where the reset comes before).
template <class T>
void Gru<T>::pack_weights() {
    const Inputs& in = r_.in;
    const int64_t blocks = padded(in.units) / LANES, row = GATES * in.units;
    const int recurrent_gates = reset_after_ ? 3 : 2;
    const int64_t x_size = panel_depth<T>(x_depth_) * 3 * LANES;
    const int64_t size = x_size + panel_depth<T>(h_depth_) * recurrent_gates * LANES;
    panels_.assign(blocks * size, T{});
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t unit = block * LANES, columns = in.units - unit;
        T* x_panel = panels_.data() + block * size;
        T* h_panel = x_panel + x_size;
        constexpr int X_GATE[] = {2, 0, 1}, H_GATE[] = {0, 1, 2};
        for (int v = 0; v < 3; v++) {
            const int64_t column = X_GATE[v] * in.units + unit;
            T* out = x_panel + v * VECTOR_STEP<T>;
            if (in.bias) pack_column({in.bias + column, 0, 1}, 1, columns, out, 3 * LANES);
            pack_column({in.kernel + column, row, 1}, in.features, columns, out, 3 * LANES,
                        r_.x_at);
        }
        for (int v = 0; v < recurrent_gates; v++) {
            const int64_t column = H_GATE[v] * in.units + unit, step = recurrent_gates * LANES;
            T* out = h_panel + v * VECTOR_STEP<T>;
            if (recurrent_bias())
                pack_column({recurrent_bias() + column, 0, 1}, 1, columns, out, step);
            pack_column({in.recurrent_kernel + column, row, 1}, in.units, columns, out, step,
                        r_.h_at - h_from_);
        }
    }
    if (reset_after_) return;
    candidate_ = std::make_unique<Panels<T>>(in.units, in.units);
    candidate_->pack({in.recurrent_kernel + 2 * in.units, row, 1}, 0, in.units);
}

template <class T>
void Gru<T>::pack_transposed_weights() {
    const Inputs& in = r_.in;
    const int64_t units = in.units, columns = GATES * units;
    const MatrixView recurrent{in.recurrent_kernel, 1, columns};
    constexpr int NO_MASK = GateProduct<T>::NO_MASK;
    to_x_ =
        std::make_unique<GateProduct<T>>(MatrixView{in.kernel, 1, columns}, in.features, r_.x_at);
    to_h_ = std::make_unique<GateProduct<T>>(recurrent, units, r_.h_at);
    if (r_.masks_per_gate()) {
        for (int g = 0; g < GATES; g++)
            to_x_->add_segment(g * units, g * units, units, g);
        for (int g = 0; g < 2; g++)
            to_h_->add_segment(g * units, g * units, units, g);
    } else {
        to_x_->add_segment(0, 0, columns, NO_MASK);
        to_h_->add_segment(0, 0, 2 * units, NO_MASK);
    }
    const int candidate_mask = r_.masks_per_gate() ? 2 : NO_MASK;
    if (reset_after_) {
        to_h_->add_segment(3 * units, 2 * units, units, candidate_mask);
    } else {
        to_reset_h_ = std::make_unique<GateProduct<T>>(recurrent, units, r_.h_at);
        to_reset_h_->add_segment(2 * units, 2 * units, units, candidate_mask);
    }
}

template <class T>
void Gru<T>::forward(const Outputs& out) {
    with_activations(r_.in.activation, r_.in.recurrent_activation, [&](auto phi, auto sigma) {
        r_.forward(out, [&](int64_t s, const Own& own, T* scratch) {
            if (reset_after_) {
                if (r_.masks_per_gate())
                    step<true, true>(s, own, scratch, phi, sigma);
                else
                    step<false, true>(s, own, scratch, phi, sigma);
            } else {
                if (r_.masks_per_gate())
                    step<true, false>(s, own, scratch, phi, sigma);
                else
                    step<false, false>(s, own, scratch, phi, sigma);
                candidate_step(s, own, phi);
            }
        });
    });
}

// The gates of one step, and with them the new state where the reset comes after.
template <class T>
template <bool MASKED, bool RESET_AFTER, class Phi, class Sigma>
void Gru<T>::step(int64_t s, const Own& own, T* scratch, Phi phi, Sigma sigma) const {
    constexpr int RECURRENT = RESET_AFTER ? 3 : 2;
    const Inputs& in = r_.in;
    const auto state = carried(s, own);
    const Rows<T> gate_rows = gates(s, own);
    const StateRows<T> new_h = r_.next_h(s, own);
    const bool holes = r_.schedule.has_holes();
    const int64_t x_size = panel_depth<T>(x_depth_) * 3 * LANES;
    const int64_t panel_size = x_size + panel_depth<T>(h_depth_) * RECURRENT * LANES;
    const auto block = [](int64_t) { return LANES; };
    r_.template for_each_tile_and_block<MASKED, ROWS<T>>(
        s, own, scratch, in.units, block,
        [&](int64_t unit, int64_t first, auto size, const auto& a) {
            const T* x_panel = panels_.data() + unit / LANES * panel_size;
            const T* h_panel = x_panel + x_size;
            const int64_t left = in.units - unit;
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, KEPT> tile(size);
            r_.template begin<TILE_G, 3>(tile, s, own, first, [&](int v) {
                constexpr int GATE[] = {2, 0, 1};  // g z r
                return std::pair{GATE[v] * in.units + unit, left};
            });
            tile.template add_product<TILE_G, 3, MASKED>(a.first, a.row, x_panel, x_depth_, a.gate);
            // In the masked copies z comes second: g z r, and once more g.
            tile.template add_product<TILE_Z, RECURRENT, MASKED>(a.first + h_from_ + a.gate, a.row,
                                                                 h_panel, h_depth_, a.gate);
            for (int n = 0; n < size; n++) {
                const int64_t row = first + n;
                const Vector h_before = load_partial(state[row] + unit, left);
                const Vector z = sigma(tile.at[n][TILE_Z]);
                const Vector r = sigma(tile.at[n][TILE_R]);
                T* kept = gate_rows[row] + unit;
                if constexpr (RESET_AFTER) {
                    const Vector u = tile.at[n][TILE_U];
                    const Vector g = phi(multiply_add(r, u, tile.at[n][TILE_G]));
                    Vector h = multiply_add(z, h_before, (1.0f - z) * g);
                    if (holes && r_.schedule.hole(own.row(row), s)) h = h_before;
                    store_partial(new_h[row] + unit, h, left);
                    if constexpr (ROUNDED) store_partial(state[row] + unit, h, left);
                    if (!in.keep) continue;
                    store_partial(kept + 2 * in.units, g, left);
                    store_partial(kept + 3 * in.units, u, left);
                } else {
                    Vector reset_h = r * h_before;
                    if constexpr (MASKED)
                        reset_h *=
                            load_partial(r_.gate_mask(2, own.row(row)) + r_.h_at + unit, left);
                    store_partial(kept + 2 * in.units, tile.at[n][TILE_G], left);
                    store_partial(kept + 3 * in.units, reset_h, left);
                }
                store_partial(kept, z, left);
                store_partial(kept + in.units, r, left);
            }
        });
}

// The candidate and the new state, where the reset comes before the product with Rg.
template <class T>
template <class Phi>
void Gru<T>::candidate_step(int64_t s, const Own& own, Phi phi) const {
    const Inputs& in = r_.in;
    const Rows<T> gate_rows = gates(s, own);
    const auto state = carried(s, own);
    const StateRows<T> new_h = r_.next_h(s, own);
    candidate_->for_each([&](const Panel<T>& panel, auto width) {
        const int64_t column = panel.column;
        constexpr int WIDTH = decltype(width)::value;
        for_each_tile<tile_rows<T>(WIDTH), T>(own.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, WIDTH> tile(size);
            tile.clear();
            panel.add_product(tile, gate_rows[first] + 3 * in.units, gate_rows.step);
            for (int n = 0; n < size; n++) {
                const int64_t row = first + n;
                const bool skip = r_.skips(s, own.row(row));
                T* kept = gate_rows[row];
                for (int v = 0; v < WIDTH; v++) {
                    const int64_t unit = column + v * LANES, left = in.units - unit;
                    T* g_at = kept + 2 * in.units + unit;
                    const Vector z = load_partial(kept + unit, left);
                    const Vector g = phi(load_partial(g_at, left) + tile.at[n][v]);
                    const Vector h_before = load_partial(state[row] + unit, left);
                    const Vector h = skip ? h_before : multiply_add(z, h_before, (1.0f - z) * g);
                    store_partial(g_at, g, left);
                    store_partial(new_h[row] + unit, h, left);
                    if constexpr (ROUNDED) store_partial(state[row] + unit, h, left);
                }
            }
        });
    });
}

template <class T>
void Gru<T>::backward(const OutputGradients& given, const InputGradients& wanted) {
    const Inputs& in = r_.in;
    Floats d_reset_h(reset_after_ ? 0 : in.batch * spread<float>(in.units));
    with_activations(in.activation, in.recurrent_activation, [&](auto phi, auto sigma) {
        r_.backward(
            given, wanted,
            [&](const Stretch&, int64_t s, const Own& own, float* dh) {
                deltas(s, own, dh, phi, sigma);
                if (!reset_after_) reset_deltas(s, own, dh, d_reset_h.data(), sigma);
            },
            [&](const Stretch&, int64_t s, const Own& own, float* dh, float* dx) {
                const Rows<T> d_gates = gates(s, own);
                const Ahead<T> ahead =
                    s > 0 ? Ahead<T>{gates(s - 1, own), KEPT * in.units} : Ahead<T>{};
                to_h_->run(r_, own, d_gates, r_.of_batch(dh, in.units, own), true, ahead);
                if (dx) to_x_->run(r_, own, d_gates, r_.of_batch(dx, in.features, own), false);
            },
            [&](const Stretch& stretch, const Sums& sums) { weight_gradients(stretch, sums); },
            [&](const Stretch& stretch) {
                r_.kernel_gradient(stretch, gates_ + stretch.first * gates_row_, gates_row_,
                                   wanted.kernel);
            });
    });
}

// The equations of the header, backwards, as far as elementwise operations reach: gradients of
// z and g (of r and u too, where the reset comes after), and in dh what bypasses the gates.
template <class T>
template <class Phi, class Sigma>
void Gru<T>::deltas(int64_t s, const Own& own, float* dh_array, Phi phi, Sigma sigma) const {
    const Inputs& in = r_.in;
    const Rows<T> gate_rows = gates(s, own), old_h = r_.previous_h(s, own);
    const Rows<float> dh_rows = r_.of_batch(dh_array, in.units, own);
    for (int64_t n = 0; n < own.count; n++) {
        T* kept = gate_rows[n];
        if (r_.skips(s, own.row(n))) {
            clear(kept, KEPT * in.units);
            continue;
        }
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            float* dh_at = dh_rows[n] + unit;
            const Vector z = load_partial(kept + unit, left);
            const Vector g = load_partial(kept + 2 * in.units + unit, left);
            const Vector h = load_partial(old_h[n] + unit, left);
            const Vector dh = load_partial(dh_at, left);
            const Vector dg = dh * (1.0f - z) * phi.slope_at(g);
            const Vector dz = dh * (h - g) * sigma.slope_at(z);
            store_partial(kept + unit, dz, left);
            store_partial(kept + 2 * in.units + unit, dg, left);
            store_partial(dh_at, dh * z, left);
            if (!reset_after_) continue;
            const Vector r = load_partial(kept + in.units + unit, left);
            const Vector u = load_partial(kept + 3 * in.units + unit, left);
            store_partial(kept + in.units + unit, dg * u * sigma.slope_at(r), left);
            store_partial(kept + 3 * in.units + unit, dg * r, left);
        }
    }
}

// The rest of `deltas` where the reset comes before: the gradient of r * h has to come through
// Rg first.
template <class T>
template <class Sigma>
void Gru<T>::reset_deltas(int64_t s, const Own& own, float* dh_array, float* d_reset_h,
                          Sigma sigma) const {
    const Inputs& in = r_.in;
    const Rows<T> gate_rows = gates(s, own), old_h = r_.previous_h(s, own);
    const Rows<float> dh_rows = r_.of_batch(dh_array, in.units, own);
    const Rows<float> d_rows = r_.of_batch(d_reset_h, in.units, own);
    to_reset_h_->run(r_, own, gate_rows, d_rows, false);
    for (int64_t n = 0; n < own.count; n++) {
        if (r_.skips(s, own.row(n))) continue;
        T* r_at = gate_rows[n] + in.units;
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            const Vector r = load_partial(r_at + unit, left);
            const Vector d = load_partial(d_rows[n] + unit, left);
            const Vector h = load_partial(old_h[n] + unit, left);
            float* dh = dh_rows[n] + unit;
            store_partial(r_at + unit, d * h * sigma.slope_at(r), left);
            store_partial(dh, load_partial(dh, left) + d * r, left);
        }
    }
}

// d[b; W] = sum of [1 x]^T * d[z r g]; d[b'; R] = sum of [1 h]^T * d[z r u], or (r * h)^T * dg
// for the candidate where the reset comes before.
template <class T>
void Gru<T>::weight_gradients(const Stretch& stretch, const Sums& sums) const {
    const int64_t units = r_.in.units;
    const Rows<T> kept{gates_ + stretch.first * gates_row_, gates_row_};
    std::vector<WeightPart> parts;
    if (r_.masks_per_gate()) {
        for (int g = 0; g < GATES; g++)
            parts.push_back({0, x_depth_, g * units, units, g * units, g});
        for (int g = 0; g < 2; g++)
            parts.push_back({h_from_, h_depth_, g * units, units, g * units, g});
    } else {
        parts.push_back({0, x_depth_, 0, 3 * units, 0});
        parts.push_back({h_from_, h_depth_, 0, 2 * units, 0});
    }
    if (reset_after_) parts.push_back({h_from_, h_depth_, 3 * units, units, 2 * units, 2});
    add_weight_gradients(r_, stretch, kept, parts, sums);
    if (reset_after_) return;
    ProductOf<T> product{units,
                         units,
                         stretch.rows,
                         {kept.first + 3 * units, 1, gates_row_},
                         {kept.first + 2 * units, gates_row_, 1},
                         nullptr,
                         GATES * units};
    sums.add(product, h_from_ * GATES * units + 2 * units);
}

template class Gru<float>;
#if LEFTFOLD_BFLOAT16
template class Gru<bfloat16>;
#endif

}  // namespace leftfold
