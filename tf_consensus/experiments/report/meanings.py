"""What a score of a family means, beside its name: its best value, or what it is of."""

_BEST_AT_0 = "best at 0"
_MEANINGS = {
    "mean_absolute_error": "best at 0, images are from -1 to 1",
    "round_trip_error": "best at 0, images are from -1 to 1",
    "agreement": "best at 1",
    "mean_marginal": _BEST_AT_0,
    "marginals": _BEST_AT_0,
    "correlation_difference": _BEST_AT_0,
    "accuracy": "of a classifier that learned from made rows",
    "accuracy_of_real_rows": "of one that learned from real rows",
    "accuracy_of_the_majority": "of naming the commonest class each time",
}


def meaning(name: str) -> str | None:
    """A few words on a score, by its name in result.json; `None` if there are none."""
    return _MEANINGS.get(name)
