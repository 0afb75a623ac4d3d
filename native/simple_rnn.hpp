// The simple recurrent network (Elman 1990).
//
//     h = activation([1 x h] [b; W; R])
#pragma once

#include <memory>

#include "recurrent.hpp"

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
    T* deltas_ = nullptr;  // gradients before the activation, of the stretch backward works on
    Panels<T> panels_;
    std::unique_ptr<GateProduct<T>> to_h_, to_x_;

    Rows<T> delta_rows(const Stretch& stretch, int64_t s, const Own& own) const {
        const int64_t row = r_.slot(s, own.first) - stretch.first;
        return {deltas_ + row * deltas_row_, own.team * deltas_row_};
    }
    template <class Phi>
    void step(int64_t s, const Own& own, const T* masked, Phi phi) const;
    template <class Phi>
    void deltas(const Stretch& stretch, int64_t s, const Own& own, float* dh, Phi phi) const;
    void weight_gradient(const Stretch& stretch, const Sums& sums) const;
};

}  // namespace leftfold
