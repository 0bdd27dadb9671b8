"""Recommended settings that follow from numbers alone, known before TensorFlow is imported."""

from tf_consensus.experiments.errors import RunError

# Steps between evaluations, if the number of steps has such a divisor.
MOST_BETWEEN, LEAST_BETWEEN = 250, 25


def network_of(size: int) -> str:
    """The network that makes images of this side.

    Raises:
        RunError: If no recommended network does.
    """
    if size % 16 == 0:
        return "dcgan4"
    if size % 8 == 0:
        return "dcgan3"
    below = max(size // 8 * 8, 8)
    raise RunError(
        "--image_size must be a multiple of 8 for the recommended networks. Received: "
        f"--image_size={size}. Pass {below} or {below + 8}, or choose a --network of another rule."
    )


def average_of(steps: int) -> float:
    """The decay of the weights' average, by the length of the run.

    Keras' average begins at the initial weights, of which decay^steps = e⁻⁵ is left at the end.

    Args:
        steps: Steps of the run.

    Returns:
        1 - 5 / steps, no less than 0: 0.999 for 5,000 steps.
    """
    return round(max(0.0, 1.0 - 5.0 / steps), 6)


def between_evaluations(steps: int) -> int:
    """Steps between evaluations: the largest divisor of the steps that is at most 250.

    Raises:
        RunError: If none is at least 25, and there are more steps than 250.
    """
    if steps <= MOST_BETWEEN:
        return steps
    found = next((n for n in range(MOST_BETWEEN, LEAST_BETWEEN - 1, -1) if steps % n == 0), None)
    if found is None:
        near = round(steps / 100) * 100
        raise RunError(
            "--steps must be a multiple of the steps between evaluations, from "
            f"{LEAST_BETWEEN} to {MOST_BETWEEN}. Received: --steps={steps}. Pass --steps={near}, "
            "or --eval_every too."
        )
    return found
