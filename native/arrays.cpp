#include "arrays.hpp"

#include <algorithm>

namespace leftfold {

namespace {
// Where new arrays come from: those of fewer bytes than `smallest` from NumPy itself. Lives until
// the interpreter is gone, so it is never destroyed.
struct Allocator {
    nb::object allocate = nb::none();
    int64_t smallest = 0;
    nb::object numpy_empty = nb::module_::import_("numpy").attr("empty");
    nb::object float32 = nb::module_::import_("numpy").attr("dtype")("float32");
};

Allocator& allocator() {
    static auto* only = new Allocator;
    return *only;
}
}  // namespace

void wrong_argument(Place place, const std::string& kind, std::initializer_list<int64_t> shape,
                    nb::handle got) {
    nb::str found = nb::type_name(got.type());
    if (is_numpy(got)) {
        const nb::object dtype = got.attr("dtype"), size = got.attr("shape");
        found = nb::str("{} array of shape {}").format(dtype, size);
    }
    std::string wanted;
    for (const int64_t size : shape)
        wanted += (wanted.empty() ? "" : ", ") + (size == ANY ? "*" : std::to_string(size));
    const nb::str message = nb::str("{} expected {} to be a {} of shape ({}{}), got a {}.")
                                .format(place.function, place.argument, kind.c_str(),
                                        wanted.c_str(), shape.size() == 1 ? "," : "", found);
    PyErr_SetObject(PyExc_ValueError, message.ptr());
    throw nb::python_error();
}

bool is_numpy(nb::handle value) {
    return nb::isinstance(value, nb::module_::import_("numpy").attr("ndarray"));
}

nb::object contiguous(nb::handle array) {
    const nb::object copy = nb::module_::import_("numpy").attr("array");
    return copy(array, nb::arg("order") = "C", nb::arg("copy") = true);
}

void check_ids(const Array<int32_t>& ids, int64_t count, Place place) {
    const int32_t *first = ids.data(), *last = first + ids.size();
    int32_t least = 0, greatest = -1;  // compilers make vectors of this, not of a search
    for (const int32_t* id = first; id < last; id++) {
        least = std::min(least, *id);
        greatest = std::max(greatest, *id);
    }
    if (least >= 0 && greatest < count) return;
    const int32_t wrong =
        *std::find_if(first, last, [=](int32_t id) { return id < 0 || id >= count; });
    throw nb::index_error((std::string(place.function) + " expected " + place.argument +
                           " of at least 0 and below " + std::to_string(count) + ", got " +
                           std::to_string(wrong) + ".")
                              .c_str());
}

NewArray new_array(std::initializer_list<int64_t> shape) {
    const auto sizes = nb::steal<nb::tuple>(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
    if (!sizes.is_valid()) throw nb::python_error();
    for (size_t i = 0; i < shape.size(); i++)
        PyTuple_SetItem(sizes.ptr(), static_cast<Py_ssize_t>(i),
                        PyLong_FromLongLong(shape.begin()[i]));
    const Allocator& from = allocator();
    double bytes = sizeof(float);
    for (const int64_t size : shape)
        bytes *= static_cast<double>(size);
    const bool small = bytes < static_cast<double>(from.smallest);
    const nb::object object = small ? from.numpy_empty(sizes, from.float32) : from.allocate(sizes);
    const Array<float> array(object, {"set_allocator", "what it allocates"}, shape, !small);
    return {object, array.mutable_data()};
}

void set_allocator(nb::object allocate, int64_t smallest) {
    allocator().allocate = std::move(allocate);
    allocator().smallest = smallest;
}

}  // namespace leftfold
