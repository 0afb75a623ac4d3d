"""Lets the site show `Example:` of docstrings as what it is: a session of Python."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Writes `Example:` the way the parser of docstrings knows it."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called with everything that may have a docstring."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(
                r"^(\s*)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE
            )
