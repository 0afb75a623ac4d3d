// The parts of the Python module.
#pragma once

#include <nanobind/stl/string.h>

#include "activations.hpp"
#include "arrays.hpp"

namespace leftfold {

// An argument that the function checks itself, None too, so that errors name it.
inline auto array_argument(const char* name) {
    return nb::arg(name).none();
}

void bind_recurrent(nb::module_& m);
void bind_dense(nb::module_& m);
void bind_losses(nb::module_& m);
void bind_optimizers(nb::module_& m);
void bind_stream(nb::module_& m);
void bind_vectors(nb::module_& m);
void bind_text(nb::module_& m);

// The activation that a kernel's argument names.
Activation activation_by_name(const std::string& name, Place place);

}  // namespace leftfold
