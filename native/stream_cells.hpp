// One step of the recurrent cells for the rows of a block. The equations are in lstm.hpp, gru.hpp
// and simple_rnn.hpp.
#pragma once

#include "stream_operations.hpp"

namespace leftfold {

// What the cells have in common. Where the slot `mask` holds 0, the states stay, and the output is
// the old hidden state, or zeros with `zero_output_for_mask`.
struct CellPlace {
    int from, to, mask;
    int64_t state_at;  // h, then c
    bool zero_output_for_mask;
};

OperationPointer stream_simple_rnn(CellPlace place, Weights kernel, Weights recurrent,
                                   const float* bias, Activation activation);
OperationPointer stream_lstm(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
                             Activation activation, Activation recurrent_activation);
// `bias` is (2, 3 * units) if `reset_after`, else (3 * units).
OperationPointer stream_gru(CellPlace place, Weights kernel, Weights recurrent, const float* bias,
                            Activation activation, Activation recurrent_activation,
                            bool reset_after);

}  // namespace leftfold
