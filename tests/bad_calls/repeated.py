"""One call with one wrong value after another."""

from collections.abc import Iterable

# Values that are no number of examples, steps or the like.
NO_COUNT = ("0", "-1", "1.5", "nan", "inf", "None", "True", "'2'", "[2]")
# Values that are no seed.
NO_SEED = ("'a'", "1.9", "True", "nan", "[1]", "2**70")
# Values that are no finite number.
NO_NUMBER = ("nan", "inf", "None", "True", "'2'", "[2.0]")


def numbers(call: str, values: Iterable[str]) -> list[str]:
    """The call with each of the values in the place of {}."""
    return [call.replace("{}", value) for value in values]
