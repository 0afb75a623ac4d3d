// The three recurrences as Python functions: arguments checked, memory allocated, the lock
// released while they run.
#include "bindings.hpp"
#include "gru.hpp"
#include "lstm.hpp"
#include "simple_rnn.hpp"

namespace leftfold {

Activation activation_by_name(const std::string& name, Place place) {
    static const std::pair<const char*, Activation> KNOWN[] = {
        {"linear", Activation::linear},
        {"tanh", Activation::tanh},
        {"sigmoid", Activation::sigmoid},
        {"relu", Activation::relu},
        {"hard_sigmoid", Activation::hard_sigmoid},
        {"softplus", Activation::softplus},
        {"softsign", Activation::softsign},
        {"elu", Activation::elu},
        {"selu", Activation::selu},
        {"exponential", Activation::exponential},
        {"relu6", Activation::relu6},
    };
    for (const auto& [known, value] : KNOWN)
        if (name == known) return value;
    std::string all;
    for (const auto& known : KNOWN)
        all += (all.empty() ? "" : ", ") + std::string(known.first);
    throw nb::value_error((std::string(place.function) + " expected " + place.argument +
                           " to be one of " + all + ", got '" + name + "'.")
                              .c_str());
}

namespace {

// A recurrence between its forward and its backward pass, with all memory it refers to.
template <class Cell>
struct Saved {
    std::unique_ptr<Cell> cell;
    Inputs in;
    std::vector<nb::object> owners;
};

// The arguments that all three share, as Python gives them.
struct Arguments {
    const char* function;
    nb::handle x, kernel, recurrent_kernel, initial_h, mask, input_dropout, recurrent_dropout;
    const std::string& activation;
    bool go_backwards, return_sequences, zero_output_for_mask, save;
};

// Whether inputs are given as ids: whole numbers instead of vectors.
bool is_ids(nb::handle x) {
    nb::ndarray<nb::ro, nb::device::cpu> view;
    return nb::try_cast(x, view, false) && view.dtype() == nb::dtype<int32_t>();
}

Inputs check(const Arguments& a, int64_t gates, std::vector<nb::object>& owners) {
    Inputs in{};
    Array<int32_t> ids;
    if (is_ids(a.x)) {
        ids = Array<int32_t>(a.x, {a.function, "x"}, {ANY, ANY});
        in.batch = ids.shape(0);
        in.time = ids.shape(1);
        in.ids = ids.data();
        owners.push_back(ids.owner());
    } else {
        const Array<float> x(a.x, {a.function, "x"}, {ANY, ANY, ANY});
        in.batch = x.shape(0);
        in.time = x.shape(1);
        in.features = x.shape(2);
        in.x = x.data();
        owners.push_back(x.owner());
    }
    const Array<float> recurrent(a.recurrent_kernel, {a.function, "recurrent_kernel"}, {ANY, ANY});
    in.units = recurrent.shape(0);
    const int64_t columns = gates * in.units;
    Array<float>(a.recurrent_kernel, {a.function, "recurrent_kernel"}, {in.units, columns});
    const Array<float> kernel(a.kernel, {a.function, "kernel"},
                              {in.ids ? ANY : in.features, columns});
    in.vocabulary = kernel.shape(0);
    if (in.ids) check_ids(ids, in.vocabulary, {a.function, "x"});
    // All memory together, so that no size computed below can overflow.
    const double rows = double(in.batch) * double(std::max<int64_t>(in.time, 2));
    if (rows * double(gates) * double(in.features + 4 * in.units + 64) > 0x1p60)
        throw std::bad_alloc();
    in.kernel = kernel.data();
    in.recurrent_kernel = recurrent.data();
    owners.insert(owners.end(), {kernel.owner(), recurrent.owner()});
    in.initial_h =
        optional_data<float>(a.initial_h, {a.function, "h0"}, {in.batch, in.units}, owners);
    // NumPy counts any byte but zero as true; C++ knows no such bool.
    in.mask = reinterpret_cast<const uint8_t*>(
        optional_data<bool>(a.mask, {a.function, "mask"}, {in.batch, in.time}, owners));
    if (!a.input_dropout.is_none()) {
        if (in.ids)
            throw nb::value_error(
                (std::string(a.function) + " expected no input_dropout for ids.").c_str());
        const Array<float> dropout(a.input_dropout, {a.function, "input_dropout"},
                                   {ANY, in.batch, in.features});
        in.input_dropouts = dropout.shape(0);
        if (in.input_dropouts != 1)
            Array<float>(a.input_dropout, {a.function, "input_dropout"},
                         {gates, in.batch, in.features});
        in.input_dropout = dropout.data();
        owners.push_back(dropout.owner());
    }
    in.recurrent_dropout =
        optional_data<float>(a.recurrent_dropout, {a.function, "recurrent_dropout"},
                             {gates, in.batch, in.units}, owners);
    in.activation = activation_by_name(a.activation, {a.function, "activation"});
    in.reversed = a.go_backwards;
    in.return_sequences = a.return_sequences;
    in.zero_output_for_mask = a.zero_output_for_mask;
    in.keep = a.save;
    return in;
}

NewArray output_array(const Inputs& in) {
    return in.return_sequences ? new_array({in.batch, in.time, in.units})
                               : new_array({in.batch, in.units});
}

Allocate pooled(std::vector<nb::object>& owners) {
    return [&owners](int64_t count) {
        NewArray memory = new_array({count});
        owners.push_back(memory.object);
        return memory.data;
    };
}

template <class Cell, class Make>
std::unique_ptr<Saved<Cell>> run_forward(const Inputs& in, std::vector<nb::object> owners,
                                         const Outputs& out, Make&& make) {
    auto saved = std::make_unique<Saved<Cell>>();
    saved->in = in;
    saved->owners = std::move(owners);
    saved->cell = make(pooled(saved->owners));
    nb::gil_scoped_release unlocked;
    saved->cell->forward(out);
    return saved;
}

template <class Cell>
nb::object keep(std::unique_ptr<Saved<Cell>> saved) {
    if (!saved->in.keep) return nb::none();
    return nb::cast(saved.release(), nb::rv_policy::take_ownership);
}

template <class Cell>
void check_unused(const char* function, const Saved<Cell>& saved) {
    if (!saved.cell)
        throw nb::value_error((std::string(function) +
                               " expected saved to be unused, got one that an earlier backward "
                               "pass has used up.")
                                  .c_str());
}

// What a backward pass was given, and what it has made.
template <class Cell>
struct Gradients {
    std::vector<nb::object> owners;
    OutputGradients given{};
    InputGradients wanted{};
    int64_t weight_rows;
    nb::object dx = nb::none();
    NewArray weights, dh, kernel{};

