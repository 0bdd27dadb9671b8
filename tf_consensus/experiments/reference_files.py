"""Files of statistics of real images: the library's own, and those of other tools."""

from tf_consensus.experiments.errors import RunError
from tf_consensus.metrics import Reference, inception
from tf_consensus.metrics.image_network import ImageNetwork
from tf_consensus.metrics.inception_images import TTUR
from tf_consensus.metrics.moments_file import is_moments


def load_inception(path: str, tool: str | None) -> inception.FrozenInception:
    """The reference Inception network that treats images as a tool does; `None`: as TTUR.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is not that network.
    """
    return inception.frozen_inception(path, tool or TTUR)


def load_reference_file(path: str, extractor: ImageNetwork, tool: str | None) -> Reference:
    """The statistics in a file, of which one of mu and sigma gives the Fréchet distance alone.

    Args:
        path: The file.
        extractor: The network that scores.
        tool: The tool that wrote a file of mu and sigma.

    Raises:
        RunError: If the file is of mu and sigma, but the network is not the FID's, or no tool is
            named.
        OSError: If the file cannot be read.
        ValueError: If it is damaged, or is of other features.
    """
    if not is_moments(path):
        return Reference.load(path)
    if extractor.tool is None:
        raise RunError(
            "A file of mu and sigma needs the network of the FID, whose features it is of. "
            f"Received: --reference={path}, and {extractor.name}. Pass "
            "--inception=FILE, classify_image_graph_def.pb of inception-2015-12-05."
        )
    if tool is None:
        raise RunError(
            "A file of mu and sigma does not say how the images were resized. Received: "
            f"--reference={path}, and no --fid_tool. Pass the tool that wrote the file, for "
            "example --fid_tool=pytorch-fid."
        )
    return Reference.load_moments(path, extractor, tool)
