// NumPy arrays as arguments: checked by name, and made contiguous where they are not.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace leftfold {

namespace nb = nanobind;

// Any size is allowed in this place of an expected shape.
constexpr int64_t ANY = -1;

template <class T>
constexpr const char* type_name() {
    if constexpr (std::is_same_v<T, float>) return "float32";
    if constexpr (std::is_same_v<T, int32_t>) return "int32";
    return "bool";
}

// Where an argument comes from, for error messages.
struct Place {
    const char* function;
    const char* argument;
};

[[noreturn]] void wrong_argument(Place place, const std::string& expected, nb::handle got);
std::string shape_text(const std::vector<int64_t>& shape);
nb::object contiguous(nb::handle array);

// A checked array and whatever keeps its memory alive.
template <class T>
class Array {
   public:
    Array() = default;

    // `value` as a C-contiguous array of T and of the given shape. In-place arguments must be
    // contiguous already.
    Array(nb::handle value, Place place, std::initializer_list<int64_t> shape,
          bool in_place = false) {
        const std::vector<int64_t> wanted(shape);
        const std::string expected =
            std::string(type_name<T>()) + " array of shape " + shape_text(wanted);
        if (!nb::try_cast(value, view_, false)) wrong_argument(place, expected, value);
        bool fits = view_.ndim() == wanted.size() && view_.dtype() == nb::dtype<T>();
        for (size_t i = 0; fits && i < wanted.size(); i++)
            fits = wanted[i] == ANY || static_cast<int64_t>(view_.shape(i)) == wanted[i];
        if (!fits) wrong_argument(place, expected, value);
        owner_ = nb::borrow(value);
        if (is_contiguous()) return;
        if (in_place) wrong_argument(place, "contiguous " + expected, value);
        owner_ = contiguous(value);
        view_ = nb::cast<nb::ndarray<nb::ro>>(owner_);
    }

    const T* data() const { return static_cast<const T*>(view_.data()); }
    T* mutable_data() const { return const_cast<T*>(data()); }
    int64_t shape(size_t axis) const { return static_cast<int64_t>(view_.shape(axis)); }
    int64_t size() const { return static_cast<int64_t>(view_.size()); }
    nb::object owner() const { return owner_; }

   private:
    nb::ndarray<nb::ro> view_;
    nb::object owner_;

    bool is_contiguous() const {
        int64_t step = 1;
        if (view_.size() == 0) return true;
        for (size_t axis = view_.ndim(); axis-- > 0;) {
            if (view_.shape(axis) != 1 && view_.stride(axis) != step) return false;
            step *= static_cast<int64_t>(view_.shape(axis));
        }
        return true;
    }
};

// The same for an argument that may be None.
template <class T>
const T* optional_data(nb::handle value, Place place, std::initializer_list<int64_t> shape,
                       std::vector<nb::object>& owners, bool in_place = false) {
    if (value.is_none()) return nullptr;
    Array<T> array(value, place, shape, in_place);
    owners.push_back(array.owner());
    return array.data();
}

// A new float32 array, from the allocator that Python has set.
struct NewArray {
    nb::object object;
    float* data;
};
NewArray new_array(std::initializer_list<int64_t> shape);
void set_allocator(nb::object allocator);

}  // namespace leftfold