    Gradients(const char* function, Saved<Cell>& saved, int64_t gates, nb::handle d_output,
              nb::handle d_h, bool needs_dx) {
        check_unused(function, saved);
        weight_rows = saved.cell->weight_rows();
        const Inputs& in = saved.in;
        given.output = in.return_sequences
                           ? optional_data<float>(d_output, {function, "d_output"},
                                                  {in.batch, in.time, in.units}, owners)
                           : optional_data<float>(d_output, {function, "d_output"},
                                                  {in.batch, in.units}, owners);
        given.h = optional_data<float>(d_h, {function, "d_h"}, {in.batch, in.units}, owners);
        weights = new_array({weight_rows, gates * in.units});
        dh = new_array({in.batch, in.units});
        if (needs_dx && in.ids)
            throw nb::value_error(
                (std::string(function) + " expected needs_dx to be False for ids, got True.")
                    .c_str());
        if (needs_dx) {
            const NewArray x = new_array({in.batch, in.time, in.features});
            dx = x.object;
            wanted.x = x.data;
        }
        if (in.ids) {
            kernel = new_array({in.vocabulary, gates * in.units});
            wanted.kernel = kernel.data;
        }
        wanted.weights = weights.data;
        wanted.h = dh.data;
    }

    // The pass overwrites what was kept, so the saved state is used up. While arguments were
    // checked and memory allocated, by Python code, another thread may have been faster.
    void run(const char* function, Saved<Cell>& saved) {
        check_unused(function, saved);
        const std::unique_ptr<Cell> cell = std::move(saved.cell);
        nb::gil_scoped_release unlocked;
        cell->backward(given, wanted);
    }

    // Rows [from, to) of the stacked gradient.
    nb::object rows(int64_t from, int64_t to) const {
        return weights.object[nb::slice(nb::int_(from), nb::int_(to), nb::int_(1))];
    }

