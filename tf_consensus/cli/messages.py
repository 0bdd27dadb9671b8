"""What the program says about a word that it does not know."""

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """What was typed cannot be done; the message says why, and what to type instead."""


def did_you_mean(word: str, known: Iterable[str], form: str = "{}") -> str:
    """A sentence that offers the known word spelt most like `word`; else nothing."""
    known = list(known)
    lower = {key.lower(): key for key in known}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    if not found:
        begun = [key for key in lower if word and key.startswith(word.lower())]
        found = begun if len(begun) == 1 else []
    return f"Did you mean {form.format(lower[found[0]])}? " if found else ""


def unknown(what: str, word: str, known: Iterable[str], form: str = "{}") -> UsageError:
    """The error for a word that is none of the known ones."""
    known = sorted(known)
    listed = ", ".join(form.format(key) for key in known)
    near = did_you_mean(word, known, form)
    return UsageError(f"Unknown {what} {word!r}. {near}Choose one of {listed}.")
