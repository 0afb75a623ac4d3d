#include "softmax.hpp"

#include <algorithm>
#include <cmath>

#include "activations.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// Calls `body(row)` for every row, rows in blocks over the threads.
template <class Body>
void for_each_row(int64_t rows, int64_t classes, double operations, Body&& body) {
    share_out(rows, 0.1 * operations * classes, body);
}

// Classes whose largest logit says whether any of them is looked at.
constexpr int64_t BLOCK = 64;

struct Scale {
    float largest, total;
};

float largest_of(const float* x, int64_t count) {
    float largest = x[0];
    int64_t k = 0;
    if (count >= LANES) {
        Vector most = load(x);
        for (k = LANES; k + LANES <= count; k += LANES) {
            const Vector v = load(x + k);
            most = v > most ? v : most;
        }
        for (int i = 0; i < LANES; i++)
            largest = most[i] > largest ? most[i] : largest;
    }
    for (; k < count; k++)
        largest = x[k] > largest ? x[k] : largest;
    return largest;
}

// p = softmax(x) for one row; returns its largest logit and the sum of exp(x - largest).
Scale softmax_row(const float* x, int64_t classes, float* p) {
    const float largest = largest_of(x, classes);
    Vector sums{};
    for (int64_t k = 0; k < classes; k += LANES) {
        const int64_t left = classes - k;
        store_partial(p + k, exponential(load_partial(x + k, left) - largest), left);
        sums += load_partial(p + k, left);
    }
    const float total = sum(sums);
    const float scale = 1.0f / total;
    for (int64_t k = 0; k < classes; k++)
        p[k] *= scale;
    return {largest, total};
}

float sum_of_exponentials(const float* x, int64_t count, float largest) {
    Vector sums{};
    int64_t k = 0;
    for (; k + LANES <= count; k += LANES)
        sums += exponential(load(x + k) - largest);
    if (k < count) {
        float last[LANES];
        store(last, exponential(load_partial(x + k, count - k) - largest));
        sums += load_partial(last, count - k);
    }
    return sum(sums);
}

float mean(const float* x, int64_t count) {
    Vector sums{};
    for (int64_t k = 0; k < count; k += LANES)
        sums += load_partial(x + k, count - k);
    return sum(sums) / static_cast<float>(count);
}

}  // namespace

void softmax(const float* logits, int64_t rows, int64_t classes, float* probabilities) {
    for_each_row(rows, classes, 20, [=](int64_t i) {
        softmax_row(logits + i * classes, classes, probabilities + i * classes);
    });
}

void softmax_gradient(const float* probabilities, const float* d_probabilities, int64_t rows,
                      int64_t classes, float* d_logits) {
    for_each_row(rows, classes, 6, [=](int64_t i) {
        const float* p = probabilities + i * classes;
        const float* dp = d_probabilities + i * classes;
        float* out = d_logits + i * classes;
        Vector sums{};
        for (int64_t k = 0; k < classes; k += LANES)
            sums = multiply_add(load_partial(p + k, classes - k), load_partial(dp + k, classes - k),
                                sums);
        const float mean = sum(sums);
        for (int64_t k = 0; k < classes; k++)
            out[k] = p[k] * (dp[k] - mean);
    });
}

void softmax_crossentropy(const CrossEntropy& given) {
    const int64_t classes = given.classes;
    for_each_row(given.rows, classes, 20, [&](int64_t i) {
        const float* x = given.logits + i * classes;
        const Scale scale = softmax_row(x, classes, given.probabilities + i * classes);
        const float chosen = x[given.labels[i]];
        given.surprises[i] = std::log(scale.total) - (chosen - scale.largest);
        given.hits[i] = chosen == scale.largest;
        given.losses[i] = given.surprises[i];
        if (given.smoothing > 0) given.losses[i] += given.smoothing * (chosen - mean(x, classes));
    });
}

void softmax_crossentropy_gradient(const float* probabilities, const int32_t* labels,
                                   const float* d_losses, float smoothing, int64_t rows,
                                   int64_t classes, float* d_logits) {
    const float share = smoothing / static_cast<float>(classes);
    for_each_row(rows, classes, 4, [=](int64_t i) {
        for (int64_t k = 0; k < classes; k++)
            d_logits[i * classes + k] = d_losses[i] * (probabilities[i * classes + k] - share);
        d_logits[i * classes + labels[i]] -= d_losses[i] * (1 - smoothing);
    });
}

void likeliest(const float* logits, int64_t rows, int64_t classes, int64_t first, int64_t count,
               int32_t* chosen, float* log_probabilities) {
    for_each_row(rows, classes, 10, [=](int64_t i) {
        const float* x = logits + i * classes;
        int32_t* best = chosen + i * count;
        float* values = log_probabilities + i * count;
        std::fill(values, values + count, -INFINITY);
        std::fill(best, best + count, static_cast<int32_t>(first));
        float most = x[0];
        for (int64_t k0 = 0; k0 < classes; k0 += BLOCK) {
            const int64_t k1 = std::min(k0 + BLOCK, classes);
            const float top = largest_of(x + k0, k1 - k0);
            most = top > most ? top : most;
            if (!(top > values[count - 1])) continue;
            for (int64_t k = std::max(k0, first); k < k1; k++) {
                int64_t place = count;
                for (; place > 0 && x[k] > values[place - 1]; place--)
                    if (place < count) {
                        values[place] = values[place - 1];
                        best[place] = best[place - 1];
                    }
                if (place == count) continue;
                values[place] = x[k];
                best[place] = static_cast<int32_t>(k);
            }
        }
        const float normal = most + std::log(sum_of_exponentials(x, classes, most));
        for (int64_t j = 0; j < count; j++)
            values[j] -= normal;
    });
}

}  // namespace leftfold
