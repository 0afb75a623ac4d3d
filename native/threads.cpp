#include "threads.hpp"

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

// Threads that take parts of a job as they come. The caller takes parts as well, and waits only
// for those that another thread has begun: one that sleeps, or that the system runs something
// else on, delays nobody. That is what OpenMP's teams cannot do, which begin and end together.
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
        parts_ = parts;
        unfinished_.store(parts, std::memory_order_relaxed);
        ticket_.store((ticket_.load(std::memory_order_relaxed) | LEFT) + 1 + parts);
        if (sleepers_.load() > 0) wake(parts - 1);
        while (take_part()) {
        }
        for (int round = 0; unfinished_.load(std::memory_order_acquire) > 0; round++)
            round < 10000 ? relax() : std::this_thread::yield();
        const std::exception_ptr failure = std::exchange(failure_, nullptr);
        busy_.store(false, std::memory_order_release);
        if (failure) std::rethrow_exception(failure);
    }

  private:
    // The number of the job, and in the lower half how many of its parts nobody has taken yet.
    static constexpr uint64_t LEFT = 0xffffffff;
    std::atomic<uint64_t> ticket_{0};
    std::atomic<int> unfinished_{0}, sleepers_{0};
    std::atomic<bool> busy_{false};
    int hired_ = 0;

    // The job. Nobody reads it who has not taken a part, and it stays until all are done.
    void (*run_)(void*, int, int) = nullptr;
    void* body_ = nullptr;
    int parts_ = 0;

    std::mutex mutex_;
    std::condition_variable work_to_do_;
    std::exception_ptr failure_;

    bool has_work() const { return (ticket_.load() & LEFT) != 0; }

    bool take_part() {
        uint64_t ticket = ticket_.load();
        while (ticket & LEFT)
            if (ticket_.compare_exchange_weak(ticket, ticket - 1)) {
                try {
                    run_(body_, static_cast<int>(ticket & LEFT) - 1, parts_);
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
                std::thread([this] { work(); }).detach();
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

    void work() {
        for (;;) {
            while (take_part()) {
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
    limit = count;
}

void run_parts(int parts, void (*run)(void* body, int part, int parts), void* body) {
    pool().run(parts, run, body);
}

}  // namespace leftfold
