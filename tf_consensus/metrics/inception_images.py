"""How the tools of the field give images to the reference Inception."""

import tensorflow as tf

from tf_consensus.metrics import resizing

TTUR, PYTORCH_FID, CLEAN_FID = "ttur", "pytorch-fid", "clean-fid"

TOOLS = {
    TTUR: ("tf1_bilinear", "round(127.5 (x + 1)), after resizing (x - 128) / 128"),
    PYTORCH_FID: ("torch_bilinear", "round(127.5 (x + 1)), after resizing (x - 127.5) / 127.5"),
    CLEAN_FID: ("clean_bicubic", "round(127.5 (x + 1)), after resizing (x - 128) / 128"),
}
"""The resizer of each tool by its name in `resizing.RESIZERS`, and the scaling in words."""


def entering(pixels: tf.Tensor, size: int, tool: str) -> tf.Tensor:
    """What a tool feeds into the network.

    Args:
        pixels: (batch, height, width, 3), whole numbers from 0 to 255, float32.
        size: height and width of the network's input.
        tool: one of `TOOLS`.
    """
    resized = resizing.get(TOOLS[tool][0])
    if tool == TTUR:
        return (resized(pixels, size) - 128.0) / 128.0
    # Resizing commutes with shifts and positive factors.
    unit = resized(pixels / 127.5 - 1.0, size)
    return unit if tool == PYTORCH_FID else (127.5 * (unit + 1.0) - 128.0) / 128.0


def check_tool(tool: object) -> str:
    """Returns the name of a tool.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(tool, str) and tool in TOOLS:
        return tool
    raise ValueError(
        f"`tool` must name a tool whose treatment of images is known. Received: tool={tool!r}. "
        f"Choose one of {', '.join(TOOLS)}."
    )
