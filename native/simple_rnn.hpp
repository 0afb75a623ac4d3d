// The simple recurrent network (Elman 1990).
//
//     h = activation([1 x h] [b; W; R])
#pragma once

#include <memory>

#include "gate_product.hpp"

namespace leftfold {

template <class T>
class SimpleRnn {
  public:
    SimpleRnn(const Inputs& inputs, const Allocate& allocate);

    // Fills output and h.
    void forward(const Outputs& out);

    // After `forward` with `keep`. `wanted.weights` receives the gradient of [b; W; R].
    void backward(const OutputGradients& given, const InputGradients& wanted);

    int64_t weight_rows() const { return r_.width; }

  private:
    Recurrence<T> r_;
    int64_t deltas_row_;
    // Gradients before the activation, of the stretch that backward works on in each half.
    Aligned<T> deltas_;
    int64_t deltas_of_half_ = 0;
    Panels<T> panels_;
    std::unique_ptr<GateProduct<T>> to_h_, to_x_;

    T* deltas_of(const Stretch& stretch) {
        return deltas_.data() + stretch.half * deltas_of_half_ * deltas_row_;
    }
    Rows<T> delta_rows(const Stretch& stretch, int64_t s, const Own& own) {
        const int64_t row = r_.packed(s, own) - stretch.first;
        return {deltas_of(stretch) + row * deltas_row_, own.team * deltas_row_};
    }
    template <class Phi>
    void step(int64_t s, const Own& own, T* scratch, Phi phi) const;
    template <class Phi>
    void deltas(const Stretch& stretch, int64_t s, const Own& own, float* dh, Phi phi);
    void weight_gradient(const Stretch& stretch, const Sums& sums);
};

}  // namespace leftfold
