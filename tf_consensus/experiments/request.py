"""A request to the image experiments: the settings of runs, and how to train them."""

import dataclasses
import pathlib
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Request:
    """Runs, and how to train them; only `runs`, `seeds` and `test` change a result.

    Attributes:
        runs: Settings, as `resolving.resolve` returns them.
        seeds: Every run is repeated with each seed.
        output: Folder of this process for all results.
        shared: The chief's folder, which is the same unless several machines train.
        strategy: Strategy of `tf.distribute`.
        command: What was typed, to be repeated with --resume.
        test: Data set and split of the real images that scores compare with.
        resume: Whether to go on with the runs in `shared`.
        data_dir: Folder of the data set, if not the usual one.
        cache: Folder to keep decoded images in.
        classifier: File of a Keras classifier to score by.
        inception: File of the reference Inception network to score by.
        fid_tool: The tool that the Inception's treatment of images follows; `None`: "ttur".
        reference: File of statistics of the real images; `None` computes them before training.
        interpolations: Strips of interpolated images at the end.
        jit: Keras' `jit_compile`.
        verbose: Keras' setting for progress lines.
        tensorboard: Whether to write TensorBoard logs.
        advise: Whether `callbacks.Advisor` looks at the runs.
    """

    runs: list[dict[str, Any]]
    seeds: list[int]
    output: pathlib.Path
    shared: pathlib.Path
    strategy: tf.distribute.Strategy
    command: list[str]
    test: tuple[str, str]
    resume: bool = False
    data_dir: str | None = None
    cache: str | None = None
    classifier: str | None = None
    inception: str | None = None
    fid_tool: str | None = None
    reference: str | None = None
    interpolations: int = 8
    jit: bool | str = "auto"
    verbose: int | str = "auto"
    tensorboard: bool = False
    advise: bool = True

    @property
    def scored(self) -> bool:
        """Whether scores are asked for."""
        return self.classifier is not None or self.inception is not None

    def folder(self, run: dict[str, Any], seed: int) -> pathlib.Path:
        """This process's folder for one run."""
        return self.output / f"{run['name']}-seed{seed}"
