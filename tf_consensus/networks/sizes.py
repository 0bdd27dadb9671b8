"""How often a side of an image, or the length of a sequence, can be halved."""

from tf_consensus.support.checks import check_int

_THINGS = {"image_size": "images", "length": "sequences"}
_MOST = 16


def evenness(key: str, size: int) -> int:
    """How often a size can be halved, at most 4 times.

    Args:
        key: Name of the size, "image_size" or "length".
        size: Positive integer.

    Raises:
        ValueError: If it is odd.
    """
    halvings = _halvings(size)
    if not halvings:
        raise ValueError(
            f"`{key}` must be even, as both networks halve {_THINGS[key]}. Received: {key}={size}. "
            f"Resize or pad the {_THINGS[key]}, for example to {size + 1}."
        )
    return min(4, halvings)


def check_levels(name: str, levels: int, key: str, size: int) -> int:
    """The number of halvings, if the size has as many.

    Args:
        name: Name of the setting that says how many there are.
        levels: How many.
        key: Name of the size, "image_size" or "length".
        size: Positive integer.

    Raises:
        ValueError: If it is not a positive integer, or the size is not divisible.
    """
    levels, most = check_int(name, levels, minimum=1), _halvings(size)
    if levels > most:
        # More halvings are a slip of the user's, and no size would help.
        fits = f", for example to {nearest(size, 2**levels)}" if levels <= _MOST else ""
        fewer = f", or pass {name}={most}" * (most > 0)
        raise ValueError(
            f"`{key}` must be divisible by 2^{name}. Received: {key}={size} with {name}={levels}. "
            f"Resize the {_THINGS[key]}{fits}{fewer}."
        )
    return levels


def nearest(size: int, part: int) -> int:
    """The positive multiple of `part` that is next to a size."""
    return max(1, round(size / part)) * part


def _halvings(size: int) -> int:
    return (size & -size).bit_length() - 1
