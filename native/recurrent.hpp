// What the three cells share: the walk over time, forwards and backwards.
//
// At every step a cell multiplies one stacked row [1, x, h] (the bias, the input, the previous
// state) by one stacked matrix [b; W; R]. Stacking makes a step one product instead of three,
// the gradient of all weights one product over all rows, and the bias an ordinary row. The rows of
// all steps are kept for that last product.
//
// Threads share the rows of the batch and nothing else: of a half's rows (see schedule.hpp) the one
// that has share i of n owns the rows i, i + n, i + 2n, ... for the whole walk, so no thread ever
// waits for another, and since rows are sorted by length all have the same amount of work at every
// step.
#pragma once

#include <vector>

#include "activations.hpp"
#include "aligned.hpp"
#include "gemm.hpp"
#include "rows.hpp"
#include "schedule.hpp"
#include "threads.hpp"
#include "tile.hpp"
#include "zeros.hpp"

namespace leftfold {

// A layer's inputs and settings, as they come from Python. Arrays are C-contiguous; optional
// ones may be null.
//
// Where the inputs are one-hot, `ids` may name the ones: x times the kernel is then a row of the
// kernel, (vocabulary, gates * units), `features` is 0 and `x` is null.
struct Inputs {
    int64_t batch, time, features, units;
    const float* x;                  // (batch, time, features)
    const float* kernel;             // (features, gates * units)
    const int32_t* ids;              // (batch, time), instead of x
    int64_t vocabulary;              // rows of the kernel that ids choose from
    const float* recurrent_kernel;   // (units, gates * units)
    const float* bias;               // optional
    const float* initial_h;          // (batch, units), optional
    const float* initial_c;          // (batch, units), optional
    const uint8_t* mask;             // (batch, time), optional
    const float* input_dropout;      // (input_dropouts, batch, features), optional
    int64_t input_dropouts;          // 1, or one per gate
    const float* recurrent_dropout;  // (gates, batch, units), optional
    Activation activation, recurrent_activation;
    bool reversed, return_sequences, zero_output_for_mask, keep;
};

struct Outputs {
    float* output;  // (batch, time, units) or (batch, units)
    float* h;       // (batch, units)
    float* c;       // (batch, units), LSTM only
};

struct OutputGradients {
    const float* output;  // each optional
    const float* h;
    const float* c;
};

struct InputGradients {
    float* x;        // (batch, time, features), optional
    float* kernel;   // (vocabulary, gates * units), where inputs are ids
    float* weights;  // the stacked matrix's gradient; see each cell
    float* h;        // (batch, units)
    float* c;        // (batch, units), LSTM only
};

// Numbers in a gradient of weights of which each half may have one of its own in the caches.
constexpr int64_t SMALL_GRADIENT = 160000;

// Steps [from, to) of one half, the `rows` packed rows of which begin with `first`.
struct Stretch {
    int half;
    int64_t from, to, first, rows;
};

// Where the gradient of the weights is summed up: by the calling thread alone, or by all of them.
struct Sums {
    float* target;
    bool accumulate, alone;

    // Adds a product over packed rows to the part that begins at `at`.
    template <class T>
    void add(ProductOf<T> product, int64_t at) const {
        product.c = target + at;
        product.accumulate = accumulate;
        if constexpr (std::is_same_v<T, float>)
            if (alone) return gemm_alone(product);
        gemm(product);
    }
};

// T is what is kept of every step, and what products read: float, or bfloat16 where layers compute
// in mixed precision. Sums, activations and what is carried from step to step beside h are floats.
template <class T>
class Recurrence {
  public:
    // `mask_order` lists the gates whose masked copies of a row a step wants, in that order;
    // all gates by default.
    Recurrence(const Inputs& inputs, const Allocate& allocate, int gates, int bias_rows,
               std::vector<int> mask_order = {});

    const Inputs in;
    const Schedule schedule;
    const int gates;
    // Parts of a stacked row: `bias_rows` ones (0 or 1 before x; GRU has a second before h).
    const int64_t x_at, h_at, width, stride;

