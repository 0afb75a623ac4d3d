// Threads: how many, and the floating-point mode they compute in.
#pragma once

#include <cstdint>
#include <type_traits>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace leftfold {

constexpr int MOST_THREADS = 1024;

// The most threads a kernel may use; set from Python. One in a forked child process.
int thread_limit();
void set_thread_limit(int count);

// Threads worth asking for work that takes one of them so many nanoseconds, roughly, when at most
// `parts` can share it. Waking a thread takes microseconds, and it needs the data in its cache.
inline int threads_for(double nanoseconds, int64_t parts) {
    constexpr double WORTH_A_THREAD = 20e3;
    int64_t count = static_cast<int64_t>(nanoseconds / WORTH_A_THREAD);
    if (count > thread_limit()) count = thread_limit();
    if (count > parts) count = parts;
    return count < 1 ? 1 : static_cast<int>(count);
}

// What a product of an (m, depth) and a (depth, n) matrix takes.
inline double product_nanoseconds(double m, double n, double depth) {
    return 2 * m * n * depth / 100;
}

// While it lives, numbers too small for the normal range count as zero on this thread.
// Arithmetic on such numbers can be a hundred times slower, and fading states produce them.
class FlushDenormals {
#if defined(__SSE2__)
    unsigned saved = _mm_getcsr();

  public:
    FlushDenormals() { _mm_setcsr(saved | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(saved); }
#elif defined(__aarch64__)
    uint64_t saved;

  public:
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(saved));
        asm volatile("msr fpcr, %0" ::"r"(saved | (uint64_t{1} << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved)); }
#else
  public:
    FlushDenormals() {}
#endif
};

// Runs `run(body, part, parts)` for every part, on this thread and those of the pool that are free,
// and throws what one of them threw.
void run_parts(int parts, void (*run)(void* body, int part, int parts), void* body);

// Runs `body(thread, threads)` for every thread of a team. What a thread does follows from its
// number alone, so results are the same whoever runs it; where others are busy, this thread runs
// their share too.
template <class Body>
void in_parallel(int threads, Body&& body) {
    if (threads <= 1) {
        FlushDenormals guard;
        body(0, 1);
        return;
    }
    const auto run = [](void* it, int part, int parts) {
        FlushDenormals guard;
        (*static_cast<std::remove_reference_t<Body>*>(it))(part, parts);
    };
    run_parts(threads, run, &body);
}

// Calls `body(i)` for every i below `count`, each of which takes one thread so many nanoseconds: on
// as many threads as are worth it, neighbours on the same.
template <class Body>
void share_out(int64_t count, double nanoseconds, Body&& body) {
    in_parallel(threads_for(nanoseconds * count, count), [&](int thread, int team) {
        for (int64_t i = count * thread / team; i < count * (thread + 1) / team; i++)
            body(i);
    });
}

}  // namespace leftfold
