#include "stream_cells.hpp"

#include "stream_product.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// What the cells do alike with the rows of a block.
class Cell : public StreamOperation {
  protected:
    Cell(CellPlace place, int64_t features, int64_t units, int gates)
        : place_(place), features_(features), units_(units), gates_(gates) {}

    CellPlace place_;
    int64_t features_, units_;
    int gates_;

    double nanoseconds() const override {
        return product_nanoseconds(1, gates_ * units_, features_ + units_);
    }
    int64_t scratch_width() const override { return block_step(units_); }

    // Copies of the hidden states, which the step overwrites while it still reads them.
    BlockRows old_h(const Block& block) const {
        const BlockRows rows{block.scratch, block_step(units_)};
        for (int64_t i = 0; i < block.count; i++)
            copy(block.state(i, place_.state_at), rows[i], units_);
        return rows;
    }

    bool skips(const Block& block, int64_t row) const {
        return place_.mask != NO_SLOT && block.slots[place_.mask][row][0] == 0.0f;
    }

    // Puts a vector of the new hidden state where it belongs.
    void finish(const Block& block, int64_t row, int64_t unit, Vector h, Vector h_before) const {
        const int64_t left = units_ - unit;
        Vector output = h;
        if (skips(block, row)) {
            h = h_before;
            output = place_.zero_output_for_mask ? Vector{} : h_before;
        }
        store_partial(block.state(row, place_.state_at) + unit, h, left);
        store_partial(block.slots[place_.to][row] + unit, output, left);
    }
};

class SimpleRnnStep : public Cell {
  public:
    SimpleRnnStep(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
                  Activation activation)
        : Cell(place, kernel.depth, recurrent.depth, 1),
          sum_(units_, kernel.data, kernel.depth, recurrent.data, recurrent.depth, bias),
          activation_(activation) {}

    void run(const Block& block) const override {
        const BlockRows h = old_h(block);
        with_activation(activation_, [&](auto phi) {
            sum_.run(block.count, block.slots[place_.from], h,
                     [&](int64_t row, int64_t unit, Vector sum) {
                         finish(block, row, unit, phi(sum),
                                load_partial(h[row] + unit, units_ - unit));
                     });
        });
    }

  private:
    StreamSum sum_;
    Activation activation_;
};

// Column vectors of the gates in `order`, for one block of LANES units behind the other, in panels
// of `width` vectors.
PackedWeights pack_gates(Weights weights, int64_t units, std::initializer_list<int> order,
                         int width) {
    const int64_t blocks = padded(units) / LANES, gates = static_cast<int64_t>(order.size());
    PackedWeights packed(blocks * gates, weights.depth, width);
    for (int64_t block = 0; block < blocks; block++) {
        int64_t vector = block * gates;
        for (const int gate : order)
            packed.pack(vector++, {weights.data + gate * units + block * LANES, weights.columns, 1},
                        units - block * LANES);
    }
    return packed;
}

class LstmStep : public Cell {
  public:
    LstmStep(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
             Activation activation, Activation recurrent_activation)
        : Cell(place, kernel.depth, recurrent.depth, GATES),
          w_(pack_gates(kernel, units_, {0, 1, 2, 3}, SPAN)),
          r_(pack_gates(recurrent, units_, {0, 1, 2, 3}, SPAN)),
          activation_(activation),
          recurrent_activation_(recurrent_activation) {
        bias_.assign(padded(units_) * GATES, 0.0f);
        for (int64_t unit = 0; bias && unit < units_; unit++)
            for (int g = 0; g < GATES; g++)
                bias_[(unit / LANES * GATES + g) * LANES + unit % LANES] = bias[g * units_ + unit];
    }

