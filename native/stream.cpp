#include "stream.hpp"

#include <algorithm>

#include "simd.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// Rows of a block: a multiple of every tile's height, enough of them that weights from the outer
// cache are read seldom, few enough that their slots stay in the inner one.
constexpr int64_t BLOCK = 96;

}  // namespace

StreamProgram::StreamProgram(std::vector<int64_t> widths) : widths_(std::move(widths)) {
    for (size_t slot = 1; slot + 1 < widths_.size(); slot++)
        row_floats_ += block_step(widths_[slot]);
}

void StreamProgram::add(std::unique_ptr<StreamOperation> operation) {
    scratch_width_ = std::max(scratch_width_, block_step(operation->scratch_width()));
    nanoseconds_ += operation->nanoseconds();
    operations_.push_back(std::move(operation));
    memory_.clear();
    slots_.clear();
    reserve(1);
}

void StreamProgram::reserve(int threads) {
    while (static_cast<int>(memory_.size()) < threads) {
        memory_.emplace_back(BLOCK * (row_floats_ + scratch_width_));
        slots_.emplace_back(widths_.size());
    }
}

void StreamProgram::step(int64_t count, const float* x, const int32_t* ids, const int64_t* sessions,
                         float* states, int64_t states_step, float* out) {
    const int64_t blocks = (count + BLOCK - 1) / BLOCK;
    const int threads = count == 1 ? 1 : threads_for(nanoseconds_ * count, blocks);
    reserve(threads);
    in_parallel(threads, [&](int thread, int team) {
        for (int64_t i = thread; i < blocks; i += team) {
            // As even as possible, so that no thread ends with a small rest.
            const int64_t first = count * i / blocks, last = count * (i + 1) / blocks;
            Block block{last - first, nullptr,         ids ? ids + first : nullptr, nullptr, states,
                        states_step,  sessions + first};
            run_block(thread, block, x + first * input_width(), out + first * output_width());
        }
    });
}

void StreamProgram::run_block(int thread, Block& block, const float* x, float* out) {
    std::vector<BlockRows>& slots = slots_[thread];
    float* memory = memory_[thread].data();
    // Slots of the input are only read.
    slots.front() = {const_cast<float*>(x), input_width()};
    slots.back() = {out, output_width()};
    for (size_t slot = 1; slot + 1 < slots.size(); slot++) {
        slots[slot] = {memory, block_step(widths_[slot])};
        memory += block.count * slots[slot].step;
    }
    block.slots = slots.data();
    block.scratch = memory;
    for (const auto& operation : operations_)
        operation->run(block);
}

}  // namespace leftfold
