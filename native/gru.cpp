#include "gru.hpp"

namespace leftfold {

namespace {
constexpr int GATES = 3;
constexpr int KEPT = 4;
constexpr int ROWS = tile_rows(KEPT);
// A tile's columns: the candidate's input part, z, r, the candidate's recurrent part. The input
// product fills the first three, the recurrent product the last three.
constexpr int TILE_G = 0, TILE_Z = 1, TILE_R = 2, TILE_U = 3;

int bias_rows(const Inputs& inputs, bool reset_after) {
    return inputs.bias == nullptr ? 0 : (reset_after ? 2 : 1);
}
}  // namespace

Gru::Gru(const Inputs& inputs, bool reset_after, const Allocate& allocate)
    : reset_after_(reset_after),
      r_(inputs, allocate, GATES, bias_rows(inputs, reset_after), {2, 0, 1, 2}),
      gates_row_(spread(KEPT * inputs.units)),
      gates_(allocate(r_.slots() * gates_row_)),
      x_depth_(r_.x_at + inputs.features),
      h_from_(x_depth_),
      h_depth_(r_.width - x_depth_) {
    pack_weights();
    if (r_.in.keep) pack_transposed_weights();
}

const float* Gru::recurrent_bias() const {
    return r_.in.bias && reset_after_ ? r_.in.bias + GATES * r_.in.units : nullptr;
}

// Per block of LANES units: a panel for the input product (g z r), then one for the recurrent
// product (z r u; without u where the reset comes before).
void Gru::pack_weights() {
    const Inputs& in = r_.in;
    const int64_t blocks = padded(in.units) / LANES, row = GATES * in.units;
    const int recurrent_gates = reset_after_ ? 3 : 2;
    const int64_t size = (x_depth_ * 3 + h_depth_ * recurrent_gates) * LANES;
    panels_.resize(blocks * size);
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t unit = block * LANES, columns = in.units - unit;
        float* x_panel = panels_.data() + block * size;
        float* h_panel = x_panel + x_depth_ * 3 * LANES;
        constexpr int X_GATE[] = {2, 0, 1}, H_GATE[] = {0, 1, 2};
        for (int v = 0; v < 3; v++) {
            const int64_t column = X_GATE[v] * in.units + unit;
            float* out = x_panel + v * LANES;
            if (in.bias) pack_column({in.bias + column, 0, 1}, 1, columns, out, 3 * LANES);
            pack_column({in.kernel + column, row, 1}, in.features, columns,
                        out + r_.x_at * 3 * LANES, 3 * LANES);
        }
        for (int v = 0; v < recurrent_gates; v++) {
            const int64_t column = H_GATE[v] * in.units + unit, step = recurrent_gates * LANES;
            float* out = h_panel + v * LANES;
            if (recurrent_bias())
                pack_column({recurrent_bias() + column, 0, 1}, 1, columns, out, step);
            pack_column({in.recurrent_kernel + column, row, 1}, in.units, columns,
                        out + (r_.h_at - h_from_) * step, step);
        }
    }
    if (reset_after_) return;
    candidate_ = std::make_unique<Panels>(in.units, in.units);
    candidate_->pack({in.recurrent_kernel + 2 * in.units, row, 1}, 0, in.units);
}

void Gru::pack_transposed_weights() {
    const Inputs& in = r_.in;
    const int64_t units = in.units, columns = GATES * units;
    const MatrixView recurrent{in.recurrent_kernel, 1, columns};
    constexpr int NO_MASK = GateProduct::NO_MASK;
    to_x_ = std::make_unique<GateProduct>(MatrixView{in.kernel, 1, columns}, in.features, r_.x_at);
    to_h_ = std::make_unique<GateProduct>(recurrent, units, r_.h_at);
    if (r_.masks_per_gate()) {
        for (int g = 0; g < GATES; g++) to_x_->add_segment(g * units, g * units, units, g);
        for (int g = 0; g < 2; g++) to_h_->add_segment(g * units, g * units, units, g);
    } else {
        to_x_->add_segment(0, 0, columns, NO_MASK);
        to_h_->add_segment(0, 0, 2 * units, NO_MASK);
    }
    const int candidate_mask = r_.masks_per_gate() ? 2 : NO_MASK;
    if (reset_after_) {
        to_h_->add_segment(3 * units, 2 * units, units, candidate_mask);
    } else {
        to_reset_h_ = std::make_unique<GateProduct>(recurrent, units, r_.h_at);
        to_reset_h_->add_segment(2 * units, 2 * units, units, candidate_mask);
    }
}

void Gru::forward(const Outputs& out) {
    r_.forward(out, [&](int64_t s, const Own& own, const float* masked) {
        if (reset_after_) {
            if (r_.masks_per_gate())
                step<true, true>(s, own, masked);
            else
                step<false, true>(s, own, masked);
        } else {
            if (r_.masks_per_gate())
                step<true, false>(s, own, masked);
            else
                step<false, false>(s, own, masked);
            candidate_step(s, own);
        }
    });
}

