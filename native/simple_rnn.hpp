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
    float* states_ = nullptr;   // activated states; backward turns them into gradients
    Panels panels_;
    std::unique_ptr<GateProduct> to_h_, to_x_;

    float* states(int64_t s, int64_t r) const { return states_ + r_.slot(s, r) * states_row_; }
    void step(int64_t s, const Own& own, const float* a, int64_t a_row) const;
    void deltas(int64_t s, const Own& own, float* dh) const;
};

}  // namespace leftfold
