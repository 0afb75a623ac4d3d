// A vector that starts on a cache line, so that no panel load straddles two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace leftfold {

template <class T>
struct CacheLineAllocator {
    using value_type = T;
    static constexpr std::align_val_t LINE{64};

    CacheLineAllocator() = default;
    template <class U>
    CacheLineAllocator(const CacheLineAllocator<U>&) {}

    T* allocate(size_t count) { return static_cast<T*>(operator new(count * sizeof(T), LINE)); }
    void deallocate(T* p, size_t) { operator delete(p, LINE); }
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
