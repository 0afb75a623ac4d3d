// The simple recurrent network (Elman 1990).
//
//     h = activation([1 x h] [b; W; R])
#pragma once

#include <memory>

#include "recurrent.hpp"

namespace leftfold {

class SimpleRnn {
  public:
    SimpleRnn(const Inputs& inputs, const Allocate& allocate);

    // Fills output and h.
    void forward(const Outputs& out);

    // After `forward` with `keep`. `wanted.weights` receives the gradient of [b; W; R].
    void backward(const OutputGradients& given, const InputGradients& wanted);

    int64_t weight_rows() const { return r_.width; }

  private:
    Recurrence r_;
    int64_t deltas_row_;
    float* deltas_ = nullptr;  // gradients before the activation, filled by backward
    Panels panels_;
    std::unique_ptr<GateProduct> to_h_, to_x_;

    Rows delta_rows(int64_t s, const Own& own) const {
        return {deltas_ + r_.slot(s, own.first) * deltas_row_, own.team * deltas_row_};
    }
    template <class Phi>
    void step(int64_t s, const Own& own, const float* masked, Phi phi) const;
    template <class Phi>
    void deltas(int64_t s, const Own& own, float* dh, Phi phi) const;
    void weight_gradient(const Stretch& stretch, float* out) const;
};

}  // namespace leftfold
