// Numbers in text as a Python function.
#include "bindings.hpp"
#include "numbers.hpp"

namespace leftfold {

namespace {

nb::object numbers_of(nb::handle text_argument, int64_t count) {
    if (!PyBytes_Check(text_argument.ptr()))
        throw nb::value_error("parse_numbers expected text to be bytes.");
    const nb::bytes text = nb::borrow<nb::bytes>(text_argument);
    const int64_t size = static_cast<int64_t>(text.size());
    // Each number takes a digit, and all but one a blank.
    if (count < 0 || count > (size + 1) / 2) return nb::none();
    const NewArray out = new_array({count});
    bool plain;
    {
        nb::gil_scoped_release unlocked;
        plain = parse_numbers(text.c_str(), size, count, out.data);
    }
    return plain ? out.object : nb::none();
}

}  // namespace

void bind_text(nb::module_& m) {
    m.def("parse_numbers", &numbers_of, array_argument("text"), nb::arg("count"));
}

}  // namespace leftfold
