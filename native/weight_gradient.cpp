#include "weight_gradient.hpp"

#include <algorithm>

namespace leftfold {

namespace {

// How many steps before they are copied rows are asked for: each lies elsewhere, which processors
// do not foresee.
constexpr int64_t AHEAD = 8;

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

// Sums up some spans behind masks.
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
        const int64_t steps = stretch.to - stretch.from;
        left_.resize(steps * padded(r_.width));
        panels_.resize(steps * vectors_ * LANES);
    }

    void clear_target() const {
        for (const Span& span : spans_)
            for (int64_t row = 0; row < span.part.rows; row++)
                clear(result(span, span.part.from + row), columns(span));
    }

    void run() {
        const Schedule& schedule = r_.schedule;
        const int64_t first = schedule.first_row(stretch_.half);
        for (int64_t i = 0; i < schedule.rows_of(stretch_.half); i++) {
            depth_ = std::min(schedule.length(first + i), stretch_.to) - stretch_.from;
            if (depth_ <= 0) return;  // and so do all shorter ones behind it
            pack(i);
            const float* panel = panels_.data();
            for (const Span& span : spans_) {
                with_size<SPAN>(span.vectors, [&](auto count) {
                    add_span<decltype(count)::value>(span, first + i, panel);
                });
                panel += depth_ * span.vectors * LANES;
            }
        }
    }

  private:
    static constexpr int ROWS = tile_rows(SPAN);

    const Recurrence<T>& r_;
    const Stretch& stretch_;
    const Rows<T>& deltas_;
    const std::vector<Span> spans_;
    float* target_;
    int64_t vectors_ = 0, depth_ = 0;
    std::vector<int64_t> kept_;
    Floats left_;    // a sequence's stacked rows: LANES columns of all steps, then the next ones
    Floats panels_;  // and its gate gradients, span by span

    int64_t columns(const Span& span) const {
        return std::min<int64_t>(span.part.columns - span.first, span.vectors * LANES);
    }
    float* result(const Span& span, int64_t row) const {
        return target_ + row * r_.gates * r_.in.units + span.part.to + span.first;
    }

    // Row i of the half, at all its steps.
    void pack(int64_t i) {
        const auto row_at = [&](int64_t k) {
            return r_.schedule.packed(stretch_.half, stretch_.from + k) + i - stretch_.first;
        };
        for (int64_t k = 0; k < depth_; k++) {
            const T* stacked = r_.stacked_row(stretch_.first + row_at(k));
            const T* deltas = deltas_[row_at(k)];
            if (k + AHEAD < depth_) {
                const T* next = r_.stacked_row(stretch_.first + row_at(k + AHEAD));
                for (int64_t at = 0; at < r_.width; at += LINE<T>)
                    __builtin_prefetch(next + at);
            }
            for (int64_t at = 0; at < r_.width; at += LANES)
                store(left_.data() + at * depth_ + k * LANES,
                      load_partial(stacked + at, r_.width - at));
            const T* next = k + AHEAD < depth_ ? deltas_[row_at(k + AHEAD)] : deltas;
            float* panel = panels_.data();
            for (const Span& span : spans_) {
                float* out = panel + k * span.vectors * LANES;
                const int64_t from = span.part.at + span.first;
                for (int64_t at = 0; at < columns(span); at += LANES) {
                    __builtin_prefetch(next + from + at);
                    store(out + at, load_partial(deltas + from + at, columns(span) - at));
                }
                panel += depth_ * span.vectors * LANES;
            }
        }
    }

    template <int COUNT>
    void add_span(const Span& span, int64_t row, const float* panel) {
        const WeightPart& part = span.part;
        const float* mask = r_.gate_mask(part.gate, row);
        int64_t kept = 0;
        for (int64_t k = part.from; k < part.from + part.rows; k++) {
            kept_[kept] = k;
            kept += mask[k] != 0.0f;
        }
        const int64_t left = columns(span);
        for_each_tile<ROWS>(kept, [&](int64_t first, auto size) {
            constexpr int SIZE = decltype(size)::value;
            const int64_t* chosen = kept_.data() + first;
            const float* a[SIZE];
            for (int n = 0; n < SIZE; n++) {
                a[n] = left_.data() + chosen[n] / LANES * LANES * depth_ + chosen[n] % LANES;
                for (int v = 0; v < COUNT; v++)
                    expect(result(span, chosen[n]) + v * LANES);
            }
            Tile<SIZE, COUNT> tile;
            tile.clear();
            tile.add_columns(a, LANES, panel, depth_);
            for (int n = 0; n < SIZE; n++) {
                float* c = result(span, chosen[n]);
                const Vector scale = broadcast(mask[chosen[n]]);
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
