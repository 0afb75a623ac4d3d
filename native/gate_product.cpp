#include "gate_product.hpp"

namespace leftfold {

template <class T>
Panels<T>::Panels(int64_t columns, int64_t depth, int64_t lead)
    : columns_(columns),
      depth_(depth),
      lead_(lead),
      loose_(std::is_same_v<T, float> && are_loose(columns % LANES, depth - lead) ? columns % LANES
                                                                                  : 0),
      vectors_(padded(columns - loose_) / LANES),
      spans_((vectors_ + SPAN - 1) / SPAN),
      data_(room_for_panels<T>(vectors_, depth)) {
    if (loose_) data_.resize(data_.size() + lead * LANES + loose_ * padded(depth - lead), T{});
}

template <class T>
void Panels<T>::pack(MatrixView source, int64_t at, int64_t depth) {
    for_each([&](const Panel<T>& panel, auto size) {
        constexpr int COUNT = decltype(size)::value;
        T* target = const_cast<T*>(panel.data);
        if constexpr (std::is_same_v<T, float>)
            if (panel.loose && at >= lead_) {
                const int64_t step = padded(depth_ - lead_);
                for (int c = 0; c < panel.loose; c++)
                    for (int64_t k = 0; k < depth; k++)
                        target[lead_ * LANES + c * step + at - lead_ + k] =
                            *source.at(k, panel.column + c);
                return;
            }
        for (int v = 0; v < COUNT; v++) {
            const int64_t first = panel.column + v * LANES;
            const MatrixView part{source.at(0, first), source.row_stride, source.column_stride};
            pack_column(part, depth, columns_ - first, target + v * VECTOR_STEP<T>, COUNT * LANES,
                        at);
        }
    });
}

template <class T>
void GateProduct<T>::add_segment(int64_t at, int64_t weight_row, int64_t depth, int mask) {
    Panels<T> panels(columns_, depth);
    panels.pack({weights_.at(weight_row, 0), weights_.row_stride, weights_.column_stride}, 0,
                depth);
    segments_.push_back({at, mask, std::move(panels)});
}

template <class T>
void GateProduct<T>::run(const Recurrence<T>& recurrence, const Own& own, const Rows<T>& gates,
                         const Rows<float>& out, bool accumulate, const Ahead<T>& ahead) const {
    for (const Segment& segment : segments_) {
        const int64_t length = &segment == &segments_.front() ? ahead.length : 0;
        segment.panels.for_each([&](const Panel<T>& panel, auto width) {
            const int64_t column = panel.column;
            constexpr int WIDTH = decltype(width)::value;
            // Every panel asks for its share.
            const int64_t from = length * column / columns_;
            const int64_t to = length * (column + WIDTH * LANES) / columns_;
            for_each_tile<tile_rows<T>(WIDTH), T>(own.count, [&](int64_t first, auto size) {
                constexpr int SIZE = decltype(size)::value;
                for (int i = 0; i < size; i++)
                    for (int64_t at = from; at < to; at += LINE<T>)
                        __builtin_prefetch(ahead.rows[first + i] + at);
                Tile<SIZE, WIDTH> tile(size);
                tile.clear();
                panel.add_product(tile, gates[first] + segment.at, gates.step);
                for (int i = 0; i < size; i++) {
                    float* target = out[first + i] + column;
                    const float* mask =
                        segment.mask == NO_MASK
                            ? nullptr
                            : recurrence.gate_mask(segment.mask, own.row(first + i)) + mask_at_ +
                                  column;
                    for (int v = 0; v < WIDTH; v++) {
                        const int64_t left = columns_ - column - v * LANES;
                        const Vector y = tile.at[i][v];
                        const Vector old =
                            accumulate ? load_partial(target + v * LANES, left) : Vector{};
                        const Vector sum =
                            mask ? multiply_add(y, load_partial(mask + v * LANES, left), old)
                                 : y + old;
                        store_partial(target + v * LANES, sum, left);
                    }
                }
            });
        });
        accumulate = true;
    }
}

template class Panels<float>;
template class GateProduct<float>;
#if LEFTFOLD_BFLOAT16
template class Panels<bfloat16>;
template class GateProduct<bfloat16>;
#endif

}  // namespace leftfold
