#include "threads.hpp"

namespace leftfold {

namespace {
int limit = 1;
}

int thread_limit() { return limit; }

void set_thread_limit(int count) { limit = count < 1 ? 1 : count; }

}  // namespace leftfold
