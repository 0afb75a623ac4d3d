// Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate by Gers et al. 2000).
//
//     [i f g o] = [1 x h] [b; W; R]          the four gates, before their activations
//     i, f, o   = sigmoid(i), sigmoid(f), sigmoid(o)
//     g         = tanh(g)
//     c         = f * c + i * g              the cell state
//     h         = o * tanh(c)                the hidden state
#pragma once

#include <memory>

#include "recurrent.hpp"

namespace leftfold {

template <class T>
class Lstm {
  public:
    Lstm(const Inputs& inputs, const Allocate& allocate);

    // Fills output, h and c.
    void forward(const Outputs& out);

    // After `forward` with `keep`. `wanted.weights` receives the gradient of the stacked matrix
    // [b; W; R], `rows()` by 4 * units, without the first row if there is no bias.
    void backward(const OutputGradients& given, const InputGradients& wanted);

    int64_t weight_rows() const { return r_.width; }

  private:
    Recurrence<T> r_;
    int64_t gates_row_;
    T* gates_ = nullptr;  // activated gates i f g o; backward turns them into gradients
    float* cells_;        // cell states, after one row per sequence of initial ones
    Aligned<T> panels_;
    std::unique_ptr<GateProduct<T>> to_h_, to_x_;

    // The cell states before step s.
    Rows<float> cells(int64_t s, const Own& own) const;
    Rows<T> gates(int64_t s, const Own& own) const {
        return {gates_ + r_.slot(s, own) * gates_row_, own.team * gates_row_};
    }
    // How many vectors of units the block has that begins with this one.
    int vectors_of_block(int64_t unit) const;
    void pack_weights();
    void pack_transposed_weights();
    template <bool MASKED, class Phi, class Sigma>
    void step(int64_t s, const Own& own, const T* masked, Phi phi, Sigma sigma) const;
    template <bool MASKED, int VECTORS, class Phi, class Sigma>
    void step_block(int64_t s, const Own& own, const T* masked, int64_t first_unit, Phi phi,
                    Sigma sigma) const;
    template <class Phi, class Sigma>
    void deltas(int64_t s, const Own& own, float* dh, float* dc, Phi phi, Sigma sigma) const;
    void weight_gradients(const Stretch& stretch, const Sums& sums) const;
};

}  // namespace leftfold
