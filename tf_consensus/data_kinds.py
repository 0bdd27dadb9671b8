"""What looks like data and is none that `fit` can take."""

import inspect

import tensorflow as tf


def refuse_kinds(x) -> None:
    """Raises `TypeError` of ragged and sparse tensors, Python's lists, iterators and functions."""
    if isinstance(x, tf.RaggedTensor | tf.SparseTensor):
        raise TypeError(_DATA.format(f"a {type(x).__name__}", _DENSE))
    if isinstance(x, tf.data.Dataset):
        _refuse_uneven(x)
    if isinstance(x, list) and x and not any(hasattr(part, "shape") for part in x):
        raise TypeError(_DATA.format("a list of Python's own", "Pass np.asarray(x, 'float32')."))
    if isinstance(x, tf.data.Iterator):
        raise TypeError(_DATA.format("an iterator of a tf.data.Dataset", "Pass the data set."))
    if inspect.isfunction(x) or inspect.ismethod(x):
        name = getattr(x, "__name__", "function")
        raise TypeError(_DATA.format(f"the function {name}", f"Call it: fit({name}())."))


def _refuse_uneven(dataset):
    """Raises `TypeError` if a data set holds anything but dense tensors."""
    for spec in tf.nest.flatten(dataset.element_spec):
        if isinstance(spec, tf.RaggedTensorSpec | tf.SparseTensorSpec):
            kind = type(spec).__name__.removesuffix("Spec")
            raise TypeError(_DATA.format(f"a tf.data.Dataset of type {kind}", _DENSE))


_DATA = (
    "Data are arrays, dense tensors, a tf.data.Dataset of these or a generator of batches. "
    "Received: {}. {}"
)
_DENSE = "Make it dense by its to_tensor(), or tf.sparse.to_dense, in dataset.map where it is one."
