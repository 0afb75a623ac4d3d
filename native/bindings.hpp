// The parts of the Python module.
#pragma once

#include <nanobind/stl/string.h>

#include "arrays.hpp"

namespace leftfold {

void bind_recurrent(nb::module_& m);
void bind_dense(nb::module_& m);
void bind_optimizers(nb::module_& m);

}  // namespace leftfold
