// A vector that starts on a cache line, so that no panel load straddles two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace leftfold {

constexpr std::align_val_t CACHE_LINE{64};

// Large blocks that a thread has given back, for the kernel that it runs next: memory fresh from
// the system costs a page fault for every four kilobytes.
class SpareBlocks {
  public:
    ~SpareBlocks() {
        closed() = true;
        for (const Block& block : blocks_)
            operator delete(block.memory, CACHE_LINE);
    }

    // The size in which a block of so many bytes comes: sizes of a kind share their blocks.
    static size_t rounded(size_t bytes) {
        if (bytes < SMALLEST) return bytes;
        size_t size = SMALLEST;
        while (size < bytes)
            size *= 2;
        return size;
    }

    static void* take(size_t bytes) {
        if (bytes >= SMALLEST && !closed())
            for (Block& block : of_thread().blocks_)
                if (block.bytes == bytes) {
                    void* memory = block.memory;
                    block = {};
                    return memory;
                }
        return operator new(bytes, CACHE_LINE);
    }

    static void give_back(void* memory, size_t bytes) {
        if (bytes >= SMALLEST && bytes <= LARGEST && !closed()) {
            SpareBlocks& spare = of_thread();
            Block& oldest = spare.blocks_[spare.next_++ % COUNT];
            operator delete(oldest.memory, CACHE_LINE);
            oldest = {memory, bytes};
        } else {
            operator delete(memory, CACHE_LINE);
        }
    }

  private:
    static constexpr size_t SMALLEST = 1 << 16, LARGEST = 1 << 24, COUNT = 16;

    struct Block {
        void* memory = nullptr;
        size_t bytes = 0;
    };
    Block blocks_[COUNT];
    size_t next_ = 0;

    static SpareBlocks& of_thread() {
        thread_local SpareBlocks spare;
        return spare;
    }
    // Whether this thread is ending and keeps nothing more.
    static bool& closed() {
        thread_local bool is = false;
        return is;
    }
};

template <class T>
struct CacheLineAllocator {
    using value_type = T;

    CacheLineAllocator() = default;
    template <class U>
    CacheLineAllocator(const CacheLineAllocator<U>&) {}

    T* allocate(size_t count) {
        return static_cast<T*>(SpareBlocks::take(SpareBlocks::rounded(count * sizeof(T))));
    }
    void deallocate(T* p, size_t count) {
        SpareBlocks::give_back(p, SpareBlocks::rounded(count * sizeof(T)));
    }
    // Leaves floats uninitialised when a vector is made by size alone.
    template <class U>
    void construct(U* p) {
        ::new (static_cast<void*>(p)) U;
    }
    template <class U, class... Args>
    void construct(U* p, Args&&... args) {
        ::new (static_cast<void*>(p)) U(static_cast<Args&&>(args)...);
    }
    bool operator==(const CacheLineAllocator&) const { return true; }
};

// Elements of a cache line.
template <class T>
constexpr int64_t LINE = 64 / sizeof(T);

template <class T>
using Aligned = std::vector<T, CacheLineAllocator<T>>;
using Floats = Aligned<float>;

}  // namespace leftfold