    // That of the kernel, which is rows [from, to) unless inputs are ids.
    nb::object of_kernel(int64_t from, int64_t to) const {
        return wanted.kernel ? kernel.object : rows(from, to);
    }
};

template <class T>
nb::tuple lstm_forward(nb::handle x, nb::handle kernel, nb::handle recurrent_kernel,
                       nb::handle bias, nb::handle h0, nb::handle c0, nb::handle mask,
                       nb::handle input_dropout, nb::handle recurrent_dropout,
                       const std::string& activation, const std::string& recurrent_activation,
                       bool go_backwards, bool return_sequences, bool zero_output_for_mask,
                       bool save) {
    constexpr const char* NAME = "lstm_forward";
    std::vector<nb::object> owners;
    Inputs in =
        check({NAME, x, kernel, recurrent_kernel, h0, mask, input_dropout, recurrent_dropout,
               activation, go_backwards, return_sequences, zero_output_for_mask, save},
              4, owners);
    in.bias = optional_data<float>(bias, {NAME, "bias"}, {4 * in.units}, owners);
    in.initial_c = optional_data<float>(c0, {NAME, "c0"}, {in.batch, in.units}, owners);
    in.recurrent_activation =
        activation_by_name(recurrent_activation, {NAME, "recurrent_activation"});
    const NewArray output = output_array(in), h = new_array({in.batch, in.units}),
                   c = new_array({in.batch, in.units});
    auto saved = run_forward<Lstm<T>>(
        in, owners, {output.data, h.data, c.data},
        [&](const Allocate& allocate) { return std::make_unique<Lstm<T>>(in, allocate); });
    return nb::make_tuple(output.object, h.object, c.object, keep(std::move(saved)));
}

template <class T>
nb::tuple lstm_backward(Saved<Lstm<T>>& saved, nb::handle d_output, nb::handle d_h, nb::handle d_c,
                        bool needs_dx) {
    constexpr const char* NAME = "lstm_backward";
    const Inputs& in = saved.in;
    Gradients<Lstm<T>> g(NAME, saved, 4, d_output, d_h, needs_dx);
    g.given.c = optional_data<float>(d_c, {NAME, "d_c"}, {in.batch, in.units}, g.owners);
    const NewArray dc = new_array({in.batch, in.units});
    g.wanted.c = dc.data;
    g.run(NAME, saved);
    const int64_t bias = in.bias != nullptr, w = bias + in.features;
    nb::object d_bias = nb::none();
    if (bias) d_bias = g.weights.object[0];
    return nb::make_tuple(g.dx, g.of_kernel(bias, w), g.rows(w, w + in.units), d_bias, g.dh.object,
                          dc.object);
}

template <class T>
nb::tuple gru_forward(nb::handle x, nb::handle kernel, nb::handle recurrent_kernel, nb::handle bias,
                      nb::handle h0, nb::handle mask, nb::handle input_dropout,
                      nb::handle recurrent_dropout, const std::string& activation,
                      const std::string& recurrent_activation, bool reset_after, bool go_backwards,
                      bool return_sequences, bool zero_output_for_mask, bool save) {
    constexpr const char* NAME = "gru_forward";
    std::vector<nb::object> owners;
    Inputs in =
        check({NAME, x, kernel, recurrent_kernel, h0, mask, input_dropout, recurrent_dropout,
               activation, go_backwards, return_sequences, zero_output_for_mask, save},
              3, owners);
    in.bias = reset_after ? optional_data<float>(bias, {NAME, "bias"}, {2, 3 * in.units}, owners)
                          : optional_data<float>(bias, {NAME, "bias"}, {3 * in.units}, owners);
    in.recurrent_activation =
        activation_by_name(recurrent_activation, {NAME, "recurrent_activation"});
    const NewArray output = output_array(in), h = new_array({in.batch, in.units});
    auto saved = run_forward<Gru<T>>(in, owners, {output.data, h.data, nullptr},
                                     [&](const Allocate& allocate) {
                                         return std::make_unique<Gru<T>>(in, reset_after, allocate);
                                     });
    return nb::make_tuple(output.object, h.object, keep(std::move(saved)));
}

template <class T>
nb::tuple gru_backward(Saved<Gru<T>>& saved, nb::handle d_output, nb::handle d_h, bool needs_dx) {
    constexpr const char* NAME = "gru_backward";
    const Inputs& in = saved.in;
    Gradients<Gru<T>> g(NAME, saved, 3, d_output, d_h, needs_dx);
    g.run(NAME, saved);
    const int64_t biases = g.weight_rows - in.features - in.units;
    const int64_t bias = biases > 0, w = bias + in.features, r = biases + in.features;
    nb::object d_bias = nb::none();
    if (biases == 2)
        // Rows 0 and w of the stacked gradient, as one array of two rows.
        d_bias = g.weights.object[nb::slice(nb::int_(0), nb::int_(w + 1), nb::int_(w))];
    else if (biases == 1)
        d_bias = g.weights.object[0];
    return nb::make_tuple(g.dx, g.of_kernel(bias, w), g.rows(r, r + in.units), d_bias, g.dh.object);
}

template <class T>
nb::tuple simple_rnn_forward(nb::handle x, nb::handle kernel, nb::handle recurrent_kernel,
                             nb::handle bias, nb::handle h0, nb::handle mask,
                             nb::handle input_dropout, nb::handle recurrent_dropout,
                             const std::string& activation, bool go_backwards,
                             bool return_sequences, bool zero_output_for_mask, bool save) {
    constexpr const char* NAME = "simple_rnn_forward";
    std::vector<nb::object> owners;
    Inputs in =
        check({NAME, x, kernel, recurrent_kernel, h0, mask, input_dropout, recurrent_dropout,
               activation, go_backwards, return_sequences, zero_output_for_mask, save},
              1, owners);
    in.bias = optional_data<float>(bias, {NAME, "bias"}, {in.units}, owners);
    const NewArray output = output_array(in), h = new_array({in.batch, in.units});
    auto saved = run_forward<SimpleRnn<T>>(
        in, owners, {output.data, h.data, nullptr},
        [&](const Allocate& allocate) { return std::make_unique<SimpleRnn<T>>(in, allocate); });
    return nb::make_tuple(output.object, h.object, keep(std::move(saved)));
}

template <class T>
nb::tuple simple_rnn_backward(Saved<SimpleRnn<T>>& saved, nb::handle d_output, nb::handle d_h,
                              bool needs_dx) {
    constexpr const char* NAME = "simple_rnn_backward";
    const Inputs& in = saved.in;
    Gradients<SimpleRnn<T>> g(NAME, saved, 1, d_output, d_h, needs_dx);
    g.run(NAME, saved);
    const int64_t bias = in.bias != nullptr, w = bias + in.features;
    nb::object d_bias = nb::none();
    if (bias) d_bias = g.weights.object[0];
    return nb::make_tuple(g.dx, g.of_kernel(bias, w), g.rows(w, w + in.units), d_bias, g.dh.object);
}

// T as in recurrent.hpp; names end with `suffix`.
template <class T>
void bind_cells(nb::module_& m, const std::string& suffix) {
    nb::class_<Saved<Lstm<T>>>(m, ("LstmSaved" + suffix).c_str());
    nb::class_<Saved<Gru<T>>>(m, ("GruSaved" + suffix).c_str());
    nb::class_<Saved<SimpleRnn<T>>>(m, ("SimpleRnnSaved" + suffix).c_str());
    constexpr auto array = array_argument;
    using nb::arg;
    m.def(("lstm_forward" + suffix).c_str(), &lstm_forward<T>, array("x"), array("kernel"),
          array("recurrent_kernel"), array("bias"), array("h0"), array("c0"), array("mask"),
          array("input_dropout"), array("recurrent_dropout"), arg("activation"),
          arg("recurrent_activation"), arg("go_backwards"), arg("return_sequences"),
          arg("zero_output_for_mask"), arg("save"));
    m.def(("lstm_backward" + suffix).c_str(), &lstm_backward<T>, arg("saved"), array("d_output"),
          array("d_h"), array("d_c"), arg("needs_dx"));
    m.def(("gru_forward" + suffix).c_str(), &gru_forward<T>, array("x"), array("kernel"),
          array("recurrent_kernel"), array("bias"), array("h0"), array("mask"),
          array("input_dropout"), array("recurrent_dropout"), arg("activation"),
          arg("recurrent_activation"), arg("reset_after"), arg("go_backwards"),
          arg("return_sequences"), arg("zero_output_for_mask"), arg("save"));
    m.def(("gru_backward" + suffix).c_str(), &gru_backward<T>, arg("saved"), array("d_output"),
          array("d_h"), arg("needs_dx"));
    m.def(("simple_rnn_forward" + suffix).c_str(), &simple_rnn_forward<T>, array("x"),
          array("kernel"), array("recurrent_kernel"), array("bias"), array("h0"), array("mask"),
          array("input_dropout"), array("recurrent_dropout"), arg("activation"),
          arg("go_backwards"), arg("return_sequences"), arg("zero_output_for_mask"), arg("save"));
    m.def(("simple_rnn_backward" + suffix).c_str(), &simple_rnn_backward<T>, arg("saved"),
          array("d_output"), array("d_h"), arg("needs_dx"));
}

}  // namespace

void bind_recurrent(nb::module_& m) {
    bind_cells<float>(m, "");
#if LEFTFOLD_BFLOAT16
    bind_cells<bfloat16>(m, "_bfloat16");
#endif
}

}  // namespace leftfold