// The gates of one step, and with them the new state where the reset comes after.
template <bool MASKED, bool RESET_AFTER>
void Gru::step(int64_t s, const Own& own, const float* masked) const {
    constexpr int RECURRENT = RESET_AFTER ? 3 : 2;
    const Inputs& in = r_.in;
    const int64_t a_row = MASKED ? r_.stride : own.team * r_.stride;
    const int64_t a_gate = MASKED ? own.count * r_.stride : 0;
    const int64_t panel_size = (x_depth_ * 3 + h_depth_ * RECURRENT) * LANES;
    for (int64_t unit = 0; unit < in.units; unit += LANES) {
        const float* x_panel = panels_.data() + unit / LANES * panel_size;
        const float* h_panel = x_panel + x_depth_ * 3 * LANES;
        const int64_t left = in.units - unit;
        for_each_tile<ROWS>(own.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            const float* a =
                MASKED ? masked + first * r_.stride : r_.stacked(s, own.row(first));
            Tile<SIZE, KEPT> tile;
            tile.clear();
            tile.template add_product<TILE_G, 3, MASKED>(a, a_row, x_panel, x_depth_, a_gate);
            // In the masked copies z comes second: g z r, and once more g.
            tile.template add_product<TILE_Z, RECURRENT, MASKED>(a + h_from_ + a_gate, a_row,
                                                                 h_panel, h_depth_, a_gate);
            for (int n = 0; n < SIZE; n++) {
                const int64_t row = own.row(first + n);
                const Vector z = activate(in.recurrent_activation, tile.at[n][TILE_Z]);
                const Vector r = activate(in.recurrent_activation, tile.at[n][TILE_R]);
                float* kept = gates(s, row) + unit;
                if (RESET_AFTER || in.keep) store_partial(kept + in.units, r, left);
                if constexpr (RESET_AFTER) {
                    const Vector u = tile.at[n][TILE_U];
                    const Vector g = activate(in.activation, tile.at[n][TILE_G] + r * u);
                    if (in.keep) {
                        store_partial(kept, z, left);
                        store_partial(kept + 2 * in.units, g, left);
                        store_partial(kept + 3 * in.units, u, left);
                    }
                    store_state(s, row, unit, z, g);
                } else {
                    Vector reset_h = r * load_partial(r_.previous_h(s, row) + unit, left);
                    if constexpr (MASKED)
                        reset_h *= load_partial(r_.gate_mask(2, row) + r_.h_at + unit, left);
                    store_partial(kept, z, left);
                    store_partial(kept + 2 * in.units, tile.at[n][TILE_G], left);
                    store_partial(kept + 3 * in.units, reset_h, left);
                }
            }
        });
    }
}

// The candidate and the new state, where the reset comes before the product with Rg.
void Gru::candidate_step(int64_t s, const Own& own) const {
    const Inputs& in = r_.in;
    const int64_t a_row = own.team * gates_row_;
    candidate_->for_each([&](int64_t column, const float* panel, auto width) {
        constexpr int WIDTH = decltype(width)::value;
        for_each_tile<tile_rows(WIDTH)>(own.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, WIDTH> tile;
            tile.clear();
            tile.template add_product<0, WIDTH>(gates(s, own.row(first)) + 3 * in.units, a_row,
                                                panel, in.units);
            for (int n = 0; n < SIZE; n++) {
                const int64_t row = own.row(first + n);
                float* kept = gates(s, row);
                for (int v = 0; v < WIDTH; v++) {
                    const int64_t unit = column + v * LANES, left = in.units - unit;
                    float* g_at = kept + 2 * in.units + unit;
                    const Vector g =
                        activate(in.activation, load_partial(g_at, left) + tile.at[n][v]);
                    if (in.keep) store_partial(g_at, g, left);
                    store_state(s, row, unit, load_partial(kept + unit, left), g);
                }
            }
        });
    });
}

void Gru::store_state(int64_t s, int64_t row, int64_t unit, Vector z, Vector g) const {
    const int64_t left = r_.in.units - unit;
    const Vector before = load_partial(r_.previous_h(s, row) + unit, left);
    const Vector h = r_.skips(s, row) ? before : z * before + (1.0f - z) * g;
    store_partial(r_.next_h(s, row) + unit, h, left);
}

void Gru::backward(const OutputGradients& given, const InputGradients& wanted) {
    const Inputs& in = r_.in;
    Floats d_reset_h(reset_after_ ? 0 : in.batch * in.units);
    r_.backward(
        given, wanted,
        [&](int64_t s, const Own& own, float* dh) {
            deltas(s, own, dh);
            if (!reset_after_) reset_deltas(s, own, dh, d_reset_h.data());
        },
        [&](int64_t s, const Own& own, float* dh, float* dx) {
            const float* d_gates = gates(s, own.first);
            const int64_t row = own.team * gates_row_;
            to_h_->run(r_, own, d_gates, row, dh + own.first * in.units, own.team * in.units,
                       true);
            if (dx)
                to_x_->run(r_, own, d_gates, row, dx + own.first * in.features,
                           own.team * in.features, false);
        });
    weight_gradients(wanted.weights);
}

