#include "weight_gradient.hpp"

#include <algorithm>

namespace leftfold {

namespace {

// Columns that a tile takes at once: `vectors` of a part from column `first` on.
struct Span {
    WeightPart part;
    int64_t first;
    int vectors;
};

std::vector<Span> spans_of(const std::vector<WeightPart>& parts) {
    std::vector<Span> spans;
    for (const WeightPart& part : parts) {
        const int64_t vectors = padded(part.columns) / LANES, count = (vectors + SPAN - 1) / SPAN;
        for (int64_t i = 0; i < count; i++) {
            const int64_t from = vectors * i / count, to = vectors * (i + 1) / count;
            spans.push_back({part, from * LANES, static_cast<int>(to - from)});
        }
    }
    return spans;
}

// Sequences of fewer steps in a stretch are summed up with others, up to so many rows together:
// what a sum costs besides its multiply-adds would be more than what is saved.
constexpr int64_t SHORT = 24, TOGETHER = 96;

// Sums up some spans behind masks: those of a sequence without the columns that are dropped; those
// of several short ones with masked copies of their rows.
template <class T>
class MaskedSums {
  public:
    MaskedSums(const Recurrence<T>& recurrence, const Stretch& stretch, const Rows<T>& deltas,
               std::vector<Span> spans, float* target)
        : r_(recurrence),
          stretch_(stretch),
          deltas_(deltas),
          spans_(std::move(spans)),
          target_(target),
          kept_(r_.width) {
        for (const Span& span : spans_)
            vectors_ += span.vectors;
        const int64_t most = std::max(stretch.to - stretch.from, TOGETHER);
        left_.resize(most * padded(r_.width));
        panels_.resize(most * vectors_ * LANES);
    }

    void clear_target() const {
        for (const Span& span : spans_)
            for (int64_t row = 0; row < span.part.rows; row++)
                clear(result(span, span.part.from + row), columns(span));
    }

    void run() {
        const int64_t first = r_.schedule.first_row(stretch_.half);
        const int64_t end = first + r_.schedule.rows_of(stretch_.half);
        for (int64_t row = first; row < end && steps(row) > 0;) {
            const bool is_short = steps(row) < SHORT;
            rows_.clear();
            const int64_t alone = row;
            do
                append(row++);
            while (is_short && row < end && steps(row) > 0 && depth() + steps(row) <= TOGETHER);
            pack_right();
            if (!is_short) pack_left([](int64_t) { return nullptr; });
            int packed_for = -1;
            const float* panel = panels_.data();
            for (const Span& span : spans_) {
                const int gate = span.part.gate;
                if (is_short && gate != packed_for) {
                    pack_left([&](int64_t r) { return r_.gate_mask(gate, r); });
                    packed_for = gate;
                }
                with_size<SPAN>(span.vectors, [&](auto count) {
                    const float* mask = is_short ? nullptr : r_.gate_mask(gate, alone);
                    add_span<decltype(count)::value>(span, mask, panel);
                });
                panel += depth() * span.vectors * LANES;
            }
        }
    }

  private:
    static constexpr int ROWS = tile_rows(SPAN);

    // A packed row, counted from the first of the stretch, and the row of the batch behind it.
    struct Row {
        int64_t packed, of_batch;
    };

    const Recurrence<T>& r_;
    const Stretch& stretch_;
    const Rows<T>& deltas_;
    const std::vector<Span> spans_;
    float* target_;
    int64_t vectors_ = 0;
    std::vector<int64_t> kept_;
    std::vector<Row> rows_;  // that are summed up together
    Floats left_;            // their stacked rows: LANES columns of all, then the next ones
    Floats panels_;          // and their gate gradients, span by span

    int64_t steps(int64_t row) const {
        return std::min(r_.schedule.length(row), stretch_.to) - stretch_.from;
    }
    int64_t depth() const { return rows_.size(); }
    int64_t columns(const Span& span) const {
        return std::min<int64_t>(span.part.columns - span.first, span.vectors * LANES);
    }
    float* result(const Span& span, int64_t row) const {
        return target_ + row * r_.gates * r_.in.units + span.part.to + span.first;
    }

    void append(int64_t row) {
        const int64_t count = steps(row);
        for (int64_t s = stretch_.from; s < stretch_.from + count; s++)
            rows_.push_back({r_.schedule.packed_row(row, s) - stretch_.first, row});
    }

