// Threads: how many, and the floating-point mode they compute in.
#pragma once

#include <omp.h>

#include <cstdint>
#include <exception>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace leftfold {

// The most threads a kernel may use; set from Python. One in a forked child process.
int thread_limit();
void set_thread_limit(int count);

// Threads worth starting for work that takes one of them so many nanoseconds, roughly, when at
// most `parts` can share it. Waking a thread costs microseconds on an idle machine and far more
// on a busy one, where the others wait for it.
inline int threads_for(double nanoseconds, int64_t parts) {
    constexpr double WORTH_A_THREAD = 50e3;
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

// Runs `body(thread, threads)` on `threads` threads, and throws what one of them threw.
template <class Body>
void in_parallel(int threads, Body&& body) {
    if (threads <= 1) {
        FlushDenormals guard;
        body(0, 1);
        return;
    }
    std::exception_ptr failure;
#pragma omp parallel num_threads(threads)
    {
        FlushDenormals guard;
        try {
            body(omp_get_thread_num(), omp_get_num_threads());
        } catch (...) {
#pragma omp critical
            failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace leftfold
