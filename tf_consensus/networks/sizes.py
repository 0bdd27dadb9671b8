"""How often a side of an image, or the length of a sequence, can be halved."""

from tf_consensus.support.checks import check_int


def evenness(size: int) -> int:
    """How often the size can be halved, at most 4 times; 1 if it cannot."""
    return max(n for n in range(1, 5) if n == 1 or size % 2**n == 0)


def check_levels(name: str, levels: int, key: str, size: int) -> int:
    """The number of halvings, if the size has as many.

    Args:
        name: Name of the setting that says how many there are.
        levels: How many.
        key: Name of the size.
        size: Positive integer.

    Raises:
        ValueError: If it is not a positive integer, or the size is not divisible.
    """
    levels = check_int(name, levels, minimum=1)
    if size % 2**levels:
        things = "images" if key == "image_size" else "sequences"
        raise ValueError(
            f"`{key}` must be divisible by 2^{name} = {2**levels}. Received: "
            f"{key}={size} with {name}={levels}. Resize the {things}, or take fewer."
        )
    return levels
