#include "stream_operations.hpp"

#include <cmath>
#include <cstring>

#include "softmax.hpp"
#include "stream_product.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// What an operation does to one element takes about this long.
constexpr double ELEMENT = 0.2;

// An operation given by a function of a block.
template <class Body>
class Plain : public StreamOperation {
  public:
    Plain(double nanoseconds, Body body) : nanoseconds_(nanoseconds), body_(std::move(body)) {}
    void run(const Block& block) const override { body_(block); }
    double nanoseconds() const override { return nanoseconds_; }

  private:
    double nanoseconds_;
    Body body_;
};

template <class Body>
OperationPointer plain(double nanoseconds, Body body) {
    return std::make_unique<Plain<Body>>(nanoseconds, std::move(body));
}

// The same for one that treats every row alike: `body(block, row)`.
template <class Body>
OperationPointer by_row(double nanoseconds, Body body) {
    return plain(nanoseconds, [body = std::move(body)](const Block& block) {
        for (int64_t row = 0; row < block.count; row++)
            body(block, row);
    });
}

// And for one that maps vectors of columns: to = function(from, column).
template <class Function>
OperationPointer by_vector(int from, int to, int64_t width, Function function) {
    return by_row(ELEMENT * width, [=](const Block& block, int64_t row) {
        const float* x = block.slots[from][row];
        float* y = block.slots[to][row];
        for (int64_t k = 0; k < width; k += LANES)
            store_partial(y + k, function(load_partial(x + k, width - k), k), width - k);
    });
}

// `count` copied floats, or so many times `otherwise`, up to whole vectors.
Floats copied(const float* values, int64_t count, float otherwise) {
    Floats copies(padded(count), otherwise);
    if (values) copy(values, copies.data(), count);
    return copies;
}

// The sum of x - shift, or of its square.
template <bool SQUARED = false>
float row_sum(const float* x, int64_t width, float shift) {
    Vector sums{};
    int64_t k = 0;
    for (; k + LANES <= width; k += LANES) {
        const Vector v = load(x + k) - shift;
        sums += SQUARED ? v * v : v;
    }
    float total = sum(sums);
    for (; k < width; k++)
        total += SQUARED ? (x[k] - shift) * (x[k] - shift) : x[k] - shift;
    return total;
}

// Dense layers of few outputs: a dot product for each, since a vector of columns would be mostly
// empty.
constexpr int64_t FEW = 4;

OperationPointer few_outputs(int from, int to, Weights kernel, const float* bias,
                             Activation activation) {
    const int64_t depth = kernel.depth, columns = kernel.columns, row_step = padded(depth);
    Floats transposed(columns * row_step, 0.0f);
    for (int64_t k = 0; k < depth; k++)
        for (int64_t j = 0; j < columns; j++)
            transposed[j * row_step + k] = kernel.data[k * columns + j];
    return by_row(product_nanoseconds(1, columns, depth) + 20,
                  [=, transposed = std::move(transposed), biases = copied(bias, columns, 0.0f)](
                      const Block& block, int64_t row) {
                      const float* x = block.slots[from][row];
                      Vector sums{};
                      for (int64_t j = 0; j < columns; j++) {
                          Vector products{};
                          const float* weights = transposed.data() + j * row_step;
                          for (int64_t k = 0; k < depth; k += LANES)
                              products = multiply_add(load_partial(x + k, depth - k),
                                                      load(weights + k), products);
                          sums[j] = sum(products) + biases[j];
                      }
                      store_partial(block.slots[to][row], activate(activation, sums), columns);
                  });
}

}  // namespace

OperationPointer stream_embedding(int to, Weights table) {
    Floats rows(table.data, table.data + table.depth * table.columns);
    return by_row(
        ELEMENT * table.columns, [=, rows = std::move(rows)](const Block& block, int64_t row) {
            std::memcpy(block.slots[to][row], rows.data() + block.ids[row] * table.columns,
                        sizeof(float) * table.columns);
        });
}

OperationPointer stream_id_mask(int to) {
    return by_row(ELEMENT, [=](const Block& block, int64_t row) {
        block.slots[to][row][0] = block.ids[row] != 0 ? 1.0f : 0.0f;
    });
}

OperationPointer stream_masking(int from, int to, int mask, int64_t width, float value) {
    return by_row(ELEMENT * width, [=](const Block& block, int64_t row) {
        const float* x = block.slots[from][row];
        float* y = block.slots[to][row];
        bool valid = false;
        for (int64_t k = 0; k < width; k++)
            valid = valid || x[k] != value;
        for (int64_t k = 0; k < width; k++)
            y[k] = valid ? x[k] : 0.0f;
        block.slots[mask][row][0] = valid ? 1.0f : 0.0f;
    });
}

