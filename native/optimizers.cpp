#include "optimizers.hpp"

#include <vector>

#include "simd.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// Calls `body(i, left)` for every vector of an array; `left` elements remain from i on.
template <class Body>
void for_each_vector(int64_t count, double operations, Body&& body) {
    const int64_t vectors = (count + LANES - 1) / LANES;
    in_parallel(threads_for(0.1 * operations * count, vectors), [&](int thread, int team) {
        for (int64_t v = vectors * thread / team; v < vectors * (thread + 1) / team; v++)
            body(v * LANES, count - v * LANES);
    });
}

}  // namespace

void sgd_update(int64_t count, float* values, const float* gradients, float* momentum_state,
                float learning_rate, float momentum, bool nesterov) {
    for_each_vector(count, 4, [&](int64_t i, int64_t left) {
        const Vector change = learning_rate * load_partial(gradients + i, left);
        const Vector value = load_partial(values + i, left);
        if (!momentum_state) {
            store_partial(values + i, value - change, left);
            return;
        }
        const Vector m = load_partial(momentum_state + i, left) * momentum - change;
        store_partial(momentum_state + i, m, left);
        store_partial(values + i, value + (nesterov ? momentum * m - change : m), left);
    });
}

void rmsprop_update(int64_t count, float* values, const float* gradients, float* velocity,
                    float* momentum_state, float* average_gradient, float learning_rate, float rho,
                    float momentum, float epsilon) {
    for_each_vector(count, 8, [&](int64_t i, int64_t left) {
        const Vector g = load_partial(gradients + i, left);
        const Vector v = rho * load_partial(velocity + i, left) + (1.0f - rho) * g * g;
        store_partial(velocity + i, v, left);
        Vector spread = v + epsilon;
        if (average_gradient) {
            const Vector a = rho * load_partial(average_gradient + i, left) + (1.0f - rho) * g;
            store_partial(average_gradient + i, a, left);
            spread = v - a * a + epsilon;
        }
        Vector change = learning_rate * g / square_root(spread);
        if (momentum_state) {
            change += momentum * load_partial(momentum_state + i, left);
            store_partial(momentum_state + i, change, left);
        }
        store_partial(values + i, load_partial(values + i, left) - change, left);
    });
}

void adam_update(int64_t count, float* values, const float* gradients, float* m, float* v,
                 float alpha, float beta_1, float beta_2, float epsilon, float decay) {
    for_each_vector(count, 10, [&](int64_t i, int64_t left) {
        const Vector g = load_partial(gradients + i, left);
        Vector mean = load_partial(m + i, left);
        Vector square = load_partial(v + i, left);
        Vector value = load_partial(values + i, left);
        value -= value * decay;
        mean += (g - mean) * (1.0f - beta_1);
        square += (g * g - square) * (1.0f - beta_2);
        store_partial(m + i, mean, left);
        store_partial(v + i, square, left);
        store_partial(values + i, value - mean * alpha / (square_root(square) + epsilon), left);
    });
}

void adagrad_update(int64_t count, float* values, const float* gradients, float* accumulator,
                    float learning_rate, float epsilon) {
    for_each_vector(count, 6, [&](int64_t i, int64_t left) {
        const Vector g = load_partial(gradients + i, left);
        const Vector total = load_partial(accumulator + i, left) + g * g;
        store_partial(accumulator + i, total, left);
        store_partial(
            values + i,
            load_partial(values + i, left) - learning_rate * g / square_root(total + epsilon),
            left);
    });
}

void nadam_update(int64_t count, float* values, const float* gradients, float* m, float* v,
                  const NadamFactors& f) {
    for_each_vector(count, 12, [&](int64_t i, int64_t left) {
        const Vector g = load_partial(gradients + i, left);
        Vector mean = load_partial(m + i, left);
        Vector square = load_partial(v + i, left);
        mean += (g - mean) * (1.0f - f.beta_1);
        square += (g * g - square) * (1.0f - f.beta_2);
        store_partial(m + i, mean, left);
        store_partial(v + i, square, left);
        const Vector direction = f.of_m * mean + f.of_gradient * g;
        store_partial(values + i,
                      load_partial(values + i, left) -
                          direction * f.learning_rate / (square_root(square * f.of_v) + f.epsilon),
                      left);
    });
}

double squared_norm(int64_t count, const float* gradients) {
    constexpr int64_t BLOCK = 1 << 14;
    const int64_t blocks = (count + BLOCK - 1) / BLOCK;
    std::vector<double> partial(blocks);
    in_parallel(threads_for(0.1 * count, blocks), [&](int thread, int team) {
        for (int64_t b = thread; b < blocks; b += team) {
            Vector total{};
            const int64_t end = count < (b + 1) * BLOCK ? count : (b + 1) * BLOCK;
            for (int64_t i = b * BLOCK; i < end; i += LANES) {
                const Vector g = load_partial(gradients + i, end - i);
                total += g * g;
            }
            partial[b] = static_cast<double>(sum(total));
        }
    });
    double total = 0;
    for (const double part : partial)
        total += part;
    return total;
}

void scale(int64_t count, float* values, float factor) {
    for_each_vector(count, 2, [&](int64_t i, int64_t left) {
        store_partial(values + i, load_partial(values + i, left) * factor, left);
    });
}

}  // namespace leftfold
