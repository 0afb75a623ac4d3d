#include "threads.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace leftfold {

namespace {

int limit = 1;

// A forked child has none of its parent's threads.
bool forked = false;
#if !defined(_WIN32)
[[maybe_unused]] const int follows_forks = pthread_atfork(nullptr, nullptr, [] { forked = true; });
#endif

using Clock = std::chrono::steady_clock;

// How long a thread that has run out of work looks for more before it goes to sleep: about the
// time between two kernels of a small model, which is less than waking up would take.
constexpr std::chrono::microseconds SPINNING{200};

inline void relax() {
#if defined(__SSE2__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Threads that share the parts of a job. Each begins with the part of its own number, whose rows it
// had in the job before, and goes on with those that nobody has begun. The caller does so as well,
// and waits only for parts that another thread has begun: one that sleeps, or that the system runs
// something else on, delays nobody. That is what OpenMP's teams cannot do, which begin and end
// together.
class Pool {
  public:
    void run(int parts, void (*run)(void*, int, int), void* body) {
        if (busy_.exchange(true, std::memory_order_acquire)) {  // by another thread of Python
            for (int part = 0; part < parts; part++)
                run(body, part, parts);
            return;
        }
        hire(parts - 1);
        run_ = run;
        body_ = body;
        parts_.store(parts, std::memory_order_relaxed);
        unfinished_.store(parts, std::memory_order_relaxed);
        left_.store(parts);
        for (int part = 0; part < parts; part++)
            open_[part].store(true, std::memory_order_release);
        if (sleepers_.load() > 0) wake(parts - 1);
        while (take_part(0)) {
        }
        for (int round = 0; unfinished_.load(std::memory_order_acquire) > 0; round++)
            round < 10000 ? relax() : std::this_thread::yield();
        const std::exception_ptr failure = std::exchange(failure_, nullptr);
        busy_.store(false, std::memory_order_release);
        if (failure) std::rethrow_exception(failure);
    }

  private:
    // The job. Nobody reads it who has not taken a part, and it stays until all are done.
    void (*run_)(void*, int, int) = nullptr;
    void* body_ = nullptr;
    std::atomic<int> parts_{0}, left_{0}, unfinished_{0};
    // Whether a part has to be done and nobody has begun it.
    std::array<std::atomic<bool>, MOST_THREADS> open_{};

    std::atomic<int> sleepers_{0};
    std::atomic<bool> busy_{false};
    int hired_ = 0;

    std::mutex mutex_;
    std::condition_variable work_to_do_;
    std::exception_ptr failure_;

    bool has_work() const { return left_.load() > 0; }

    // Does a part, rather the one with the thread's own number than another.
    bool take_part(int own) {
        const int parts = parts_.load(std::memory_order_relaxed);
        for (int i = 0; i < parts; i++) {
            const int part = (own + i) % parts;
            if (!open_[part].load(std::memory_order_relaxed)) continue;
            if (!open_[part].exchange(false, std::memory_order_acquire)) continue;
            left_.fetch_sub(1);
            try {
                run_(body_, part, parts_.load(std::memory_order_relaxed));
            } catch (...) {
                const std::lock_guard<std::mutex> lock(mutex_);
                failure_ = std::current_exception();
            }
            unfinished_.fetch_sub(1, std::memory_order_release);
            return true;
        }
        return false;
    }

    void hire(int count) {
        try {
            for (; hired_ < count; hired_++)
                std::thread([this, own = hired_ + 1] { work(own); }).detach();
        } catch (const std::system_error&) {
            // There are no more to be had; those there are do the work.
        }
    }

    void wake(int count) {
        mutex_.lock();  // whoever counts as asleep by now waits when this is passed
        mutex_.unlock();
        for (int i = 0; i < count; i++)
            work_to_do_.notify_one();
    }

    void work(int own) {
        for (;;) {
            while (take_part(own)) {
            }
            const auto until = Clock::now() + SPINNING;
            while (!has_work() && Clock::now() < until)
                for (int i = 0; i < 16 && !has_work(); i++)
                    relax();
            if (has_work()) continue;
            std::unique_lock<std::mutex> lock(mutex_);
            sleepers_++;
            work_to_do_.wait(lock, [this] { return has_work(); });
            sleepers_--;
        }
    }
};

// Never destroyed: its threads may outlive everything else.
Pool& pool() {
    static Pool& the = *new Pool;
    return the;
}

}  // namespace

int thread_limit() {
    return forked ? 1 : limit;
}

void set_thread_limit(int count) {
    limit = std::min(count, MOST_THREADS);
}

void run_parts(int parts, void (*run)(void* body, int part, int parts), void* body) {
    pool().run(parts, run, body);
}

}  // namespace leftfold
