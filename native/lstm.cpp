#include "lstm.hpp"

#include "shuffles.hpp"
#include "weight_gradient.hpp"

namespace leftfold {

namespace {
constexpr int GATES = 4;
template <class T>
constexpr int ROWS = tile_rows<T>(SPAN);
}  // namespace

template <class T>
Lstm<T>::Lstm(const Inputs& inputs, const Allocate& allocate)
    : r_(inputs, allocate, GATES, inputs.bias != nullptr),
      gates_row_(spread<T>(GATES * inputs.units)) {
    const int64_t units = r_.in.units, batch = r_.in.batch;
    cells_ = allocate((batch + (r_.in.keep ? r_.schedule.rows() : 0)) * spread<float>(units));
    if (r_.in.keep) gates_ = allocate_rows<T>(allocate, r_.schedule.rows(), gates_row_);
    for (int64_t r = 0; r < batch; r++) {
        float* c = cells_ + r * spread<float>(units);
        if (r_.in.initial_c)
            copy(r_.in.initial_c + r_.schedule.source(r) * units, c, units);
        else
            clear(c, units);
    }
    pack_weights();
    if (r_.in.keep) pack_transposed_weights();
}

// Without a backward pass to come, one row per sequence is enough and changes in place.
template <class T>
Rows<float> Lstm<T>::cells(int64_t s, const Own& own) const {
    const int64_t step = spread<float>(r_.in.units);
    const int64_t row = r_.in.keep && s > 0 ? r_.in.batch + r_.packed(s - 1, own) : own.first;
    return {cells_ + row * step, own.team * step};
}

// Where all gates read the same row, the panels of a block hold the four gates of LANES units;
// where each reads its own, masked by itself, those of up to SPAN times as many, so that there
// too some columns share what they read. Either way one tile ends with all that the new states of
// its units depend on.
template <class T>
int Lstm<T>::vectors_of_block(int64_t unit) const {
    const int64_t left = padded(r_.in.units - unit) / LANES;
    return r_.masks_per_gate() ? static_cast<int>(std::min<int64_t>(SPAN, left)) : 1;
}

// Where all gates read the same row and few units are left over for the last block, two or all
// four gates of those share a vector.
template <class T>
int Lstm<T>::gates_in_vector(int64_t unit) const {
    const int64_t left = r_.in.units - unit;
    const bool few = left > 0 && left <= LANES / 2;
    if (r_.masks_per_gate() || !std::is_same_v<T, float> || !few) return 1;
    return left > LANES / 4 ? 2 : 4;
}

template <class T>
void Lstm<T>::pack_weights() {
    const Inputs& in = r_.in;
    panels_ = room_for_panels<T>(padded(in.units) / LANES * GATES, r_.width);
    const int64_t depth = panel_depth<T>(r_.width), row = GATES * in.units;
    for (int64_t unit = 0; unit < in.units; unit += vectors_of_block(unit) * LANES) {
        const int vectors = vectors_of_block(unit), width = r_.masks_per_gate() ? vectors : SPAN;
        T* block = panels_.data() + unit * depth * GATES;
        if constexpr (std::is_same_v<T, float>)
            if (gates_in_vector(unit) > 1) {
                pack_shared(unit, gates_in_vector(unit), block);
                break;
            }
        for (int i = 0; i < GATES * vectors; i++) {
            const int64_t at = unit + i % vectors * LANES, column = i / vectors * in.units + at;
            const int64_t columns = in.units - at, step = width * LANES;
            T* out = block + i / width * width * depth * LANES + i % width * VECTOR_STEP<T>;
            if (in.bias) pack_column({in.bias + column, 0, 1}, 1, columns, out, step);
            pack_column({in.kernel + column, row, 1}, in.features, columns, out, step, r_.x_at);
            pack_column({in.recurrent_kernel + column, row, 1}, in.units, columns, out, step,
                        r_.h_at);
        }
    }
}

// The last block: lane by lane, a row of [b; W; R] after the other.
template <class T>
void Lstm<T>::pack_shared(int64_t unit, int sharing, float* block) {
    const Inputs& in = r_.in;
    const int64_t row = GATES * in.units, part = LANES / sharing;
    std::fill(block, block + r_.width * GATES / sharing * LANES, 0.0f);
    for (int64_t k = 0; k < r_.width; k++) {
        const float* from = k >= r_.h_at   ? in.recurrent_kernel + (k - r_.h_at) * row
                            : k >= r_.x_at ? in.kernel + (k - r_.x_at) * row
                                           : in.bias;
        for (int g = 0; g < GATES; g++, block += part)
            for (int64_t i = unit; i < in.units; i++)
                block[i - unit] = from[g * in.units + i];
    }
}

template <class T>
void Lstm<T>::pack_transposed_weights() {
    const Inputs& in = r_.in;
    const int64_t columns = GATES * in.units;
    to_h_ = std::make_unique<GateProduct<T>>(MatrixView{in.recurrent_kernel, 1, columns}, in.units,
                                             r_.h_at);
    to_x_ =
        std::make_unique<GateProduct<T>>(MatrixView{in.kernel, 1, columns}, in.features, r_.x_at);
    for (GateProduct<T>* product : {to_h_.get(), to_x_.get()}) {
        if (!r_.masks_per_gate()) {
            product->add_segment(0, 0, columns, GateProduct<T>::NO_MASK);
            continue;
        }
        for (int g = 0; g < GATES; g++)
            product->add_segment(g * in.units, g * in.units, in.units, g);
    }
}

template <class T>
void Lstm<T>::forward(const Outputs& out) {
    with_activations(r_.in.activation, r_.in.recurrent_activation, [&](auto phi, auto sigma) {
        r_.forward(out, [&](int64_t s, const Own& own, T* scratch) {
            if (r_.masks_per_gate())
                step<true>(s, own, scratch, phi, sigma);
            else
                step<false>(s, own, scratch, phi, sigma);
        });
    });
    for (int64_t r = 0; r < r_.in.batch; r++) {
        const int64_t length = r_.schedule.length(r);
        const int64_t row =
            r_.in.keep && length > 0 ? r_.in.batch + r_.schedule.packed_row(r, length - 1) : r;
        copy(cells_ + row * spread<float>(r_.in.units), out.c + r_.schedule.source(r) * r_.in.units,
             r_.in.units);
    }
}

template <class T>
template <bool MASKED, class Phi, class Sigma>
void Lstm<T>::step(int64_t s, const Own& own, T* scratch, Phi phi, Sigma sigma) const {
    const int64_t units = r_.in.units, last = (units - 1) / LANES * LANES;
    const int sharing = gates_in_vector(last);
    const States states = states_of(s, own);
    const auto block = [&](int64_t unit) { return vectors_of_block(unit) * LANES; };
    r_.template for_each_tile_and_block<MASKED, ROWS<T>>(
        s, own, scratch, sharing > 1 ? last : units, block,
        [&](int64_t unit, int64_t first, auto size, const auto& a) {
            with_size<MASKED ? SPAN : 1>(vectors_of_block(unit), [&](auto vectors) {
                step_tile<MASKED, decltype(vectors)::value>(s, own, states, unit, first, size, a,
                                                            phi, sigma);
            });
        });
    if constexpr (!MASKED && std::is_same_v<T, float>) {
        if (sharing == 4) step_shared<4>(s, own, last, phi, sigma);
        if (sharing == 2) step_shared<2>(s, own, last, phi, sigma);
    }
}

template <class T>
template <bool MASKED, int VECTORS, class Count, class Phi, class Sigma>
LEFTFOLD_INLINE void Lstm<T>::step_tile(int64_t s, const Own& own, const States& states,
                                        int64_t first_unit, int64_t first, Count size,
                                        const typename Recurrence<T>::Operand& a, Phi phi,
                                        Sigma sigma) const {
    constexpr int WIDTH = GATES * VECTORS, SIZE = Count::value;
    const Inputs& in = r_.in;
    const T* panels = panels_.data() + first_unit * panel_depth<T>(r_.width) * GATES;
    const auto unit_of = [=](int v) { return first_unit + v % VECTORS * LANES; };
    Tile<SIZE, WIDTH> tile(size);
    r_.template begin<0, WIDTH>(tile, s, own, first, [&](int v) {
        return std::pair{v / VECTORS * in.units + unit_of(v), in.units - unit_of(v)};
    });
    if (in.keep)
        for (int n = 0; n < size; n++) {
            for (int v = 0; v < WIDTH; v++)
                expect(states.gates[first + n] + v / VECTORS * in.units + unit_of(v));
            for (int v = 0; v < VECTORS; v++) {
                expect(states.new_c[first + n] + unit_of(v));
                expect(states.new_h[first + n] + unit_of(v));
            }
        }
    tile.template add_spans<MASKED ? VECTORS : SPAN>(a.first, a.row, panels, r_.width, a.gate);
    for (int n = 0; n < size; n++) {
        const int64_t row = first + n;
        const bool skip = r_.skips(s, own.row(row));
        for (int v = 0; v < VECTORS; v++) {
            const Vector i = sigma(tile.at[n][v]);
            const Vector f = sigma(tile.at[n][VECTORS + v]);
            const Vector g = phi(tile.at[n][2 * VECTORS + v]);
            const Vector o = sigma(tile.at[n][3 * VECTORS + v]);
            set_states(states, row, unit_of(v), skip, {i, f, g, o}, phi);
        }
    }
}

// `step_tile` for all tiles of the last units, SHARING gates of which lie in one vector.
template <class T>
template <int SHARING, class Phi, class Sigma>
void Lstm<T>::step_shared(int64_t s, const Own& own, int64_t unit, Phi phi, Sigma sigma) const {
    constexpr int WIDTH = GATES / SHARING, PART = LANES / SHARING;
    const Inputs& in = r_.in;
    const Rows<T> stacked = r_.stacked(s, own);
    const States states = states_of(s, own);
    const T* panel = panels_.data() + unit * r_.width * GATES;
    for_each_tile<tile_rows<T>(WIDTH), T>(own.count, [&](int64_t first, auto size) {
        constexpr int SIZE = decltype(size)::value;
        Tile<SIZE, WIDTH> tile(size);
        tile.clear();
        for (int n = 0; n < size && in.ids; n++) {
            const float* chosen = r_.chosen(s, own, first + n);
            float* to = reinterpret_cast<float*>(&tile.at[n][0]);
            for (int g = 0; g < GATES; g++)
                std::copy(chosen + g * in.units + unit, chosen + (g + 1) * in.units, to + g * PART);
        }
        tile.template add_product<0, WIDTH>(stacked[first], stacked.step, panel, r_.width);
        for (int n = 0; n < size; n++) {
            const bool skip = r_.skips(s, own.row(first + n));
            const Vector open = sigma(tile.at[n][0]), output = sigma(tile.at[n][WIDTH - 1]);
            const Vector candidate = phi(tile.at[n][WIDTH - 1]);
            const Gates gates{open, rotate<PART>(open), rotate<(2 * PART) % LANES>(candidate),
                              rotate<(3 * PART) % LANES>(output)};
            set_states(states, first + n, unit, skip, gates, phi);
        }
    });
}

// The new states of a row's units from `unit` on, and what the backward pass needs of them.
template <class T>
template <class Phi>
LEFTFOLD_INLINE void Lstm<T>::set_states(const States& states, int64_t row, int64_t unit, bool skip,
                                         const Gates& gates, Phi phi) const {
    const int64_t units = r_.in.units, left = units - unit;
    const Vector c_before = load_partial(states.old_c[row] + unit, left);
    Vector c = multiply_add(gates.f, c_before, gates.i * gates.g);
    Vector h = gates.o * phi(c);
    if (skip) {
        c = c_before;
        h = load_partial(states.old_h[row] + unit, left);
    }
    store_partial(states.new_c[row] + unit, c, left);
    store_partial(states.new_h[row] + unit, h, left);
    if (!r_.in.keep) return;
    T* kept = states.gates[row] + unit;
    store_partial(kept, gates.i, left);
    store_partial(kept + units, gates.f, left);
    store_partial(kept + 2 * units, gates.g, left);
    store_partial(kept + 3 * units, gates.o, left);
}

template <class T>
void Lstm<T>::backward(const OutputGradients& given, const InputGradients& wanted) {
    const Inputs& in = r_.in;
    const int64_t dc_row = spread<float>(in.units);
    Floats dc(in.batch * dc_row, 0.0f);
    if (given.c)
        for (int64_t r = 0; r < in.batch; r++)
            copy(given.c + r_.schedule.source(r) * in.units, dc.data() + r * dc_row, in.units);
    with_activations(in.activation, in.recurrent_activation, [&](auto phi, auto sigma) {
        r_.backward(
            given, wanted,
            [&](const Stretch&, int64_t s, const Own& own, float* dh) {
                deltas(s, own, dh, dc.data(), phi, sigma);
            },
            [&](const Stretch&, int64_t s, const Own& own, float* dh, float* dx) {
                const Rows<T> d_gates = gates(s, own);
                const Ahead<T> ahead =
                    s > 0 ? Ahead<T>{gates(s - 1, own), GATES * in.units} : Ahead<T>{};
                to_h_->run(r_, own, d_gates, r_.of_batch(dh, in.units, own), true, ahead);
                if (dx) to_x_->run(r_, own, d_gates, r_.of_batch(dx, in.features, own), false);
            },
            [&](const Stretch& stretch, const Sums& sums) { weight_gradients(stretch, sums); },
            [&](const Stretch& stretch) {
                r_.kernel_gradient(stretch, gates_ + stretch.first * gates_row_, gates_row_,
                                   wanted.kernel);
            });
    });
    for (int64_t r = 0; r < in.batch; r++)
        copy(dc.data() + r * dc_row, wanted.c + r_.schedule.source(r) * in.units, in.units);
}

// The equations of the header, backwards, for one step: dh and dc arrive with the gradients of
// the states after the step and leave with what reaches the states before it without passing
// through the gates.
template <class T>
template <class Phi, class Sigma>
void Lstm<T>::deltas(int64_t s, const Own& own, float* dh_array, float* dc_array, Phi phi,
                     Sigma sigma) const {
    const Inputs& in = r_.in;
    const Rows<float> c_before = cells(s, own), c_after = cells(s + 1, own);
    const Rows<T> gate_rows = gates(s, own);
    const Rows<float> dh_rows = r_.of_batch(dh_array, in.units, own);
    const Rows<float> dc_rows = r_.of_batch(dc_array, in.units, own);
    for (int64_t n = 0; n < own.count; n++) {
        T* kept = gate_rows[n];
        if (r_.skips(s, own.row(n))) {
            clear(kept, GATES * in.units);
            continue;
        }
        for (int64_t unit = 0; unit < in.units; unit += LANES) {
            const int64_t left = in.units - unit;
            float* dh_at = dh_rows[n] + unit;
            float* dc_at = dc_rows[n] + unit;
            const Vector i = load_partial(kept + unit, left);
            const Vector f = load_partial(kept + in.units + unit, left);
            const Vector g = load_partial(kept + 2 * in.units + unit, left);
            const Vector o = load_partial(kept + 3 * in.units + unit, left);
            const Vector y = phi(load_partial(c_after[n] + unit, left));
            const Vector dh = load_partial(dh_at, left);
            const Vector dc = load_partial(dc_at, left) + dh * o * phi.slope_at(y);
            const Vector di = dc * g * sigma.slope_at(i);
            const Vector df = dc * load_partial(c_before[n] + unit, left) * sigma.slope_at(f);
            const Vector dg = dc * i * phi.slope_at(g);
            const Vector d_o = dh * y * sigma.slope_at(o);
            store_partial(kept + unit, di, left);
            store_partial(kept + in.units + unit, df, left);
            store_partial(kept + 2 * in.units + unit, dg, left);
            store_partial(kept + 3 * in.units + unit, d_o, left);
            store_partial(dc_at, dc * f, left);
            store_partial(dh_at, Vector{}, left);
        }
    }
}

// d[b; W; R] = sum over all rows of [1 x h]^T * d[i f g o].
template <class T>
void Lstm<T>::weight_gradients(const Stretch& stretch, const Sums& sums) const {
    const int64_t units = r_.in.units;
    std::vector<WeightPart> parts;
    if (r_.masks_per_gate()) {
        for (int g = 0; g < GATES; g++)
            parts.push_back({0, r_.width, g * units, units, g * units, g});
    } else {
        parts.push_back({0, r_.width, 0, GATES * units, 0});
    }
    add_weight_gradients(r_, stretch, {gates_ + stretch.first * gates_row_, gates_row_}, parts,
                         sums);
}

template class Lstm<float>;
#if LEFTFOLD_BFLOAT16
template class Lstm<bfloat16>;
#endif

}  // namespace leftfold
