"""report.html: what a run did, or several side by side, on one page that needs no other file.

Imported from here are `write_report`, which writes the page of run folders, and `LiveReport`, the
callback that keeps it up to date in `fit`.
"""

import importlib

_WHERE = {"write_report": "page", "LiveReport": "live"}


def __getattr__(name):
    # Loaded only on request: a program that just prints its help needs no page.
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
