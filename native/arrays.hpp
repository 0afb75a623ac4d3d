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
    if constexpr (std::is_same_v<T, int64_t>) return "int64";
    return "bool";
}

// Where an argument comes from, for error messages.
struct Place {
    const char* function;
    const char* argument;
};

// Raises ValueError: `place` expected an array of this kind and shape.
[[noreturn]] void wrong_argument(Place place, const std::string& kind,
                                 std::initializer_list<int64_t> shape, nb::handle got);
bool is_numpy(nb::handle value);
// An aligned C-contiguous copy.
nb::object contiguous(nb::handle array);

// A checked array and whatever keeps its memory alive.
template <class T>
class Array {
  public:
    Array() = default;

    // `value` as an aligned C-contiguous array of T and of the given shape. In-place arguments
    // must be that already, and writable.
    Array(nb::handle value, Place place, std::initializer_list<int64_t> shape,
          bool in_place = false)
        : owner_(nb::borrow(value)) {
        const auto refuse = [&](const char* quality) {
            wrong_argument(place, std::string(quality) + type_name<T>() + " array", shape, value);
        };
        // Only NumPy can read what has no whole strides, such as a field of packed records.
        if (!nb::try_cast(value, view_, false) && is_numpy(value)) {
            owner_ = contiguous(value);
            nb::try_cast(owner_, view_, false);
        }
        if (!view_.is_valid() || !fits(shape)) refuse("");
        if (in_place) {
            WritableView writable;
            if (!owner_.is(value) || !is_direct()) refuse("contiguous ");
            if (!nb::try_cast(value, writable, false)) refuse("writable ");
        } else if (!is_direct()) {
            owner_ = contiguous(value);
            view_ = nb::cast<View>(owner_);
        }
    }

    const T* data() const { return static_cast<const T*>(view_.data()); }
    T* mutable_data() const { return const_cast<T*>(data()); }
    int64_t shape(size_t axis) const { return static_cast<int64_t>(view_.shape(axis)); }
    int64_t size() const { return static_cast<int64_t>(view_.size()); }
    nb::object owner() const { return owner_; }

  private:
    using View = nb::ndarray<nb::ro, nb::device::cpu>;
    using WritableView = nb::ndarray<nb::device::cpu>;

    View view_;
    nb::object owner_;

    bool fits(std::initializer_list<int64_t> shape) const {
        if (view_.ndim() != shape.size() || view_.dtype() != nb::dtype<T>()) return false;
        for (size_t i = 0; i < shape.size(); i++) {
            const int64_t wanted = shape.begin()[i];
            if (wanted != ANY && static_cast<int64_t>(view_.shape(i)) != wanted) return false;
        }
        return true;
    }

    bool is_direct() const {
        if (reinterpret_cast<uintptr_t>(view_.data()) % alignof(T)) return false;
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

// Raises IndexError unless every id names one of `count` rows or classes.
void check_ids(const Array<int32_t>& ids, int64_t count, Place place);

// A new float32 array, from the allocator that Python has set; from NumPy if it is smaller than
// what that is for.
struct NewArray {
    nb::object object;
    float* data;
};
NewArray new_array(std::initializer_list<int64_t> shape);
void set_allocator(nb::object allocate, int64_t smallest);

}  // namespace leftfold
