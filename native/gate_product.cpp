#include "gate_product.hpp"

namespace leftfold {

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

template class GateProduct<float>;
#if LEFTFOLD_BFLOAT16
template class GateProduct<bfloat16>;
#endif

}  // namespace leftfold
