// Softmax and cross-entropies as Python functions.
#include "bindings.hpp"
#include "crossentropy.hpp"
#include "softmax.hpp"

namespace leftfold {

namespace {

nb::object softmax_forward(nb::handle logits_argument) {
    const Array<float> logits(logits_argument, {"softmax", "logits"}, {ANY, ANY});
    const int64_t rows = logits.shape(0), classes = logits.shape(1);
    if (rows > 0 && classes == 0)
        throw nb::value_error("softmax expected at least one class, got 0.");
    const NewArray out = new_array({rows, classes});
    nb::gil_scoped_release unlocked;
    softmax(logits.data(), rows, classes, out.data);
    return out.object;
}

nb::object softmax_backward(nb::handle probabilities_argument, nb::handle slopes_argument) {
    constexpr const char* NAME = "softmax_gradient";
    const Array<float> probabilities(probabilities_argument, {NAME, "probabilities"}, {ANY, ANY});
    const int64_t rows = probabilities.shape(0), classes = probabilities.shape(1);
    const Array<float> slopes(slopes_argument, {NAME, "d_probabilities"}, {rows, classes});
    const NewArray out = new_array({rows, classes});
    nb::gil_scoped_release unlocked;
    softmax_gradient(probabilities.data(), slopes.data(), rows, classes, out.data);
    return out.object;
}

nb::tuple crossentropy(nb::handle logits_argument, nb::handle labels_argument, float smoothing) {
    constexpr const char* NAME = "softmax_crossentropy";
    const Array<float> logits(logits_argument, {NAME, "logits"}, {ANY, ANY});
    const int64_t rows = logits.shape(0), classes = logits.shape(1);
    const Array<int32_t> labels(labels_argument, {NAME, "labels"}, {rows});
    check_ids(labels, classes, {NAME, "labels"});
    const NewArray losses = new_array({rows}), surprises = new_array({rows});
    const NewArray hits = new_array({rows}), probabilities = new_array({rows, classes});
    {
        nb::gil_scoped_release unlocked;
        softmax_crossentropy({logits.data(), labels.data(), rows, classes, smoothing,
                              surprises.data, losses.data, hits.data, probabilities.data});
    }
    return nb::make_tuple(losses.object, surprises.object, hits.object, probabilities.object);
}

nb::object crossentropy_gradient(nb::handle probabilities_argument, nb::handle labels_argument,
                                 nb::handle d_losses_argument, float smoothing) {
    constexpr const char* NAME = "softmax_crossentropy_gradient";
    const Array<float> probabilities(probabilities_argument, {NAME, "probabilities"}, {ANY, ANY});
    const int64_t rows = probabilities.shape(0), classes = probabilities.shape(1);
    const Array<int32_t> labels(labels_argument, {NAME, "labels"}, {rows});
    const Array<float> d_losses(d_losses_argument, {NAME, "d_losses"}, {rows});
    check_ids(labels, classes, {NAME, "labels"});
    const NewArray out = new_array({rows, classes});
    nb::gil_scoped_release unlocked;
    softmax_crossentropy_gradient(probabilities.data(), labels.data(), d_losses.data(), smoothing,
                                  rows, classes, out.data);
    return out.object;
}

nb::tuple binary(nb::handle targets_argument, nb::handle outputs_argument, float low, float high) {
    constexpr const char* NAME = "binary_crossentropy";
    const Array<float> targets(targets_argument, {NAME, "targets"}, {ANY});
    const Array<float> outputs(outputs_argument, {NAME, "outputs"}, {targets.size()});
    const NewArray losses = new_array({targets.size()}), slopes = new_array({targets.size()});
    {
        nb::gil_scoped_release unlocked;
        binary_crossentropy(targets.size(), targets.data(), outputs.data(), low, high, losses.data,
                            slopes.data);
    }
    return nb::make_tuple(losses.object, slopes.object);
}

nb::tuple sparse(nb::handle outputs_argument, nb::handle labels_argument, float low, float high) {
    constexpr const char* NAME = "sparse_crossentropy";
    const Array<float> outputs(outputs_argument, {NAME, "outputs"}, {ANY, ANY});
    const int64_t rows = outputs.shape(0), classes = outputs.shape(1);
    const Array<int32_t> labels(labels_argument, {NAME, "labels"}, {rows});
    check_ids(labels, classes, {NAME, "labels"});
    const NewArray losses = new_array({rows}), slopes = new_array({rows}),
                   own_slopes = new_array({rows});
    {
        nb::gil_scoped_release unlocked;
        sparse_crossentropy({outputs.data(), labels.data(), rows, classes, low, high, losses.data,
                             slopes.data, own_slopes.data});
    }
    return nb::make_tuple(losses.object, slopes.object, own_slopes.object);
}

nb::object sparse_gradient(nb::handle labels_argument, nb::handle d_losses_argument,
                           nb::handle slopes_argument, nb::handle own_slopes_argument,
                           int64_t classes) {
    constexpr const char* NAME = "sparse_crossentropy_gradient";
    const Array<int32_t> labels(labels_argument, {NAME, "labels"}, {ANY});
    const int64_t rows = labels.size();
    const Array<float> d_losses(d_losses_argument, {NAME, "d_losses"}, {rows});
    const Array<float> slopes(slopes_argument, {NAME, "slopes"}, {rows});
    const Array<float> own_slopes(own_slopes_argument, {NAME, "own_slopes"}, {rows});
    if (classes < 0)
        throw nb::value_error((std::string(NAME) + " expected classes to be at least 0, got " +
                               std::to_string(classes) + ".")
                                  .c_str());
    check_ids(labels, classes, {NAME, "labels"});
    const NewArray out = new_array({rows, classes});
    nb::gil_scoped_release unlocked;
    sparse_crossentropy_gradient(labels.data(), d_losses.data(), slopes.data(), own_slopes.data(),
                                 rows, classes, out.data);
    return out.object;
}

void find_likeliest(nb::handle logits_argument, int64_t first, nb::handle chosen_argument,
                    nb::handle log_probabilities_argument) {
    constexpr const char* NAME = "likeliest";
    const Array<float> logits(logits_argument, {NAME, "logits"}, {ANY, ANY});
    const int64_t rows = logits.shape(0), classes = logits.shape(1);
    const Array<int32_t> chosen(chosen_argument, {NAME, "chosen"}, {rows, ANY}, true);
    const int64_t count = chosen.shape(1);
    const Array<float> log_probabilities(log_probabilities_argument, {NAME, "log_probabilities"},
                                         {rows, count}, true);
    if (rows > 0 && (first < 0 || count < 1 || count > classes - first))
        throw nb::value_error(("likeliest expected from 1 to " + std::to_string(classes - first) +
                               " choices among classes from " + std::to_string(first) +
                               " on, got " + std::to_string(count) + ".")
                                  .c_str());
    nb::gil_scoped_release unlocked;
    likeliest(logits.data(), rows, classes, first, count, chosen.mutable_data(),
              log_probabilities.mutable_data());
}

}  // namespace

void bind_losses(nb::module_& m) {
    m.def("softmax", &softmax_forward, array_argument("logits"));
    m.def("softmax_gradient", &softmax_backward, array_argument("probabilities"),
          array_argument("d_probabilities"));
    m.def("softmax_crossentropy", &crossentropy, array_argument("logits"), array_argument("labels"),
          nb::arg("smoothing"));
    m.def("softmax_crossentropy_gradient", &crossentropy_gradient, array_argument("probabilities"),
          array_argument("labels"), array_argument("d_losses"), nb::arg("smoothing"));
    m.def("binary_crossentropy", &binary, array_argument("targets"), array_argument("outputs"),
          nb::arg("low"), nb::arg("high"));
    m.def("sparse_crossentropy", &sparse, array_argument("outputs"), array_argument("labels"),
          nb::arg("low"), nb::arg("high"));
    m.def("sparse_crossentropy_gradient", &sparse_gradient, array_argument("labels"),
          array_argument("d_losses"), array_argument("slopes"), array_argument("own_slopes"),
          nb::arg("classes"));
    m.def("likeliest", &find_likeliest, array_argument("logits"), nb::arg("first"),
          array_argument("chosen"), array_argument("log_probabilities"));
}

}  // namespace leftfold
