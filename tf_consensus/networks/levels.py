"""Sizes of networks whose maps double in side from level to level, and halve in width."""

import math

from tf_consensus.support.checks import check_int


def count_doublings(image_size: int, start_size: int) -> int:
    """How often a map of side `start_size` is doubled to reach `image_size`.

    Raises:
        ValueError: If a size is not a positive integer, or `image_size` is not start_size · 2^k.
    """
    image_size = check_int("image_size", image_size, minimum=1)
    start_size = check_int("start_size", start_size, minimum=1)
    doublings = int(math.log2(max(image_size / start_size, 1)))
    if start_size * 2**doublings == image_size:
        return doublings
    raise ValueError(
        f"`image_size` must be start_size · 2^k, here {start_size}, {2 * start_size}, "
        f"{4 * start_size}, …. Received: image_size={image_size!r}, start_size={start_size!r}. "
        f"Resize or pad the images, for example to {start_size * 2**doublings}, or pass another "
        "`start_size`."
    )


def level_widths(filters: int, max_filters: int, doublings: int) -> list[int]:
    """The filters min(2ⁱ · filters, max_filters) of each level i, the image's level first.

    Raises:
        ValueError: If one is not a positive integer, or `max_filters` is below `filters`.
    """
    filters = check_int("filters", filters, minimum=1)
    max_filters = check_int("max_filters", max_filters, minimum=1)
    if max_filters >= filters:
        return [min(filters * 2**level, max_filters) for level in range(doublings + 1)]
    raise ValueError(
        "`max_filters` must not be below `filters`, the width next to the image. Received: "
        f"max_filters={max_filters!r}, filters={filters!r}. Pass a larger `max_filters`."
    )
