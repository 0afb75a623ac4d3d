// Products of inputs with the kernel where each gate drops features of its own.
//
// A mask is the same at every step of a sequence. So some steps of one sequence are multiplied
// together, before the recurrence comes to them, and features that are dropped are left out: no
// copies are masked, and their multiply-adds are saved.
#pragma once

#include <vector>

#include "operand.hpp"

namespace leftfold {

struct Inputs;

class MaskedInputs {
  public:
    // Steps that are multiplied together: the rows of a tile.
    static constexpr int STEPS = tile_rows(SPAN);

    // Whether masks have zeros and one other number, so that products can be scaled by it.
    static bool can_multiply(const Inputs& inputs);

    MaskedInputs(const Inputs& inputs, int gates);

    // From one product to the next: a row of all gates.
    int64_t row() const { return row_; }

    // The products, plus the bias, of `steps` rows of sequence b of the batch, which lie at
    // x[0] .. x[steps - 1]; they go to `out`, `row()` apart.
    void multiply(int64_t b, const float* const* x, int steps, float* out) const;

  private:
    const Inputs& in_;
    int64_t row_;
    std::vector<Panels<float>> panels_;  // one for each gate
    float scale_ = 1.0f;
    // For every gate, or for all of them, and every sequence: which features are kept.
    int64_t lists_;
    std::vector<int32_t> kept_;
    std::vector<int64_t> counts_;
};

}  // namespace leftfold