    void run(const Block& block) const override {
        const BlockRows h = old_h(block);
        with_activations(activation_, recurrent_activation_, [&](auto phi, auto sigma) {
            if (block.count > 1) {
                for (int64_t unit = 0; unit < units_; unit += LANES)
                    many_rows(block, h, unit, phi, sigma);
                return;
            }
            constexpr int BLOCKS = TOGETHER / SPANS;
            int64_t unit = 0;
            for (; unit + BLOCKS * LANES <= padded(units_); unit += BLOCKS * LANES)
                one_row<BLOCKS>(block, h, unit, phi, sigma);
            for (; unit < units_; unit += LANES)
                one_row<1>(block, h, unit, phi, sigma);
        });
    }

  private:
    static constexpr int GATES = 4, SPANS = GATES / SPAN;
    PackedWeights w_, r_;
    Floats bias_;
    Activation activation_, recurrent_activation_;

    template <class Phi, class Sigma>
    void update(const Block& block, int64_t row, int64_t unit, const Vector (&gates)[GATES],
                Vector h_before, Phi phi, Sigma sigma) const {
        float* c_at = block.state(row, place_.state_at + units_) + unit;
        const int64_t left = units_ - unit;
        const Vector c_before = load_partial(c_at, left);
        const Vector i = sigma(gates[0]), f = sigma(gates[1]), g = phi(gates[2]);
        const Vector o = sigma(gates[3]);
        const Vector c = multiply_add(f, c_before, i * g);
        store_partial(c_at, skips(block, row) ? c_before : c, left);
        finish(block, row, unit, o * phi(c), h_before);
    }

    // A row of the tile for each panel: SPANS of them hold the gates of a block of units.
    template <int BLOCKS, class Phi, class Sigma>
    void one_row(const Block& block, BlockRows h, int64_t unit, Phi phi, Sigma sigma) const {
        const int64_t vector = unit / LANES * GATES;
        Tile<BLOCKS * SPANS, SPAN> tile;
        for (int p = 0; p < BLOCKS * SPANS; p++)
            for (int v = 0; v < SPAN; v++)
                tile.at[p][v] = load(bias_.data() + (vector + p * SPAN + v) * LANES);
        add_row_product<0, SPAN>(tile, block.slots[place_.from][0], w_.panel(vector),
                                 w_.panel_step(), features_);
        add_row_product<0, SPAN>(tile, h[0], r_.panel(vector), r_.panel_step(), units_);
        for (int b = 0; b < BLOCKS; b++) {
            Vector gates[GATES];
            for (int g = 0; g < GATES; g++)
                gates[g] = tile.at[b * SPANS + g / SPAN][g % SPAN];
            const int64_t at = unit + b * LANES;
            update(block, 0, at, gates, load_partial(h[0] + at, units_ - at), phi, sigma);
        }
    }

    template <class Phi, class Sigma>
    void many_rows(const Block& block, BlockRows h, int64_t unit, Phi phi, Sigma sigma) const {
        const BlockRows x = block.slots[place_.from];
        const int64_t vector = unit / LANES * GATES;
        for_each_tile<tile_rows(SPAN)>(block.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, GATES> tile;
            for (int g = 0; g < GATES; g++)
                for (int n = 0; n < SIZE; n++)
                    tile.at[n][g] = load(bias_.data() + (vector + g) * LANES);
            tile.add_spans(x[first], x.step, w_.panel(vector), features_);
            tile.add_spans(h[first], h.step, r_.panel(vector), units_);
            for (int n = 0; n < SIZE; n++)
                update(block, first + n, unit, tile.at[n],
                       load_partial(h[first + n] + unit, units_ - unit), phi, sigma);
        });
    }
};