OperationPointer stream_dense(int from, int to, Weights kernel, const float* bias,
                              Activation activation) {
    static_assert(FEW <= LANES);
    const int64_t columns = kernel.columns;
    if (columns <= FEW) return few_outputs(from, to, kernel, bias, activation);
    return plain(product_nanoseconds(1, columns, kernel.depth),
                 [=, product = StreamSum(columns, kernel.data, kernel.depth, nullptr, 0, bias)](
                     const Block& block) {
                     const BlockRows y = block.slots[to];
                     with_activation(activation, [&](auto phi) {
                         product.run(block.count, block.slots[from], {},
                                     [&](int64_t row, int64_t column, Vector sum) {
                                         store_partial(y[row] + column, phi(sum), columns - column);
                                     });
                     });
                 });
}

OperationPointer stream_activation(int from, int to, int64_t width, Activation activation) {
    return by_vector(from, to, width, [=](Vector x, int64_t) { return activate(activation, x); });
}

OperationPointer stream_gelu(int from, int to, int64_t width) {
    return by_row(50 * ELEMENT * width, [=](const Block& block, int64_t row) {
        const float* x = block.slots[from][row];
        float* y = block.slots[to][row];
        for (int64_t k = 0; k < width; k++)
            y[k] = 0.5f * x[k] * std::erfc(x[k] * -0.70710678118654752440f);
    });
}

OperationPointer stream_softmax(int from, int to, int64_t width, bool logarithm) {
    return by_row(10 * ELEMENT * width, [=](const Block& block, int64_t row) {
        const float* x = block.slots[from][row];
        float* y = block.slots[to][row];
        if (!logarithm) return softmax(x, 1, width, y);
        float largest = x[0];
        for (int64_t k = 1; k < width; k++)
            largest = x[k] > largest ? x[k] : largest;
        Vector sums{};
        for (int64_t k = 0; k < width; k += LANES) {
            // What lies behind the row counts as exp(-infinity).
            Vector part = exponential(load_partial(x + k, width - k) - largest);
            for (int64_t i = width - k; i < LANES; i++)
                part[i] = 0.0f;
            sums += part;
        }
        const float shift = largest + std::log(sum(sums));
        for (int64_t k = 0; k < width; k++)
            y[k] = x[k] - shift;
    });
}

OperationPointer stream_scale(int from, int to, int64_t width, const float* factors,
                              const float* offsets) {
    return by_vector(
        from, to, width,
        [f = copied(factors, width, 1.0f), o = copied(offsets, width, 0.0f)](Vector x, int64_t k) {
            return multiply_add(x, load(f.data() + k), load(o.data() + k));
        });
}

OperationPointer stream_normalize(int from, int to, int64_t width, const float* factors,
                                  const float* offsets, float epsilon) {
    return by_row(
        4 * ELEMENT * width, [=, f = copied(factors, width, 1.0f),
                              o = copied(offsets, width, 0.0f)](const Block& block, int64_t row) {
            const float* x = block.slots[from][row];
            float* y = block.slots[to][row];
            const float mean = row_sum(x, width, 0.0f) / width;
            const float squares = row_sum<true>(x, width, mean);
            const float scale = 1.0f / std::sqrt(squares / width + epsilon);
            for (int64_t k = 0; k < width; k += LANES)
                store_partial(y + k,
                              multiply_add((load_partial(x + k, width - k) - mean) * scale,
                                           load(f.data() + k), load(o.data() + k)),
                              width - k);
        });
}

OperationPointer stream_combine(Combination how, std::vector<int> from, std::vector<int64_t> widths,
                                int to) {
    double elements = 0;
    for (const int64_t width : widths)
        elements += width;
    return by_row(ELEMENT * elements, [=](const Block& block, int64_t row) {
        float* y = block.slots[to][row];
        for (size_t i = 0; i < from.size(); i++) {
            const float* x = block.slots[from[i]][row];
            if (i == 0 || how == Combination::concatenate) {
                copy(x, y, widths[i]);
                if (how == Combination::concatenate) y += widths[i];
                continue;
            }
            for (int64_t k = 0; k < widths[i]; k++) {
                if (how == Combination::add) y[k] += x[k];
                if (how == Combination::multiply) y[k] *= x[k];
                if (how == Combination::maximum) y[k] = y[k] < x[k] ? x[k] : y[k];
                if (how == Combination::minimum) y[k] = y[k] > x[k] ? x[k] : y[k];
            }
        }
    });
}

OperationPointer stream_running(bool mean, int from, int to, int mask, int64_t width,
                                int64_t state_at) {
    return by_row(ELEMENT * width, [=](const Block& block, int64_t row) {
        const float* x = block.slots[from][row];
        float* steps = block.state(row, state_at);
        float* values = steps + 1;
        if (mask == NO_SLOT || block.slots[mask][row][0] != 0.0f) {
            steps[0] += 1.0f;
            for (int64_t k = 0; k < width; k++)
                if (mean)
                    values[k] += (x[k] - values[k]) / steps[0];
                else
                    values[k] = steps[0] == 1.0f || x[k] > values[k] ? x[k] : values[k];
        }
        copy(values, block.slots[to][row], width);
    });
}

}  // namespace leftfold
