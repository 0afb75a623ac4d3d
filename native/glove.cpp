#include "glove.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "activations.hpp"
#include "simd.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// Steps for each place of a row: the place of the other side's bias holds a one that stays.
std::vector<float> rates(const GloveSettings& s, int64_t constant) {
    std::vector<float> rate(padded(s.width), 0.0f);
    std::fill_n(rate.begin(), s.dimensions + 2, s.learning_rate);
    rate[constant] = 0;
    return rate;
}

LEFTFOLD_INLINE void prefetch_row(const float* row, int64_t width) {
    constexpr int64_t LINE = 16;
    for (int64_t k = 0; k < width; k += LINE)
        __builtin_prefetch(row + k, 1);
}

// Two sums, so that one addition need not wait for the last.
LEFTFOLD_INLINE float dot(const float* a, const float* b, int64_t width) {
    Vector even{}, odd{};
    int64_t k = 0;
    for (; k + 2 * LANES <= width; k += 2 * LANES) {
        even = multiply_add(load(a + k), load(b + k), even);
        odd = multiply_add(load(a + k + LANES), load(b + k + LANES), odd);
    }
    for (; k < width; k += LANES)
        even = multiply_add(load_partial(a + k, width - k), load_partial(b + k, width - k), even);
    return sum(even + odd);
}

LEFTFOLD_INLINE Vector step(Vector value, Vector gradient, Vector squares, Vector rate) {
    return value - rate * gradient / square_root(squares);
}

class Pass {
  public:
    Pass(const Factors& words, const Factors& contexts, const CountBlocks& blocks,
         const GloveSettings& settings)
        : words_(words),
          contexts_(contexts),
          blocks_(blocks),
          settings_(settings),
          word_rates_(rates(settings, settings.dimensions + 1)),
          context_rates_(rates(settings, settings.dimensions)) {}

    double run(int64_t block) const {
        const int64_t stop = blocks_.stops[block];
        double loss = 0;
        for (int64_t first = blocks_.starts[block]; first < stop; first += LANES) {
            // f(x) = min(1, (x / x_max)^alpha)
            const Vector logs = load_partial(blocks_.log_counts + first, stop - first);
            const Vector weights =
                at_most(exponential((logs - settings_.log_x_max) * settings_.alpha), 1.0f);
            const int64_t end = std::min<int64_t>(first + LANES, stop);
            for (int64_t i = first; i < end; i++) {
                prefetch(std::min(i + AHEAD, stop - 1));
                loss += update(blocks_.rows[i], blocks_.columns[i], logs[i - first],
                               weights[i - first]);
            }
        }
        return loss;
    }

  private:
    static constexpr int64_t AHEAD = 3;
    Factors words_, contexts_;
    CountBlocks blocks_;
    GloveSettings settings_;
    std::vector<float> word_rates_, context_rates_;

    LEFTFOLD_INLINE void prefetch(int64_t i) const {
        const int64_t word = blocks_.rows[i] * settings_.width;
        const int64_t context = blocks_.columns[i] * settings_.width;
        prefetch_row(words_.values + word, settings_.width);
        prefetch_row(words_.squares + word, settings_.width);
        prefetch_row(contexts_.values + context, settings_.width);
        prefetch_row(contexts_.squares + context, settings_.width);
    }

    LEFTFOLD_INLINE double update(int64_t row, int64_t column, float log_count,
                                  float weight) const {
        const int64_t width = settings_.width;
        float* word = words_.values + row * width;
        float* word_squares = words_.squares + row * width;
        float* context = contexts_.values + column * width;
        float* context_squares = contexts_.squares + column * width;
        const float error = dot(word, context, width) - log_count;
        const float slope = weight * error;
        const auto at = [&](int64_t k, int64_t left) {
            const Vector w = load_partial(word + k, left), c = load_partial(context + k, left);
            const Vector word_square = load_partial(word_squares + k, left);
            const Vector context_square = load_partial(context_squares + k, left);
            const Vector word_rate = load(word_rates_.data() + k);
            const Vector context_rate = load(context_rates_.data() + k);
            const Vector of_word = slope * c, of_context = slope * w;
            store_partial(word + k, step(w, of_word, word_square, word_rate), left);
            store_partial(context + k, step(c, of_context, context_square, context_rate), left);
            store_partial(word_squares + k, multiply_add(of_word, of_word, word_square), left);
            store_partial(context_squares + k, multiply_add(of_context, of_context, context_square),
                          left);
        };
        int64_t k = 0;
        for (; k + LANES <= width; k += LANES)
            at(k, LANES);
        if (k < width) at(k, width - k);
        return static_cast<double>(slope) * error;
    }
};

}  // namespace

double glove_update(const Factors& words, const Factors& contexts, const CountBlocks& blocks,
                    const GloveSettings& settings) {
    const Pass pass(words, contexts, blocks, settings);
    int64_t entries = 0;
    for (int64_t b = 0; b < blocks.count; b++)
        entries += blocks.stops[b] - blocks.starts[b];
    std::vector<double> losses(blocks.count);
    std::atomic<int64_t> next{0};
    in_parallel(threads_for(1.5 * entries * settings.width, blocks.count), [&](int, int) {
        for (int64_t b; (b = next.fetch_add(1, std::memory_order_relaxed)) < blocks.count;)
            losses[b] = pass.run(b);
    });
    double loss = 0;
    for (const double part : losses)
        loss += part;
    return loss;
}

}  // namespace leftfold
