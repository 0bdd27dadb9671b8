"""The batches of a model that learns to make samples: samples, or samples and their labels."""

from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.models.batch import floating, labelled, samples_of, within_classes
from tf_consensus.models.range_warnings import warn_of_bytes
from tf_consensus.models.seen_samples import SampleLooks, check_label_range
from tf_consensus.support.inputs import sample_dtype, split


class SampleBatches(SampleLooks):
    """Prepares and checks batches of samples, with labels where there is a number of classes."""

    def prepared(self, data: Any) -> Any:
        """The batch as a step uses it: samples, or a list of samples and labels.

        Raises:
            TypeError: if samples or labels are of the wrong type.
            ValueError: if they are of the wrong shape.
        """
        real = samples_of(data, self.num_classes)
        real = floating(real, sample_dtype(self.discriminator), self.sample_shape)
        return labelled(real, self.num_classes)

    def checked(self, data: Any) -> Any:
        """As `prepared`; it warns about bytes, and labels must be classes."""
        # A graph has no values yet; `fit` checks them beforehand.
        if not tf.executing_eagerly():
            return within_classes(self.prepared(data), self.num_classes)
        real = samples_of(data, self.num_classes)
        warn_of_bytes(self.generator, split(real)[0], self.warned)
        _, labels = split(real := self.prepared(data))
        if labels:
            ends = map(int, (min(labels[0]), max(labels[0])))
            check_label_range(self.num_classes, *ends)
        return real

    def without_data(self) -> None:
        """Nothing: samples are needed."""

    def check_labels(self, labels: Any) -> None:
        """Raises `ValueError` if one of an array's labels is not a class."""
        if labels is not None and self.num_classes is not None and len(labels):
            check_label_range(self.num_classes, int(np.min(labels)), int(np.max(labels)))

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, have a type or shape that cannot train."""
        real = floating(data, "float32", self.sample_shape)
        if split(real)[1]:
            labelled(real, self.num_classes)
