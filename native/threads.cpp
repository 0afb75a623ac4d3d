#include "threads.hpp"

#include <pthread.h>

namespace leftfold {

namespace {
int limit = 1;

// A forked child has none of its parent's threads, but some OpenMP runtimes (GCC's) would wait
// for them for ever, whichever library in the parent had started them.
bool forked = false;
[[maybe_unused]] const int follows_forks = pthread_atfork(nullptr, nullptr, [] { forked = true; });
}  // namespace

int thread_limit() {
    return forked ? 1 : limit;
}

void set_thread_limit(int count) {
    limit = count;
}

}  // namespace leftfold
