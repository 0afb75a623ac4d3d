#include "recurrent.hpp"

#include "embedding.hpp"

namespace leftfold {

template <class T>
Recurrence<T>::Recurrence(const Inputs& inputs, const Allocate& allocate, int gates, int bias_rows,
                          std::vector<int> mask_order)
    : in(inputs),
      schedule(in.batch, in.time, in.mask, in.reversed),
      gates(gates),
      x_at(bias_rows > 0),
      h_at(in.features + bias_rows),
      width(h_at + in.units),
      stride(spread<T>(width)),
      masks_per_gate_(in.recurrent_dropout || (in.input_dropout && in.input_dropouts > 1)),
      mask_order_(std::move(mask_order)) {
    if (mask_order_.empty())
        for (int g = 0; g < gates; g++)
            mask_order_.push_back(g);
    const int64_t stacked = slots() * stride;
    stacked_ = allocate_rows<T>(allocate, 1, stacked + in.batch * spread<T>(in.units));
    final_h_ = stacked_ + stacked;
    if (masks_per_gate_) build_gate_masks();
    if (in.ids) pack_ids();
}

// In the order in which steps ask for them, so that both passes read them one after the other.
template <class T>
void Recurrence<T>::pack_ids() {
    constexpr int64_t TOGETHER = LINE<int32_t>;
    ids_.resize(schedule.rows());
    for (int half = 0; half < schedule.halves(); half++) {
        const int64_t first = schedule.first_row(half);
        for (int64_t from = 0; from < schedule.rows_of(half); from += TOGETHER)
            for (int64_t s = 0; s < schedule.length(first + from); s++) {
                const int64_t to = std::min(from + TOGETHER, schedule.active(half, s));
                for (int64_t i = from; i < to; i++) {
                    const int64_t r = first + i;
                    ids_[schedule.packed(half, s) + i] =
                        in.ids[schedule.source(r) * in.time + schedule.time_of(r, s)];
                }
            }
    }
}

template <class T>
int Recurrence<T>::threads() const {
    return threads_for(product_nanoseconds(schedule.rows(), gates * in.units, width), in.batch);
}

template <class T>
void Recurrence<T>::build_gate_masks() {
    const int64_t row = spread<float>(width);
    gate_masks_.assign(gates * in.batch * row, 1.0f);
    for (int g = 0; g < gates; g++)
        for (int64_t r = 0; r < in.batch; r++) {
            float* mask = gate_masks_.data() + (g * in.batch + r) * row;
            const int64_t b = schedule.source(r);
            if (in.input_dropout) {
                const int64_t which = in.input_dropouts > 1 ? g : 0;
                copy(in.input_dropout + (which * in.batch + b) * in.features, mask + x_at,
                     in.features);
            }
            if (in.recurrent_dropout)
                copy(in.recurrent_dropout + (g * in.batch + b) * in.units, mask + h_at, in.units);
        }
}

template <class T>
void Recurrence<T>::mask_rows(int64_t s, const Own& own, int64_t first, int64_t count,
                              T* scratch) const {
    const Rows<T> rows = stacked(s, own);
    T* target = scratch;
    for (const int g : mask_order_)
        for (int64_t i = first; i < first + count; i++, target += stride)
            copy_scaled(rows[i], gate_mask(g, own.row(i)), target, width);
}

template <class T>
int64_t Recurrence<T>::stretch_before(int64_t to) const {
    // Behind masks: steps after which what a sum costs besides its multiply-adds is little.
    constexpr int64_t IN_CACHE = (1 << 20) / sizeof(T), MASKED = 24 * IN_CACHE, MASKED_STEPS = 100;
    const int64_t most = masks_per_gate_ ? MASKED : IN_CACHE, steps = schedule.steps();
    const int64_t pieces = masks_per_gate_ ? (steps + MASKED_STEPS - 1) / MASKED_STEPS : 1;
    const int64_t most_steps = (steps + pieces - 1) / std::max<int64_t>(pieces, 1);
    const int64_t row = stride + spread<T>(gates * in.units);
    int64_t from = std::max<int64_t>(to - 1, 0);
    const auto rows_from = [&](int64_t s) {
        int64_t rows = 0;
        for (int half = 0; half < schedule.halves(); half++)
            rows += schedule.packed_rows(half, s, to);
        return rows;
    };
    while (from > 0 && to - from < most_steps && rows_from(from - 1) * row <= most)
        from--;
    return from;
}

template <class T>
int64_t Recurrence<T>::most_rows_in_a_stretch() const {
    int64_t most = 0;
    for (int64_t to = schedule.steps(); to > 0;) {
        const int64_t from = stretch_before(to);
        most = std::max(most, schedule.packed_rows(0, from, to));
        to = from;
    }
    return most;
}

template <class T>
void Recurrence<T>::kernel_gradient(const Stretch& stretch, const T* deltas, int64_t stride,
                                    float* out) const {
    add_rows_by_id(deltas, stride, ids_.data() + stretch.first, stretch.rows, gates * in.units,
                   out);
}

template <class T>
void Recurrence<T>::start(const Own& all) const {
    const StateRows<T> first_h = next_h(-1, all);
    for (int64_t i = 0; i < all.count; i++) {
        const int64_t r = all.row(i);
        T* h = first_h[i];
        if (in.initial_h)
            copy(in.initial_h + schedule.source(r) * in.units, h, in.units);
        else
            clear(h, in.units);
    }
}

template <class T>
void Recurrence<T>::read_inputs(int64_t s, const Own& own) const {
    if (h_at == 0) return;  // neither inputs nor ones
    const bool one_mask = in.input_dropout && !masks_per_gate_;
    const Rows<T> rows = stacked(s, own);
    for (int64_t i = 0; i < own.count; i++) {
        const int64_t r = own.row(i), b = schedule.source(r);
        const float* x = in.x + (b * in.time + schedule.time_of(r, s)) * in.features;
        // The next step's input follows, but the processor sees too many sequences to guess it.
        const float* next = in.reversed ? x - in.features : x + in.features;
        for (int64_t at = 0; at < in.features && s + 1 < schedule.length(r); at += LINE<float>)
            __builtin_prefetch(next + at);
        T* row = rows[i];
        if (x_at) store_partial(row, broadcast(1.0f), 1);
        if (h_at > x_at + in.features) store_partial(row + h_at - 1, broadcast(1.0f), 1);
        if (one_mask) {
            copy_scaled(x, in.input_dropout + b * in.features, row + x_at, in.features);
        } else {
            copy(x, row + x_at, in.features);
        }
    }
}

template <class T>
void Recurrence<T>::write_outputs(int64_t s, const Own& own, float* output) const {
    const StateRows<T> states = next_h(s, own);
    for (int64_t i = 0; i < own.count; i++) {
        const int64_t r = own.row(i);
        float* target =
            output + (schedule.source(r) * in.time + schedule.position(r, s)) * in.units;
        if (in.zero_output_for_mask && skips(s, r))
            clear(target, in.units);
        else
            copy(states[i], target, in.units);
    }
}

template <class T>
void Recurrence<T>::finish(const Own& all, const Outputs& out) const {
    for (int64_t i = 0; i < all.count; i++) {
        const int64_t r = all.row(i), b = schedule.source(r);
        const T* h = final_h_ + r * spread<T>(in.units);
        copy(h, out.h + b * in.units, in.units);
        if (!in.return_sequences) {
            copy(h, out.output + b * in.units, in.units);
            continue;
        }
        // Masked steps at either end repeat the state that is carried past them.
        const int64_t from = schedule.position(r, 0), to = from + schedule.length(r);
        for (int64_t p = 0; p < in.time; p++) {
            if (p >= from && p < to) continue;
            float* target = out.output + (b * in.time + p) * in.units;
            const bool before = p < from && schedule.length(r) > 0;
            if (in.zero_output_for_mask || (before && !in.initial_h))
                clear(target, in.units);
            else if (before)
                copy(in.initial_h + b * in.units, target, in.units);
            else
                copy(h, target, in.units);
        }
    }
}

template <class T>
void Recurrence<T>::start_gradients(const Own& all, const OutputGradients& given, float* dh) const {
    for (int64_t i = 0; i < all.count; i++) {
        const int64_t r = all.row(i), b = schedule.source(r);
        float* row = dh + r * spread<float>(in.units);
        if (given.h)
            copy(given.h + b * in.units, row, in.units);
        else
            clear(row, in.units);
        if (!given.output) continue;
        if (!in.return_sequences) {
            add(given.output + b * in.units, row, in.units);
        } else if (!in.zero_output_for_mask) {
            // Outputs past the end repeat the final state.
            for (int64_t p = schedule.position(r, schedule.length(r)); p < in.time; p++)
                add(given.output + (b * in.time + p) * in.units, row, in.units);
        }
    }
}

template <class T>
void Recurrence<T>::add_output_gradients(int64_t s, const Own& own, const float* d_output,
                                         float* dh) const {
    for (int64_t i = 0; i < own.count; i++) {
        const int64_t r = own.row(i);
        if (in.zero_output_for_mask && skips(s, r)) continue;
        add(d_output + (schedule.source(r) * in.time + schedule.position(r, s)) * in.units,
            dh + r * spread<float>(in.units), in.units);
    }
}

template <class T>
void Recurrence<T>::write_input_gradients(int64_t s, const Own& own, const float* dx,
                                          float* out) const {
    const bool one_mask = in.input_dropout && !masks_per_gate_;
    for (int64_t i = 0; i < own.count; i++) {
        const int64_t r = own.row(i), b = schedule.source(r);
        const float* row = dx + r * spread<float>(in.features);
        float* target = out + (b * in.time + schedule.time_of(r, s)) * in.features;
        if (one_mask) {
            copy_scaled(row, in.input_dropout + b * in.features, target, in.features);
        } else {
            copy(row, target, in.features);
        }
    }
}

template <class T>
void Recurrence<T>::finish_gradients(const Own& all, const OutputGradients& given, const float* dh,
                                     const InputGradients& wanted) const {
    for (int64_t i = 0; i < all.count; i++) {
        const int64_t r = all.row(i), b = schedule.source(r);
        const int64_t from = schedule.position(r, 0), to = from + schedule.length(r);
        float* target = wanted.h + b * in.units;
        copy(dh + r * spread<float>(in.units), target, in.units);
        const bool repeats = given.output && in.return_sequences && !in.zero_output_for_mask;
        // Outputs before the first valid step repeat the initial state.
        for (int64_t p = 0; repeats && p < from; p++)
            add(given.output + (b * in.time + p) * in.units, target, in.units);
        if (!wanted.x) continue;
        for (int64_t p = 0; p < in.time; p++) {
            if (p >= from && p < to) continue;
            const int64_t t = in.reversed ? in.time - 1 - p : p;
            clear(wanted.x + (b * in.time + t) * in.features, in.features);
        }
    }
}

template class Recurrence<float>;
#if LEFTFOLD_BFLOAT16
template class Recurrence<bfloat16>;
#endif

}  // namespace leftfold
