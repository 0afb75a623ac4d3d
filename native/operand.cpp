#include "operand.hpp"

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

template class Panels<float>;
#if LEFTFOLD_BFLOAT16
template class Panels<bfloat16>;
#endif

}  // namespace leftfold
