// Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate by Gers et al. 2000).
//
//     [i f g o] = [1 x h] [b; W; R]          the four gates, before their activations
//     i, f, o   = sigmoid(i), sigmoid(f), sigmoid(o)
//     g         = tanh(g)
//     c         = f * c + i * g              the cell state
//     h         = o * tanh(c)                the hidden state
#pragma once

#include <memory>

#include "gate_product.hpp"

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
    // The rows of one step: states before and after it, activated gates.
    struct States {
        Rows<T> old_h, gates;
        Rows<float> old_c, new_c;
        StateRows<T> new_h;
    };
    struct Gates {
        Vector i, f, g, o;
    };

    States states_of(int64_t s, const Own& own) const {
        return {r_.previous_h(s, own), gates(s, own), cells(s, own), cells(s + 1, own),
                r_.next_h(s, own)};
    }
    Rows<T> gates(int64_t s, const Own& own) const {
        return {gates_ + r_.slot(s, own) * gates_row_, own.team * gates_row_};
    }
    // How many vectors of units the block has that begins with this one.
    int vectors_of_block(int64_t unit) const;
    // How many of their gates share a vector.
    int gates_in_vector(int64_t unit) const;
    void pack_weights();
    void pack_shared(int64_t unit, int sharing, float* block);
    void pack_transposed_weights();
    template <bool MASKED, class Phi, class Sigma>
    void step(int64_t s, const Own& own, T* scratch, Phi phi, Sigma sigma) const;
    template <bool MASKED, int VECTORS, class Count, class Phi, class Sigma>
    void step_tile(int64_t s, const Own& own, const States& states, int64_t first_unit,
                   int64_t first, Count size, const typename Recurrence<T>::Operand& a, Phi phi,
                   Sigma sigma) const;
    template <int SHARING, class Phi, class Sigma>
    void step_shared(int64_t s, const Own& own, int64_t unit, Phi phi, Sigma sigma) const;
    template <class Phi>
    void set_states(const States& states, int64_t row, int64_t unit, bool skip, const Gates& gates,
                    Phi phi) const;
    template <class Phi, class Sigma>
    void deltas(int64_t s, const Own& own, float* dh, float* dc, Phi phi, Sigma sigma) const;
    void weight_gradients(const Stretch& stretch, const Sums& sums) const;
};

}  // namespace leftfold
