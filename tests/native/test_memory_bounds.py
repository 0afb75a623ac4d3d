"""No kernel reads or writes outside its arrays."""

from __future__ import annotations

import sys

import pytest

from tests.native.support import SANITIZED, python

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or SANITIZED, reason="needs mprotect, and is what sanitizers do"
)


def test_kernels_stay_within_their_arrays(any_native):
    code = "import sys; from tests.native.guard_pages import main; main(sys.argv[1])"
    assert python(code, any_native.isa).endswith("ok\n")


def test_one_element_too_far_would_be_noticed():
    """The guard itself, at both ends."""
    for place, at_end in ((4, True), (-1, False)):
        code = (
            "import ctypes, numpy as np\n"
            "from tests.native.guard_pages import guarded\n"
            f"array = guarded(np.ones(4, 'f'), {at_end})\n"
            f"ctypes.c_float.from_address(array.ctypes.data + 4 * {place}).value"
        )
        with pytest.raises(AssertionError, match="exit code -"):
            python(code)