// The equations of the header, backwards, as far as elementwise operations reach: gradients of
// z and g (of r and u too, where the reset comes after), and in dh what bypasses the gates.
void Gru::deltas(int64_t s, const Own& own, float* dh_rows) const {
    const Inputs& in = r_.in;
    for (int64_t n = 0; n < own.count; n++) {
        const int64_t row = own.row(n);
        float* kept = gates(s, row);
        if (r_.skips(s, row)) {
            std::memset(kept, 0, sizeof(float) * KEPT * in.units);
            continue;
        }
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            float* dh_at = dh_rows + row * in.units + unit;
            const Vector z = load_partial(kept + unit, left);
            const Vector g = load_partial(kept + 2 * in.units + unit, left);
            const Vector h = load_partial(r_.previous_h(s, row) + unit, left);
            const Vector dh = load_partial(dh_at, left);
            const Vector dg = dh * (1.0f - z) * slope(in.activation, g);
            const Vector dz = dh * (h - g) * slope(in.recurrent_activation, z);
            store_partial(kept + unit, dz, left);
            store_partial(kept + 2 * in.units + unit, dg, left);
            store_partial(dh_at, dh * z, left);
            if (!reset_after_) continue;
            const Vector r = load_partial(kept + in.units + unit, left);
            const Vector u = load_partial(kept + 3 * in.units + unit, left);
            store_partial(kept + in.units + unit, dg * u * slope(in.recurrent_activation, r),
                          left);
            store_partial(kept + 3 * in.units + unit, dg * r, left);
        }
    }
}

// The rest of `deltas` where the reset comes before: the gradient of r * h has to come through
// Rg first.
void Gru::reset_deltas(int64_t s, const Own& own, float* dh_rows, float* d_reset_h) const {
    const Inputs& in = r_.in;
    to_reset_h_->run(r_, own, gates(s, own.first), own.team * gates_row_,
                     d_reset_h + own.first * in.units, own.team * in.units, false);
    for (int64_t n = 0; n < own.count; n++) {
        const int64_t row = own.row(n);
        if (r_.skips(s, row)) continue;
        float* r_at = gates(s, row) + in.units;
        float* dh = dh_rows + row * in.units;
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            const Vector r = load_partial(r_at + unit, left);
            const Vector d = load_partial(d_reset_h + row * in.units + unit, left);
            const Vector h = load_partial(r_.previous_h(s, row) + unit, left);
            store_partial(r_at + unit, d * h * slope(in.recurrent_activation, r), left);
            store_partial(dh + unit, load_partial(dh + unit, left) + d * r, left);
        }
    }
}

// d[b; W] = sum of [1 x]^T * d[z r g]; d[b'; R] = sum of [1 h]^T * d[z r u], or (r * h)^T * dg
// for the candidate where the reset comes before.
void Gru::weight_gradients(float* out) const {
    const int64_t units = r_.in.units;
    constexpr int NO_MASK = GateProduct::NO_MASK;
    if (r_.masks_per_gate()) {
        for (int g = 0; g < GATES; g++)
            weight_gradient(0, x_depth_, g * units, units, g * units, g, out);
        for (int g = 0; g < 2; g++)
            weight_gradient(h_from_, h_depth_, g * units, units, g * units, g, out);
    } else {
        weight_gradient(0, x_depth_, 0, 3 * units, 0, NO_MASK, out);
        weight_gradient(h_from_, h_depth_, 0, 2 * units, 0, NO_MASK, out);
    }
    if (reset_after_) {
        const int mask = r_.masks_per_gate() ? 2 : NO_MASK;
        weight_gradient(h_from_, h_depth_, 3 * units, units, 2 * units, mask, out);
    } else {
        gemm({units,
              units,
              r_.schedule.rows(),
              {gates_ + 3 * units, 1, gates_row_},
              {gates_ + 2 * units, gates_row_, 1},
              out + h_from_ * GATES * units + 2 * units,
              GATES * units});
    }
}

// Stacked columns [from, from + rows) against gate gradients [at, at + columns), into columns
// from `to` on of the result.
void Gru::weight_gradient(int64_t from, int64_t rows, int64_t at, int64_t columns, int64_t to,
                          int mask, float* out) const {
    const int64_t result_row = GATES * r_.in.units;
    const std::vector<int64_t> sources =
        mask == GateProduct::NO_MASK ? std::vector<int64_t>{} : r_.packed_sources();
    Product product{rows,
                    columns,
                    r_.schedule.rows(),
                    r_.stacked_transposed(from),
                    {gates_ + at, gates_row_, 1},
                    out + from * result_row + to,
                    result_row};
    if (mask != GateProduct::NO_MASK) {
        product.scale = r_.gate_mask(mask, 0) + from;
        product.scale_row = sources.data();
        product.scale_stride = r_.gate_mask_stride();
    }
    gemm(product);
}

}  // namespace leftfold