    // The stacked rows of step s, and the states in them, from before the step.
    Rows<T> stacked(int64_t s, const Own& own) const {
        return {stacked_ + slot(s, own) * stride, own.team * stride};
    }
    Rows<T> previous_h(int64_t s, const Own& own) const {
        return {stacked(s, own).first + h_at, own.team * stride};
    }
    // Where h of step s goes: into the next stacked row, or to the end of the sequence.
    StateRows<T> next_h(int64_t s, const Own& own) const {
        return {previous_h(s + 1, own), of_batch(final_h_, in.units, own),
                running(own.share, s + 1).count};
    }
    // The rows of a share that run at step s.
    Own running(const Share& share, int64_t s) const {
        return {schedule, share, schedule.active(share.half, s)};
    }
    // All rows of a share, those too that never run.
    Own all_of(const Share& share) const { return {schedule, share, schedule.rows_of(share.half)}; }
    // Rows of an array with one of `width` floats for every row of the batch.
    template <class U>
    static Rows<U> of_batch(U* array, int64_t width, const Own& own) {
        return {array + own.first * spread<U>(width), own.team * spread<U>(width)};
    }
    // Where the rows of step s begin, in storage with one row per packed row.
    int64_t packed(int64_t s, const Own& own) const {
        return schedule.packed(own.share.half, s) + own.share.number;
    }
    // The same if they are kept for the backward pass; else there are two per row of the batch, for
    // this step and the next.
    int64_t slot(int64_t s, const Own& own) const {
        if (in.keep) return packed(s, own);
        const int half = own.share.half;
        return 2 * schedule.first_row(half) + (s & 1) * schedule.rows_of(half) + own.share.number;
    }
    // As many rows as `slot` may name.
    int64_t slots() const { return in.keep ? schedule.rows() : 2 * in.batch; }
    int threads() const;
    bool masks_per_gate() const { return masks_per_gate_; }
    bool skips(int64_t s, int64_t r) const { return schedule.has_holes() && schedule.hole(r, s); }

    // The row of the kernel that stands for the input of a thread's row i at step s.
    const float* chosen(int64_t s, const Own& own, int64_t i) const {
        return in.kernel + int64_t{ids_[packed(s, own) + i * own.team]} * gates * in.units;
    }

    // Begins columns [FIRST, FIRST + COUNT) of a tile, for a thread's rows from `first` on: with
    // the rows of the kernel that their ids choose, or with zeros. `column(v)` says where column v
    // begins in such a row, and how much of its gate is left there. Rows of a large kernel come
    // from far away and in no order: those of the tile to come are asked for in time.
    template <int FIRST, int COUNT, int SIZE, int WIDTH, class Column>
    LEFTFOLD_INLINE void begin(Tile<SIZE, WIDTH>& tile, int64_t s, const Own& own, int64_t first,
                               Column&& column) const {
        if (COUNT < WIDTH || !in.ids) tile.clear();  // rows of the kernel fill a whole tile
        if (!in.ids) return;
        for (int n = 0; n < tile.rows; n++) {
            const float* row = chosen(s, own, first + n);
            for (int v = 0; v < COUNT; v++) {
                const auto [at, left] = column(v);
                tile.at[n][FIRST + v] = load_partial(row + at, left);
            }
        }
        const int64_t next = first + tile.rows;
        for (int64_t i = next; i < next + tile.rows && i < own.count; i++) {
            const float* row = chosen(s, own, i);
            for (int v = 0; v < COUNT; v++)
                expect(row + column(v).first);
        }
    }

    // Walks forwards; `step(s, own, scratch)` computes the states of one step for a thread's rows.
    // `scratch` has room for what `mask_rows` makes of all of them, if masks differ by gate.
    template <class Step>
    void forward(const Outputs& out, Step&& step) const;

    // What the products of a tile read: its first row, how far the next is, and, for a gate that
    // reads a copy of its own, how far that is behind the one of the gate before.
    struct Operand {
        const T* first;
        int64_t row, gate;
    };

