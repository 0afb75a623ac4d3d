#include "arrays.hpp"

namespace leftfold {

namespace {
// Lives until the interpreter is gone, so it is never destroyed.
nb::object& allocator() {
    static auto* object = new nb::object(nb::none());
    return *object;
}
}  // namespace

void wrong_argument(Place place, const std::string& expected, nb::handle got) {
    std::string found = nb::type_name(got.type()).c_str();
    if (nb::hasattr(got, "shape") && nb::hasattr(got, "dtype"))
        found = std::string(nb::str(got.attr("dtype")).c_str()) + " array of shape " +
                nb::str(got.attr("shape")).c_str();
    const std::string message = std::string(place.function) + " expected " + place.argument +
                                " to be a " + expected + ", got a " + found + ".";
    PyErr_SetString(PyExc_ValueError, message.c_str());
    throw nb::python_error();
}

std::string shape_text(const std::vector<int64_t>& shape) {
    std::string text = "(";
    for (size_t i = 0; i < shape.size(); i++) {
        if (i) text += ", ";
        text += shape[i] == ANY ? "*" : std::to_string(shape[i]);
    }
    return text + (shape.size() == 1 ? ",)" : ")");
}

nb::object contiguous(nb::handle array) {
    return nb::module_::import_("numpy").attr("ascontiguousarray")(array);
}

NewArray new_array(std::initializer_list<int64_t> shape) {
    nb::list sizes;
    for (const int64_t size : shape) sizes.append(size);
    nb::object object = allocator()(nb::tuple(sizes));
    const auto view = nb::cast<nb::ndarray<float, nb::c_contig>>(object);
    return {object, view.data()};
}

void set_allocator(nb::object object) { allocator() = std::move(object); }

}  // namespace leftfold
