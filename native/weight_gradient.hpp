// The gradient of a cell's weights: A^T * B, a sum over the packed rows of a stretch, where A holds
// stacked rows [1 x h] and B gate gradients.
//
// A dropout mask stays the same for all steps of a sequence. So a gate that has masks of its own
// needs no masked copies of the rows: sequence by sequence, columns of A that are dropped are left
// out, which saves their multiply-adds, and sums of the others are scaled as they are added up.
#pragma once

#include <vector>

#include "recurrent.hpp"

namespace leftfold {

// Stacked columns [from, from + rows) against gate gradients [at, at + columns): rows from `from`
// on and columns from `to` on of the gradient. Where masks differ by gate, those of `gate` apply.
struct WeightPart {
    int64_t from, rows, at, columns, to;
    int gate = 0;
};

// Adds all parts, or writes them where `sums` does not accumulate. `deltas` has the gate gradients
// of the first packed row of the stretch, then those of the others.
template <class T>
void add_weight_gradients(const Recurrence<T>& recurrence, const Stretch& stretch,
                          const Rows<T>& deltas, const std::vector<WeightPart>& parts,
                          const Sums& sums);

}  // namespace leftfold
