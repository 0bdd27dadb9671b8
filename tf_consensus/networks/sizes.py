"""How often a side of an image, or the length of a sequence, can be halved."""

from tf_consensus.support.checks import check_int

_THINGS = {"image_size": "images", "length": "sequences"}


def evenness(key: str, size: int) -> int:
    """How often a size can be halved, at most 4 times.

    Args:
        key: Name of the size, "image_size" or "length".
        size: Positive integer.

    Raises:
        ValueError: If it is odd.
    """
    return min(4, _halvings(key, size))


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
    levels, most = check_int(name, levels, minimum=1), _halvings(key, size)
    if levels > most:
        raise ValueError(
            f"`{key}` must be divisible by 2^{name}. Received: {key}={size} with {name}={levels}. "
            f"Resize the {_THINGS[key]}, or pass {name}={most}."
        )
    return levels


def _halvings(key: str, size: int) -> int:
    halvings = (size & -size).bit_length() - 1
    if not halvings:
        raise ValueError(
            f"`{key}` must be even, as both networks halve {_THINGS[key]}. Received: {key}={size}. "
            f"Resize or pad the {_THINGS[key]}, for example to {size + 1}."
        )
    return halvings