class GruStep : public Cell {
  public:
    GruStep(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
            Activation activation, Activation recurrent_activation, bool reset_after)
        : Cell(place, kernel.depth, recurrent.depth, GATES),
          w_(pack_gates(kernel, units_, {2, 0, 1}, GATES)),
          activation_(activation),
          recurrent_activation_(recurrent_activation),
          reset_after_(reset_after) {
        if (reset_after) {
            r_ = pack_gates(recurrent, units_, {0, 1, 2}, GATES);
        } else {
            r_ = pack_gates(recurrent, units_, {0, 1}, GATES - 1);
            Floats columns(units_ * units_);
            for (int64_t k = 0; k < units_; k++)
                copy(recurrent.data + k * GATES * units_ + 2 * units_, columns.data() + k * units_,
                     units_);
            candidate_ = StreamSum(units_, columns.data(), units_, nullptr, 0, nullptr);
        }
        bias_.assign(padded(units_) * TILE, 0.0f);
        for (int64_t unit = 0; bias && unit < units_; unit++) {
            float* at = bias_.data() + unit / LANES * TILE * LANES + unit % LANES;
            at[TILE_G * LANES] = bias[2 * units_ + unit];
            at[TILE_Z * LANES] = bias[unit];
            at[TILE_R * LANES] = bias[units_ + unit];
            if (!reset_after) continue;
            const float* second = bias + GATES * units_;
            at[TILE_Z * LANES] += second[unit];
            at[TILE_R * LANES] += second[units_ + unit];
            at[TILE_U * LANES] = second[2 * units_ + unit];
        }
    }

    // Old h; where the reset comes before its product also z, the candidate's input part and r * h.
    int64_t scratch_width() const override { return (reset_after_ ? 1 : 4) * block_step(units_); }

    void run(const Block& block) const override {
        const BlockRows h = old_h(block);
        with_activations(activation_, recurrent_activation_, [&](auto phi, auto sigma) {
            if (reset_after_) {
                run_gates<true>(block, h, phi, sigma);
            } else {
                run_gates<false>(block, h, phi, sigma);
                run_candidate(block, h, phi);
            }
        });
    }

  private:
    static constexpr int GATES = 3;
    // A tile's columns, as in gru.cpp: the input product fills the first three, the recurrent
    // product the last three, or two of them where the reset comes before.
    static constexpr int TILE = 4, TILE_G = 0, TILE_Z = 1, TILE_R = 2, TILE_U = 3;
    static constexpr int ROWS = tile_rows(SPAN > GATES ? SPAN : GATES);
    PackedWeights w_, r_;
    StreamSum candidate_;
    Floats bias_;
    Activation activation_, recurrent_activation_;
    bool reset_after_;

    BlockRows kept(const Block& block, int which) const {
        const int64_t step = block_step(units_);
        return {block.scratch + which * block.count * step, step};
    }

    template <bool RESET_AFTER, class Phi, class Sigma>
    void run_gates(const Block& block, BlockRows h, Phi phi, Sigma sigma) const {
        int64_t unit = 0;
        if (block.count == 1)
            for (; unit + 2 * LANES <= padded(units_); unit += 2 * LANES)
                one_row<RESET_AFTER, 2>(block, h, unit, phi, sigma);
        for (; unit < units_; unit += LANES)
            if (block.count == 1)
                one_row<RESET_AFTER, 1>(block, h, unit, phi, sigma);
            else
                many_rows<RESET_AFTER>(block, h, unit, phi, sigma);
    }

    template <int ROWS_OR_PANELS>
    LEFTFOLD_INLINE void begin(Tile<ROWS_OR_PANELS, TILE>& tile, int row, int64_t unit) const {
        for (int g = 0; g < TILE; g++)
            tile.at[row][g] = load(bias_.data() + (unit / LANES * TILE + g) * LANES);
    }

    template <bool RESET_AFTER, class Phi, class Sigma>
    void update(const Block& block, int64_t row, int64_t unit, const Vector (&gates)[TILE],
                Vector h_before, Phi phi, Sigma sigma) const {
        const Vector z = sigma(gates[TILE_Z]), r = sigma(gates[TILE_R]);
        if constexpr (RESET_AFTER) {
            const Vector g = phi(multiply_add(r, gates[TILE_U], gates[TILE_G]));
            finish(block, row, unit, multiply_add(z, h_before, (1.0f - z) * g), h_before);
        } else {
            const int64_t left = units_ - unit;
            store_partial(kept(block, 1)[row] + unit, z, left);
            store_partial(kept(block, 2)[row] + unit, gates[TILE_G], left);
            store_partial(kept(block, 3)[row] + unit, r * h_before, left);
        }
    }