    // Calls `body(unit, first, size, operand)` for all tiles of at most MOST rows and all blocks of
    // units before `end`, of which one has `block(unit)`. A block of weights meets all rows before
    // the next; but where masks differ by gate, the copies of a tile's rows meet all blocks while
    // they are in the first cache.
    template <bool MASKED, int MOST, class Block, class Body>
    LEFTFOLD_INLINE void for_each_tile_and_block(int64_t s, const Own& own, T* scratch, int64_t end,
                                                 Block&& block, Body&& body) const {
        if constexpr (MASKED) {
            for_each_tile<MOST, T>(own.count, [&](int64_t first, auto size) {
                mask_rows(s, own, first, size, scratch);
                for (int64_t unit = 0; unit < end; unit += block(unit))
                    body(unit, first, size, Operand{scratch, stride, size * stride});
            });
        } else {
            const Rows<T> rows = stacked(s, own);
            for (int64_t unit = 0; unit < end; unit += block(unit))
                for_each_tile<MOST, T>(own.count, [&](int64_t first, auto size) {
                    body(unit, first, size, Operand{rows[first], rows.step, 0});
                });
        }
    }

    // Walks backwards. `deltas(stretch, s, own, dh)` turns the gradient dh (a row of `units` for
    // every row of the batch, see `of_batch`) into the gradients of the gates and leaves in dh what
    // bypasses them; `product(stretch, s, own, dh, dx)` adds what flows through the weights to dh
    // and puts the gradient of the inputs in dx, if that is not null.
    //
    // The gradient of the weights is a product over all rows. It is summed up stretch by stretch,
    // while the rows are still in the caches unless masks differ by gate: `weights(stretch, sums)`
    // adds those of some steps of a half, `kernel(stretch)` does the same for the kernel where
    // inputs are ids. Gradients that are small are summed up apart for each half, so that two
    // threads can do that for their own while the other is still on its way. Where stretches begin,
    // and whether sums are kept apart, follows from the sizes alone, so they do not depend on the
    // threads.
    template <class Deltas, class Products, class Weights, class Kernel>
    void backward(const OutputGradients& given, const InputGradients& wanted, Deltas&& deltas,
                  Products&& product, Weights&& weights, Kernel&& kernel) const;

    // The first step of the stretch that ends at `to`: as many as fit the caches, in all halves;
    // where masks differ by gate, enough for sums over one sequence.
    int64_t stretch_before(int64_t to) const;
    // Rows that a half has in its longest.
    int64_t most_rows_in_a_stretch() const;

    // Copies of a thread's rows [first, first + count) of step s, one per gate in `mask_order`,
    // with that gate's dropout masks applied. Rows are `stride` apart, gates `count * stride`.
    void mask_rows(int64_t s, const Own& own, int64_t first, int64_t count, T* scratch) const;
    // The gradient of the kernel where inputs are ids: the gate gradients of the packed rows of a
    // stretch, `stride` apart, added to the row that its id chooses.
    void kernel_gradient(const Stretch& stretch, const T* deltas, int64_t stride, float* out) const;
    // The mask of row r of the batch for gate g; ones where nothing is dropped.
    const float* gate_mask(int g, int64_t r) const {
        return gate_masks_.data() + (g * in.batch + r) * spread<float>(width);
    }
    // The stacked row of a packed row; the next follows after `stride` elements.
    const T* stacked_row(int64_t row) const { return stacked_ + row * stride; }

  private:
    T* stacked_;
    T* final_h_;
    bool masks_per_gate_;
    std::vector<int> mask_order_;
    Floats gate_masks_;
    std::vector<int32_t> ids_;  // of every packed row

