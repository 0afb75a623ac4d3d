// Gated recurrent unit (Cho et al. 2014), in both variants that Keras has.
//
//     z = sigmoid(x Wz + h Rz + bz)                 update gate
//     r = sigmoid(x Wr + h Rr + br)                 reset gate
//     g = tanh(x Wg + b + r * (h Rg + b'))          candidate, reset after the product
//     g = tanh(x Wg + b + (r * h) Rg)               candidate, reset before the product
//     h = z * h + (1 - z) * g
//
// A stacked row is [1 x 1 h]: input and recurrent biases are rows of their own, the second
// only where the reset comes after. Per row four values are kept, in this order: z, r, the
// candidate's input part (then g itself), and its recurrent part (or r * h). Keras's gate order
// is z, r, g, so the first three are the columns of the input product as they stand.
#pragma once

#include <memory>

#include "gate_product.hpp"

namespace leftfold {

template <class T>
class Gru {
  public:
    // `inputs.bias` is (2, 3 * units) if `reset_after`, else (3 * units).
    Gru(const Inputs& inputs, bool reset_after, const Allocate& allocate);

    // Fills output and h.
    void forward(const Outputs& out);

    // After `forward` with `keep`. `wanted.weights` receives the gradient of the stacked matrix
    // [b; W; b'; R], `weight_rows()` by 3 * units, without the rows that do not exist.
    void backward(const OutputGradients& given, const InputGradients& wanted);

    int64_t weight_rows() const { return r_.width; }

  private:
    static constexpr bool ROUNDED = !std::is_same_v<T, float>;
    const bool reset_after_;
    Recurrence<T> r_;
    int64_t gates_row_;
    T* gates_;
    // Where rows of h are rounded: the states as floats, one row per sequence. A gate that hardly
    // moves its state would otherwise not move it at all.
    float* carried_ = nullptr;
    // Depth of the input and recurrent parts of a stacked row, and where the second starts.
    int64_t x_depth_, h_from_, h_depth_;
    Aligned<T> panels_;
    std::unique_ptr<Panels<T>> candidate_;  // Rg alone, where the reset comes before
    std::unique_ptr<GateProduct<T>> to_h_, to_x_, to_reset_h_;

    Rows<T> gates(int64_t s, const Own& own) const {
        return {gates_ + r_.slot(s, own) * gates_row_, own.team * gates_row_};
    }
    // The states before step s.
    auto carried(int64_t s, const Own& own) const {
        if constexpr (ROUNDED)
            return r_.of_batch(carried_, r_.in.units, own);
        else
            return r_.previous_h(s, own);
    }
    const float* recurrent_bias() const;
    void start_carried(const Allocate& allocate);
    void pack_weights();
    void pack_transposed_weights();
    template <bool MASKED, bool RESET_AFTER, class Phi, class Sigma>
    void step(int64_t s, const Own& own, T* scratch, Phi phi, Sigma sigma) const;
    template <class Phi>
    void candidate_step(int64_t s, const Own& own, Phi phi) const;
    template <class Phi, class Sigma>
    void deltas(int64_t s, const Own& own, float* dh, Phi phi, Sigma sigma) const;
    template <class Sigma>
    void reset_deltas(int64_t s, const Own& own, float* dh, float* d_reset_h, Sigma sigma) const;
    void weight_gradients(const Stretch& stretch, const Sums& sums) const;
};

}  // namespace leftfold
