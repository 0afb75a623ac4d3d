// Optimiser steps as Python functions. All arrays are flat, of one length, and change in place.
#include "bindings.hpp"
#include "optimizers.hpp"
#include "zeros.hpp"

namespace leftfold {

namespace {

// The arrays of one update: values first, all as long as they are.
class Flat {
  public:
    Flat(const char* function, nb::handle values, const char* name = "values")
        : function_(function), values_(values, {function, name}, {ANY}, true) {}

    int64_t count() const { return values_.size(); }
    float* values() const { return values_.mutable_data(); }
    float* array(nb::handle argument, const char* name) const {
        return Array<float>(argument, {function_, name}, {count()}, true).mutable_data();
    }
    float* optional(nb::handle argument, const char* name) const {
        return argument.is_none() ? nullptr : array(argument, name);
    }

  private:
    const char* function_;
    Array<float> values_;
};

void sgd(nb::handle values, nb::handle gradients, nb::handle momentum_state, float learning_rate,
         float momentum, bool nesterov) {
    const Flat flat("sgd_update", values);
    const float* g = flat.array(gradients, "gradients");
    float* state = flat.optional(momentum_state, "momentum_state");
    nb::gil_scoped_release unlocked;
    sgd_update(flat.count(), flat.values(), g, state, learning_rate, momentum, nesterov);
}

void rmsprop(nb::handle values, nb::handle gradients, nb::handle velocity,
             nb::handle momentum_state, nb::handle average_gradient, float learning_rate, float rho,
             float momentum, float epsilon) {
    const Flat flat("rmsprop_update", values);
    const float* g = flat.array(gradients, "gradients");
    float* v = flat.array(velocity, "velocity");
    float* state = flat.optional(momentum_state, "momentum_state");
    float* average = flat.optional(average_gradient, "average_gradient");
    nb::gil_scoped_release unlocked;
    rmsprop_update(flat.count(), flat.values(), g, v, state, average, learning_rate, rho, momentum,
                   epsilon);
}

void adam(nb::handle values, nb::handle gradients, nb::handle m, nb::handle v, float alpha,
          float beta_1, float beta_2, float epsilon, float decay) {
    const Flat flat("adam_update", values);
    const float* g = flat.array(gradients, "gradients");
    float* mean = flat.array(m, "m");
    float* square = flat.array(v, "v");
    nb::gil_scoped_release unlocked;
    adam_update(flat.count(), flat.values(), g, mean, square, alpha, beta_1, beta_2, epsilon,
                decay);
}

void adagrad(nb::handle values, nb::handle gradients, nb::handle accumulator, float learning_rate,
             float epsilon) {
    const Flat flat("adagrad_update", values);
    const float* g = flat.array(gradients, "gradients");
    float* total = flat.array(accumulator, "accumulator");
    nb::gil_scoped_release unlocked;
    adagrad_update(flat.count(), flat.values(), g, total, learning_rate, epsilon);
}

void nadam(nb::handle values, nb::handle gradients, nb::handle m, nb::handle v,
           double learning_rate, double u_t, double u_next, double u_product, double u_product_next,
           double beta_1, double beta_2, double beta_2_power, double epsilon) {
    const Flat flat("nadam_update", values);
    const float* g = flat.array(gradients, "gradients");
    float* mean = flat.array(m, "m");
    float* square = flat.array(v, "v");
    const auto f = [](double x) { return static_cast<float>(x); };
    const NadamFactors factors{f(learning_rate),
                               f(u_next / (1 - u_product_next)),
                               f((1 - u_t) / (1 - u_product)),
                               f(1 / (1 - beta_2_power)),
                               f(beta_1),
                               f(beta_2),
                               f(epsilon)};
    nb::gil_scoped_release unlocked;
    nadam_update(flat.count(), flat.values(), g, mean, square, factors);
}

double norm(nb::handle gradients) {
    const Flat flat("squared_norm", gradients, "gradients");
    nb::gil_scoped_release unlocked;
    return squared_norm(flat.count(), flat.values());
}

void scale_in_place(nb::handle gradients, float factor) {
    const Flat flat("scale", gradients, "gradients");
    nb::gil_scoped_release unlocked;
    scale(flat.count(), flat.values(), factor);
}

void clear_in_place(nb::handle values) {
    const Flat flat("clear", values, "values");
    nb::gil_scoped_release unlocked;
    write_zeros(flat.values(), flat.count());
}

}  // namespace

void bind_optimizers(nb::module_& m) {
    constexpr auto array = array_argument;
    using nb::arg;
    m.def("sgd_update", &sgd, array("values"), array("gradients"), array("momentum_state"),
          arg("learning_rate"), arg("momentum"), arg("nesterov"));
    m.def("rmsprop_update", &rmsprop, array("values"), array("gradients"), array("velocity"),
          array("momentum_state"), array("average_gradient"), arg("learning_rate"), arg("rho"),
          arg("momentum"), arg("epsilon"));
    m.def("adam_update", &adam, array("values"), array("gradients"), array("m"), array("v"),
          arg("alpha"), arg("beta_1"), arg("beta_2"), arg("epsilon"), arg("decay"));
    m.def("adagrad_update", &adagrad, array("values"), array("gradients"), array("accumulator"),
          arg("learning_rate"), arg("epsilon"));
    m.def("nadam_update", &nadam, array("values"), array("gradients"), array("m"), array("v"),
          arg("learning_rate"), arg("u_t"), arg("u_next"), arg("u_product"), arg("u_product_next"),
          arg("beta_1"), arg("beta_2"), arg("beta_2_power"), arg("epsilon"));
    m.def("squared_norm", &norm, array("gradients"));
    m.def("clear", &clear_in_place, array("values"));
    m.def("scale", &scale_in_place, array("gradients"), arg("factor"));
}

}  // namespace leftfold