    // Calls `body(share)` for every share, each on one of so many threads.
    template <class Body>
    void for_each_share(int threads, Body&& body) const;
    int shares_of_a_half(int threads) const {
        return threads % schedule.halves() ? threads : threads / schedule.halves();
    }
    void pack_ids();
    void start(const Own& all) const;
    void read_inputs(int64_t s, const Own& own) const;
    void write_outputs(int64_t s, const Own& own, float* output) const;
    void finish(const Own& all, const Outputs& out) const;
    void start_gradients(const Own& all, const OutputGradients& given, float* dh) const;
    void add_output_gradients(int64_t s, const Own& own, const float* d_output, float* dh) const;
    void write_input_gradients(int64_t s, const Own& own, const float* dx, float* out) const;
    Stretch stretch(int half, int64_t from, int64_t to) const {
        return {half, from, to, schedule.packed(half, from), schedule.packed_rows(half, from, to)};
    }
    void finish_gradients(const Own& all, const OutputGradients& given, const float* dh,
                          const InputGradients& wanted) const;
    void build_gate_masks();
};

template <class T>
template <class Body>
void Recurrence<T>::for_each_share(int threads, Body&& body) const {
    const int halves = schedule.halves(), in_half = shares_of_a_half(threads);
    in_parallel(threads, [&](int thread, int team) {
        for (int i = thread; i < halves * in_half; i += team)
            body(Share{i % halves, i / halves, in_half});
    });
}

template <class T>
template <class Step>
void Recurrence<T>::forward(const Outputs& out, Step&& step) const {
    for_each_share(threads(), [&](const Share& share) {
        const Own all = all_of(share);
        Aligned<T> scratch(masks_per_gate_ ? all.count * mask_order_.size() * stride : 0);
        start(all);
        for (int64_t s = 0; s < schedule.steps(); s++) {
            const Own own = running(share, s);
            if (own.count == 0) break;
            read_inputs(s, own);
            step(s, own, scratch.data());
            if (in.return_sequences) write_outputs(s, own, out.output);
        }
        finish(all, out);
    });
}

template <class T>
template <class Deltas, class Products, class Weights, class Kernel>
void Recurrence<T>::backward(const OutputGradients& given, const InputGradients& wanted,
                             Deltas&& deltas, Products&& product, Weights&& weights,
                             Kernel&& kernel) const {
    Floats dh(in.batch * spread<float>(in.units));
    Floats dx(wanted.x ? in.batch * spread<float>(in.features) : 0);
    const int64_t size = width * gates * in.units;
    const bool apart = std::is_same_v<T, float> && schedule.halves() == 2 && size <= SMALL_GRADIENT;
    Floats of_second(apart ? size : 0, 0.0f);
    const auto walk = [&](const Stretch& stretch, const Share& share) {
        if (stretch.to == schedule.steps()) start_gradients(all_of(share), given, dh.data());
        for (int64_t s = stretch.to - 1; s >= stretch.from; s--) {
            const Own own = running(share, s);
            if (own.count == 0) continue;
            if (in.return_sequences && given.output)
                add_output_gradients(s, own, given.output, dh.data());
            deltas(stretch, s, own, dh.data());
            product(stretch, s, own, dh.data(), wanted.x ? dx.data() : nullptr);
            if (wanted.x) write_input_gradients(s, own, dx.data(), wanted.x);
        }
        if (stretch.from == 0) finish_gradients(all_of(share), given, dh.data(), wanted);
    };
    const auto add_weights = [&](const Stretch& stretch, bool alone) {
        const bool first = stretch.to == schedule.steps() && (stretch.half == 0 || apart);
        float* target = stretch.half == 1 && apart ? of_second.data() : wanted.weights;
        weights(stretch, Sums{target, !first, alone});
    };
    if (in.ids) write_zeros(wanted.kernel, in.vocabulary * gates * in.units);
    const int count = threads();  // which another thread of Python may change in the meantime
    const bool alone = apart && shares_of_a_half(count) == 1;
    int64_t to = schedule.steps();
    do {
        const int64_t meet = alone && !in.ids ? 0 : stretch_before(to);  // again, all threads
        for_each_share(count, [&](const Share& share) {
            int64_t end = to;
            do {
                const Stretch here = stretch(share.half, stretch_before(end), end);
                walk(here, share);
                if (alone) add_weights(here, true);
                end = here.from;
            } while (end > meet);
        });
        for (int half = 0; half < schedule.halves(); half++) {
            if (!alone) add_weights(stretch(half, meet, to), false);
            if (in.ids) kernel(stretch(half, meet, to));
        }
        to = meet;
    } while (to > 0);
    if (apart) add(of_second.data(), wanted.weights, size);
}

}  // namespace leftfold
