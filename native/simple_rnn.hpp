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
    int64_t states_row_;
    float* states_ = nullptr;  // activated states; backward turns them into gradients
    Panels panels_;
    std::unique_ptr<GateProduct> to_h_, to_x_;

    Rows states(int64_t s, const Own& own) const {
        return {states_ + r_.slot(s, own.first) * states_row_, own.team * states_row_};
    }
    template <class Phi>
    void step(int64_t s, const Own& own, const float* masked, Phi phi) const;
    template <class Phi>
    void deltas(int64_t s, const Own& own, float* dh, Phi phi) const;
};

}  // namespace leftfold
