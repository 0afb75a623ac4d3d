// A model compiled for streams: one step of many independent sequences in one call.
//
// The model is a list of operations over slots, each a vector of known width for every row. A row
// of a call belongs to a session; the states of all operations for a session stand in one row of
// an array that the caller owns. Rows are computed in blocks that fit the cache beside the weights:
// all operations on one block, then the next block. Threads share the blocks.
//
// All memory is there before a step begins.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"

namespace leftfold {

// Floats from one row of a slot to the next: whole cache lines, and not a power of two, so that
// rows do not fall on the same cache sets.
constexpr int64_t block_step(int64_t width) {
    const int64_t lines = (width + 15) / 16 * 16;
    return lines % 128 == 0 ? lines + 16 : lines;
}

// One row of memory for every row of a block.
struct BlockRows {
    float* first;
    int64_t step;

    float* operator[](int64_t i) const { return first + i * step; }
};

// The rows of one block, as operations see them.
struct Block {
    int64_t count;
    const BlockRows* slots;
    const int32_t* ids;  // of each row, where the model reads ids
    float* scratch;      // what `StreamOperation::scratch_width` asks for, per row

    float* states;
    int64_t states_step;
    const int64_t* sessions;  // the row of `states` of each row

    float* state(int64_t row, int64_t at) const {
        return states + sessions[row] * states_step + at;
    }
};

class StreamOperation {
  public:
    virtual ~StreamOperation() = default;
    virtual void run(const Block& block) const = 0;
    // Floats of scratch memory for each row of a block.
    virtual int64_t scratch_width() const { return 0; }
    // Roughly, per row.
    virtual double nanoseconds() const = 0;
};

class StreamProgram {
  public:
    // Slot 0 is the input and the last one the output; `widths` has the width of each. An input of
    // ids has width 0.
    explicit StreamProgram(std::vector<int64_t> widths);

    void add(std::unique_ptr<StreamOperation> operation);

    const std::vector<int64_t>& widths() const { return widths_; }
    bool reads_ids() const { return widths_.front() == 0; }
    int64_t input_width() const { return widths_.front(); }
    int64_t output_width() const { return widths_.back(); }

    // One step of `count` rows: x is (count, input_width), or there are ids; out is
    // (count, output_width); `sessions` has each row's place in `states`.
    void step(int64_t count, const float* x, const int32_t* ids, const int64_t* sessions,
              float* states, int64_t states_step, float* out);

  private:
    std::vector<int64_t> widths_;
    std::vector<std::unique_ptr<StreamOperation>> operations_;
    int64_t row_floats_ = 0, scratch_width_ = 0;
    double nanoseconds_ = 0;
    std::vector<Floats> memory_;                 // of each thread
    std::vector<std::vector<BlockRows>> slots_;  // of each thread

    void reserve(int threads);
    void run_block(int thread, Block& block, const float* x, float* out);
};

}  // namespace leftfold