    template <bool RESET_AFTER, int BLOCKS, class Phi, class Sigma>
    void one_row(const Block& block, BlockRows h, int64_t unit, Phi phi, Sigma sigma) const {
        constexpr int RECURRENT = RESET_AFTER ? 3 : 2;
        const int64_t b = unit / LANES;
        Tile<BLOCKS, TILE> tile;
        for (int i = 0; i < BLOCKS; i++)
            begin(tile, i, unit + i * LANES);
        add_row_product<TILE_G, GATES>(tile, block.slots[place_.from][0], w_.panel(b * GATES),
                                       w_.panel_step(), features_);
        add_row_product<TILE_Z, RECURRENT>(tile, h[0], r_.panel(b * RECURRENT), r_.panel_step(),
                                           units_);
        for (int i = 0; i < BLOCKS; i++) {
            const int64_t at = unit + i * LANES;
            update<RESET_AFTER>(block, 0, at, tile.at[i], load_partial(h[0] + at, units_ - at), phi,
                                sigma);
        }
    }

    template <bool RESET_AFTER, class Phi, class Sigma>
    void many_rows(const Block& block, BlockRows h, int64_t unit, Phi phi, Sigma sigma) const {
        constexpr int RECURRENT = RESET_AFTER ? 3 : 2;
        const BlockRows x = block.slots[place_.from];
        const int64_t b = unit / LANES;
        for_each_tile<ROWS>(block.count, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            Tile<SIZE, TILE> tile;
            for (int n = 0; n < SIZE; n++)
                begin(tile, n, unit);
            tile.template add_product<TILE_G, GATES>(x[first], x.step, w_.panel(b * GATES),
                                                     features_);
            tile.template add_product<TILE_Z, RECURRENT>(h[first], h.step, r_.panel(b * RECURRENT),
                                                         units_);
            for (int n = 0; n < SIZE; n++)
                update<RESET_AFTER>(block, first + n, unit, tile.at[n],
                                    load_partial(h[first + n] + unit, units_ - unit), phi, sigma);
        });
    }

    // The candidate and the new state, where the reset comes before the product.
    template <class Phi>
    void run_candidate(const Block& block, BlockRows h, Phi phi) const {
        const BlockRows zs = kept(block, 1), inputs = kept(block, 2);
        candidate_.run(block.count, kept(block, 3), {}, [&](int64_t row, int64_t unit, Vector sum) {
            const int64_t left = units_ - unit;
            const Vector z = load_partial(zs[row] + unit, left);
            const Vector g = phi(load_partial(inputs[row] + unit, left) + sum);
            const Vector h_before = load_partial(h[row] + unit, left);
            finish(block, row, unit, multiply_add(z, h_before, (1.0f - z) * g), h_before);
        });
    }
};

}  // namespace

OperationPointer stream_simple_rnn(CellPlace place, Weights kernel, Weights recurrent,
                                   const float* bias, Activation activation) {
    return std::make_unique<SimpleRnnStep>(place, kernel, recurrent, bias, activation);
}

OperationPointer stream_lstm(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
                             Activation activation, Activation recurrent_activation) {
    return std::make_unique<LstmStep>(place, kernel, recurrent, bias, activation,
                                      recurrent_activation);
}

OperationPointer stream_gru(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
                            Activation activation, Activation recurrent_activation,
                            bool reset_after) {
    return std::make_unique<GruStep>(place, kernel, recurrent, bias, activation,
                                     recurrent_activation, reset_after);
}

}  // namespace leftfold
