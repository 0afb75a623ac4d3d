// The parts of the Python module.
#pragma once

#include <nanobind/stl/string.h>

#include "arrays.hpp"

namespace leftfold {

// An argument that the function checks itself, None too, so that errors name it.
inline auto array_argument(const char* name) {
    return nb::arg(name).none();
}

void bind_recurrent(nb::module_& m);
void bind_dense(nb::module_& m);
void bind_optimizers(nb::module_& m);

}  // namespace leftfold