    // `mask_of` gives the factors of a row of the batch, or null.
    template <class MaskOf>
    void pack_left(MaskOf&& mask_of) {
        for (int64_t k = 0; k < depth(); k++) {
            const T* stacked = r_.stacked_row(stretch_.first + rows_[k].packed);
            const float* mask = mask_of(rows_[k].of_batch);
            if (k + ROWS_AHEAD < depth()) {
                const T* next = r_.stacked_row(stretch_.first + rows_[k + ROWS_AHEAD].packed);
                for (int64_t at = 0; at < r_.width; at += LINE<T>)
                    __builtin_prefetch(next + at);
            }
            for (int64_t at = 0; at < r_.width; at += LANES) {
                Vector v = load_partial(stacked + at, r_.width - at);
                if (mask) v *= load_partial(mask + at, r_.width - at);
                store(left_.data() + at * depth() + k * LANES, v);
            }
        }
    }

    void pack_right() {
        for (int64_t k = 0; k < depth(); k++) {
            const T* deltas = deltas_[rows_[k].packed];
            const T* next = deltas_[rows_[std::min(k + ROWS_AHEAD, depth() - 1)].packed];
            float* panel = panels_.data();
            for (const Span& span : spans_) {
                float* out = panel + k * span.vectors * LANES;
                const int64_t from = span.part.at + span.first;
                for (int64_t at = 0; at < columns(span); at += LANES) {
                    __builtin_prefetch(next + from + at);
                    store(out + at, load_partial(deltas + from + at, columns(span) - at));
                }
                panel += depth() * span.vectors * LANES;
            }
        }
    }

    // Of the columns those that `mask` keeps, scaled by it; all, if it is null.
    template <int COUNT>
    void add_span(const Span& span, const float* mask, const float* panel) {
        const WeightPart& part = span.part;
        int64_t kept = 0;
        for (int64_t k = part.from; k < part.from + part.rows; k++) {
            kept_[kept] = k;
            kept += !mask || mask[k] != 0.0f;
        }
        const int64_t left = columns(span);
        for_each_tile<ROWS>(kept, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            const int64_t* chosen = kept_.data() + first;
            const float* a[SIZE];
            for (int n = 0; n < SIZE; n++) {
                const int64_t lane = chosen[n] % LANES;
                a[n] = left_.data() + (chosen[n] - lane) * depth() + lane;
                for (int v = 0; v < COUNT; v++)
                    expect(result(span, chosen[n]) + v * LANES);
            }
            Tile<SIZE, COUNT> tile;
            tile.clear();
            tile.add_columns(a, LANES, panel, depth());
            for (int n = 0; n < SIZE; n++) {
                float* c = result(span, chosen[n]);
                const Vector scale = broadcast(mask ? mask[chosen[n]] : 1.0f);
                for (int v = 0; v < COUNT; v++) {
                    const int64_t at = v * LANES;
                    const Vector sum =
                        multiply_add(tile.at[n][v], scale, load_partial(c + at, left - at));
                    store_partial(c + at, sum, left - at);
                }
            }
        });
    }
};

template <class T>
void add_masked(const Recurrence<T>& recurrence, const Stretch& stretch, const Rows<T>& deltas,
                const std::vector<WeightPart>& parts, const Sums& sums) {
    const std::vector<Span> spans = spans_of(parts);
    const int64_t count = spans.size();
    auto run = [&](int thread, int team) {
        const auto begin = spans.begin() + count * thread / team;
        const auto end = spans.begin() + count * (thread + 1) / team;
        MaskedSums<T> mine(recurrence, stretch, deltas, {begin, end}, sums.target);
        if (!sums.accumulate) mine.clear_target();
        mine.run();
    };
    if (sums.alone) return run(0, 1);
    double work = 0;
    for (const WeightPart& part : parts)
        work += product_nanoseconds(part.rows, part.columns, stretch.rows);
    in_parallel(threads_for(work, count), run);
}

}  // namespace

template <class T>
void add_weight_gradients(const Recurrence<T>& recurrence, const Stretch& stretch,
                          const Rows<T>& deltas, const std::vector<WeightPart>& parts,
                          const Sums& sums) {
    if (recurrence.masks_per_gate()) return add_masked(recurrence, stretch, deltas, parts, sums);
    const int64_t columns = recurrence.gates * recurrence.in.units;
    for (const WeightPart& part : parts) {
        ProductOf<T> product{
            part.rows,
            part.columns,
            stretch.rows,
            {recurrence.stacked_row(stretch.first) + part.from, 1, recurrence.stride},
            {deltas.first + part.at, deltas.step, 1},
            nullptr,
            columns};
        product.padded_a = part.from == 0;
        product.padded_b = part.at == 0;
        sums.add(product, part.from * columns + part.to);
    }
}

template void add_weight_gradients(const Recurrence<float>&, const Stretch&, const Rows<float>&,
                                   const std::vector<WeightPart>&, const Sums&);
#if LEFTFOLD_BFLOAT16
template void add_weight_gradients(const Recurrence<bfloat16>&, const Stretch&,
                                   const Rows<bfloat16>&, const std::vector<WeightPart>&,
                                   const Sums&);
#endif

}  // namespace leftfold
