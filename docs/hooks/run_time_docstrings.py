"""Docstrings as `help()` shows them, for a reference that is read from the source."""

import inspect
import pkgutil
import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


class RunTimeDocstrings(griffe.Extension):
    """Takes the docstrings of classes from the classes.

    An optimizer's class completes its `Args` by those of its bases when it is made, which the
    source does not show.
    """

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """The docstring, with examples under the title by which they are shown as code.

        A module has none here: its page says what the module is for.
        """
        if obj.is_module:
            obj.docstring = None
        if not obj.docstring:
            return
        text = obj.docstring.value
        if obj.is_class:
            made = pkgutil.resolve_name(f"{obj.module.path}:{_inside(obj)}")
            text = inspect.cleandoc(vars(made)["__doc__"])
        obj.docstring.value = _EXAMPLE.sub("Examples:", text)


def _inside(obj):
    return obj.path.removeprefix(f"{obj.module.path}.")
