// The Python module. It is compiled once for each instruction set, under a name of its own;
// leftfold/engine/kernels.py picks one.
#include "bindings.hpp"

#include <algorithm>

#include "activations.hpp"
#include "gemm.hpp"
#include "pairs.hpp"
#include "threads.hpp"

namespace leftfold {

namespace {

// The instruction sets, best first, that this processor has and that were built.
nb::list supported_isas() {
    nb::list names;
#if defined(LEFTFOLD_BUILT_X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        names.append("avx512");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) names.append("avx2");
#endif
    names.append("baseline");
    return names;
}

void set_threads(int count) {
    constexpr int MOST = 1024;
    if (count < 1 || count > MOST)
        throw nb::value_error(("set_threads expected count from 1 to " + std::to_string(MOST) +
                               ", got " + std::to_string(count) + ".")
                                  .c_str());
    set_thread_limit(count);
}

nb::list bfloat16_forms() {
    nb::list names;
    for (const std::string& form : pair_forms())
        names.append(form);
    return names;
}

void use_bfloat16_form(const std::string& form) {
    const std::vector<std::string> forms = pair_forms();
    if (std::find(forms.begin(), forms.end(), form) == forms.end())
        throw nb::value_error(
            ("use_bfloat16_form expected one of bfloat16_forms(), got '" + form + "'.").c_str());
    use_pair_form(form);
}

double measure_peak(int threads) {
    if (threads < 1 || threads > thread_limit())
        throw nb::value_error(("peak_gflops expected threads from 1 to " +
                               std::to_string(thread_limit()) + ", got " + std::to_string(threads) +
                               ".")
                                  .c_str());
    nb::gil_scoped_release unlocked;
    return peak_gflops(threads);
}

// A vector function over a whole array, for tests of its error.
template <Vector (*FUNCTION)(Vector)>
nb::object elementwise(nb::handle values) {
    const Array<float> x(values, {"elementwise", "values"}, {ANY});
    const NewArray out = new_array({x.size()});
    for (int64_t i = 0; i < x.size(); i += LANES)
        store_partial(out.data + i, FUNCTION(load_partial(x.data() + i, x.size() - i)),
                      x.size() - i);
    return out.object;
}

}  // namespace

}  // namespace leftfold

NB_MODULE(LEFTFOLD_MODULE, m) {
    namespace lf = leftfold;
    m.attr("isa") = LEFTFOLD_ISA_NAME;
    m.def("supported_isas", &lf::supported_isas);
    m.def("set_allocator", &lf::set_allocator, lf::nb::arg("allocate"),
          lf::nb::arg("smallest") = 0);
    m.def("set_threads", &lf::set_threads);
    m.def("bfloat16_forms", &lf::bfloat16_forms);
    m.def("best_bfloat16_form", &lf::best_pair_form);
    m.def("use_bfloat16_form", &lf::use_bfloat16_form, lf::nb::arg("form"));
    m.def("peak_gflops", &lf::measure_peak);
    m.def("exponential", &lf::elementwise<lf::exponential>);
    m.def("tanh", &lf::elementwise<lf::tanh>);
    m.def("sigmoid", &lf::elementwise<lf::sigmoid>);
    lf::bind_recurrent(m);
    lf::bind_dense(m);
    lf::bind_losses(m);
    lf::bind_optimizers(m);
    lf::bind_stream(m);
    lf::bind_vectors(m);
    lf::bind_text(m);
}
