// Products, embeddings and random numbers as Python functions.
#include "bindings.hpp"
#include "embedding.hpp"
#include "gemm.hpp"
#include "random.hpp"

namespace leftfold {

namespace {

MatrixView view(const Array<float>& array, bool transposed) {
    const int64_t columns = array.shape(1);
    return transposed ? MatrixView{array.data(), 1, columns} : MatrixView{array.data(), columns, 1};
}

template <void (*MULTIPLY)(const Product&)>
nb::object matrix_product(nb::handle a_argument, nb::handle b_argument, bool transpose_a,
                          bool transpose_b, nb::handle bias_argument) {
    const Array<float> a(a_argument, {"gemm", "a"}, {ANY, ANY});
    const Array<float> b(b_argument, {"gemm", "b"}, {ANY, ANY});
    const int64_t m = a.shape(transpose_a), depth = a.shape(!transpose_a);
    const int64_t n = b.shape(!transpose_b);
    Array<float>(b_argument, {"gemm", "b"}, {transpose_b ? n : depth, transpose_b ? depth : n});
    std::vector<nb::object> owners;
    const float* bias = optional_data<float>(bias_argument, {"gemm", "bias"}, {n}, owners);
    const NewArray c = new_array({m, n});
    nb::gil_scoped_release unlocked;
    MULTIPLY({m, n, depth, view(a, transpose_a), view(b, transpose_b), c.data, n, bias});
    return c.object;
}

// The gradients of x, the kernel and the bias of a dense layer, those that are wanted.
template <void (*MULTIPLY)(const Product&)>
nb::tuple dense_gradients(nb::handle x_argument, nb::handle kernel_argument, nb::handle dy_argument,
                          bool wants_x, bool wants_kernel, bool wants_bias) {
    constexpr const char* NAME = "dense_backward";
    const Array<float> x(x_argument, {NAME, "x"}, {ANY, ANY});
    const int64_t rows = x.shape(0), features = x.shape(1);
    const Array<float> kernel(kernel_argument, {NAME, "kernel"}, {features, ANY});
    const int64_t units = kernel.shape(1);
    const Array<float> dy(dy_argument, {NAME, "dy"}, {rows, units});
    NewArray dx{nb::none(), nullptr}, d_kernel{nb::none(), nullptr}, d_bias{nb::none(), nullptr};
    if (wants_x) dx = new_array({rows, features});
    if (wants_kernel) d_kernel = new_array({features, units});
    if (wants_bias) d_bias = new_array({units});
    {
        nb::gil_scoped_release unlocked;
        if (wants_x)
            MULTIPLY(
                {rows, features, units, view(dy, false), view(kernel, true), dx.data, features});
        if (wants_kernel)
            MULTIPLY({features, units, rows, view(x, true), view(dy, false), d_kernel.data, units});
        if (wants_bias) sum_of_rows(dy.data(), rows, units, d_bias.data);
    }
    return nb::make_tuple(dx.object, d_kernel.object, d_bias.object);
}

// The matrices of a stack, each as `view` sees one.
MatrixView first_of(const Array<float>& stack, bool transposed) {
    const int64_t columns = stack.shape(2);
    return transposed ? MatrixView{stack.data(), 1, columns} : MatrixView{stack.data(), columns, 1};
}

nb::object matrix_products(nb::handle a_argument, nb::handle b_argument, bool transpose_a,
                           bool transpose_b) {
    constexpr const char* NAME = "batched_gemm";
    const Array<float> a(a_argument, {NAME, "a"}, {ANY, ANY, ANY});
    const int64_t count = a.shape(0), m = a.shape(1 + transpose_a),
                  depth = a.shape(2 - transpose_a);
    const Array<float> b(b_argument, {NAME, "b"},
                         {count, transpose_b ? ANY : depth, transpose_b ? depth : ANY});
    const int64_t n = b.shape(2 - transpose_b);
    const NewArray c = new_array({count, m, n});
    nb::gil_scoped_release unlocked;
    batched_gemm({m, n, depth, first_of(a, transpose_a), first_of(b, transpose_b), c.data, n},
                 count, m * depth, depth * n, m * n);
    return c.object;
}

nb::object embed(nb::handle table_argument, nb::handle ids_argument) {
    const Array<float> table(table_argument, {"embedding_forward", "table"}, {ANY, ANY});
    const Array<int32_t> ids(ids_argument, {"embedding_forward", "ids"}, {ANY});
    check_ids(ids, table.shape(0), {"embedding_forward", "ids"});
    const NewArray out = new_array({ids.size(), table.shape(1)});
    nb::gil_scoped_release unlocked;
    embedding_forward(table.data(), ids.data(), ids.size(), table.shape(1), out.data);
    return out.object;
}

void embed_backward(nb::handle total_argument, nb::handle ids_argument, nb::handle rows_argument) {
    constexpr const char* NAME = "embedding_backward";
    const Array<float> total(total_argument, {NAME, "total"}, {ANY, ANY}, true);
    const Array<int32_t> ids(ids_argument, {NAME, "ids"}, {ANY});
    const Array<float> rows(rows_argument, {NAME, "rows"}, {ids.size(), total.shape(1)});
    check_ids(ids, total.shape(0), {NAME, "ids"});
    nb::gil_scoped_release unlocked;
    const int64_t width = total.shape(1);
    add_rows_by_id(rows.data(), width, ids.data(), ids.size(), width, total.mutable_data());
}

int32_t find_distinct(nb::handle ids_argument, nb::handle words_argument,
                      nb::handle places_argument) {
    constexpr const char* NAME = "distinct_ids";
    const Array<int32_t> ids(ids_argument, {NAME, "ids"}, {ANY});
    const Array<int32_t> words(words_argument, {NAME, "words"}, {ANY}, true);
    const Array<int32_t> places(places_argument, {NAME, "places"}, {ids.size()}, true);
    check_ids(ids, words.size(), {NAME, "ids"});
    nb::gil_scoped_release unlocked;
    return distinct_ids(ids.data(), ids.size(), words.size(), words.mutable_data(),
                        places.mutable_data());
}

// How many numbers to draw: no negative count.
void check_count(const char* function, int64_t count) {
    if (count < 0)
        throw nb::value_error((std::string(function) + " expected count to be at least 0, got " +
                               std::to_string(count) + ".")
                                  .c_str());
}

nb::object random_uniform(uint32_t key0, uint32_t key1, int64_t count) {
    check_count("uniform", count);
    const NewArray out = new_array({count});
    nb::gil_scoped_release unlocked;
    uniform(key0, key1, count, out.data);
    return out.object;
}

void check_rate(const char* function, double rate) {
    if (!(rate >= 0.0 && rate < 1.0))
        throw nb::value_error((std::string(function) +
                               " expected rate to be at least 0 and below 1, got " +
                               std::to_string(rate) + ".")
                                  .c_str());
}

nb::object random_dropout_mask(uint32_t key0, uint32_t key1, int64_t count, double rate) {
    check_count("dropout_mask", count);
    check_rate("dropout_mask", rate);
    const NewArray out = new_array({count});
    nb::gil_scoped_release unlocked;
    dropout_mask(key0, key1, count, rate, out.data);
    return out.object;
}

nb::tuple drop_some(uint32_t key0, uint32_t key1, nb::handle x_argument, double rate) {
    const Array<float> x(x_argument, {"dropout", "x"}, {ANY});
    check_rate("dropout", rate);
    const NewArray y = new_array({x.size()}), mask = new_array({x.size()});
    {
        nb::gil_scoped_release unlocked;
        dropout(key0, key1, x.size(), rate, x.data(), y.data, mask.data);
    }
    return nb::make_tuple(y.object, mask.object);
}

nb::object drop_gradient(nb::handle dy_argument, nb::handle mask_argument) {
    const Array<float> dy(dy_argument, {"dropout_gradient", "dy"}, {ANY});
    const Array<float> mask(mask_argument, {"dropout_gradient", "mask"}, {dy.size()});
    const NewArray dx = new_array({dy.size()});
    nb::gil_scoped_release unlocked;
    dropout_gradient(dy.size(), dy.data(), mask.data(), dx.data);
    return dx.object;
}

}  // namespace

void bind_dense(nb::module_& m) {
    const auto bind_product = [&](const char* name, auto product) {
        m.def(name, product, array_argument("a"), array_argument("b"), nb::arg("transpose_a"),
              nb::arg("transpose_b"), array_argument("bias"));
    };
    const auto bind_dense_layer = [&](const char* name, auto gradients) {
        m.def(name, gradients, array_argument("x"), array_argument("kernel"), array_argument("dy"),
              nb::arg("wants_x"), nb::arg("wants_kernel"), nb::arg("wants_bias"));
    };
    bind_product("gemm", &matrix_product<gemm>);
    bind_dense_layer("dense_backward", &dense_gradients<gemm>);
#if LEFTFOLD_BFLOAT16
    bind_product("gemm_bfloat16", &matrix_product<rounded_gemm<float>>);
    bind_dense_layer("dense_backward_bfloat16", &dense_gradients<rounded_gemm<float>>);
#endif
    m.def("batched_gemm", &matrix_products, array_argument("a"), array_argument("b"),
          nb::arg("transpose_a"), nb::arg("transpose_b"));
    m.def("embedding_forward", &embed, array_argument("table"), array_argument("ids"));
    m.def("embedding_backward", &embed_backward, array_argument("total"), array_argument("ids"),
          array_argument("rows"));
    m.def("distinct_ids", &find_distinct, array_argument("ids"), array_argument("words"),
          array_argument("places"));
    m.def("uniform", &random_uniform, nb::arg("key0"), nb::arg("key1"), nb::arg("count"));
    m.def("dropout_mask", &random_dropout_mask, nb::arg("key0"), nb::arg("key1"), nb::arg("count"),
          nb::arg("rate"));
    m.def("dropout", &drop_some, nb::arg("key0"), nb::arg("key1"), array_argument("x"),
          nb::arg("rate"));
    m.def("dropout_gradient", &drop_gradient, array_argument("dy"), array_argument("mask"));
}

}  // namespace leftfold
