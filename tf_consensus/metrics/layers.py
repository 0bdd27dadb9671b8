"""Finds the features and logits of an image in a Keras model."""

import keras

SOFTMAX = "log-probabilities of the softmax"


def check_model(model: keras.Model) -> None:
    """Raises unless the model takes images and has one input and one output.

    Raises:
        ValueError: if it does not.
    """
    one = isinstance(model, keras.Model) and model.built and hasattr(model, "inputs")
    if not one or len(model.inputs or ()) != 1 or len(model.outputs) != 1:
        raise ValueError(
            "`model` must be a built Sequential or functional Keras model of one input and one "
            f"output. Received: {model!r}. Wrap it: keras.Model(inputs, model(inputs))."
        )
    if len(model.input_shape) != 4 or model.input_shape[-1] is None:
        raise ValueError(
            "`model` must take images (batch, height, width, channels). Received: input shape "
            f"{model.input_shape}. Reshape in the model, and give its Input the channels."
        )


def feature_tensor(model: keras.Model, name: str | None) -> tuple[str, keras.KerasTensor]:
    """The tensor of the model that holds the features.

    Args:
        model: a model that `check_model` accepts.
        name: name of a layer; None: the input of the last Dense layer.

    Returns:
        What it is, in words, and the symbolic tensor.

    Raises:
        ValueError: if there is no such layer, or its output is not one row of features per image.
    """
    if name is None:
        dense = _last_dense(model)
        if dense is None:
            raise ValueError(
                "Without `features` the model must end in a Dense layer, maybe with a softmax "
                f"after it, whose input is the features. Received: {_names(model)}. Pass the name "
                "of the layer whose output is the features."
            )
        label, tensor = f"input of {dense.name}", dense.input
    else:
        label, tensor = f"output of {name}", _layer(model, "features", name).output
    shape = tuple(tensor.shape)
    if len(shape) < 2 or shape[-1] is None or any(side != 1 for side in shape[1:-1]):
        raise ValueError(
            "Features must have shape (n, d) or (n, 1, 1, d). Received: "
            f"the {label} of shape {shape}. Name a layer after global pooling."
        )
    return label, tensor


def logit_tensor(
    model: keras.Model, name: str | bool | None
) -> tuple[str, dict[str, keras.KerasTensor]]:
    """The tensor of the model that holds the logits.

    Args:
        model: a model that `check_model` accepts.
        name: name of a layer; None: the model's output; False: none.

    Returns:
        What it is, in words (`SOFTMAX` if it goes through one), and a dict with the symbolic tensor
        as "logits", empty without logits.

    Raises:
        ValueError: if there is no such layer, or its output is not one row of logits per image.
    """
    if name is False:
        return "none", {}
    last = model.layers[-1] if name is None else _layer(model, "logits", name)
    tensor = model.outputs[0] if name is None else last.output
    shape = tuple(tensor.shape)
    if len(shape) != 2 or shape[1] is None or shape[1] < 2:
        raise ValueError(
            "Logits must have shape (n, k), for k > 1 classes. Received: "
            f"the output of {last.name} of shape {shape}. Name another layer by `logits`, or pass "
            "`logits=False` for a network without classes."
        )
    activation = _activation(last)
    if activation == "softmax":
        return SOFTMAX, {"logits": tensor}
    if activation == "linear":
        return f"output of {last.name}", {"logits": tensor}
    raise ValueError(
        "Logits must be linear or go through a softmax. Received: "
        f"{last.name} with activation {activation}. Name another layer by `logits`, or pass "
        "`logits=False`."
    )


def _last_dense(model):
    """The Dense layer that the model ends in, maybe followed by an activation; else None."""
    before, last = [None, None, *model.layers][-2:]
    if isinstance(last, keras.layers.Softmax | keras.layers.Activation):
        if before is None or last.input is not before.output:
            return None
        last = before
    return last if isinstance(last, keras.layers.Dense) else None


def _activation(layer):
    if isinstance(layer, keras.Model):
        return _activation(layer.layers[-1])
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    function = getattr(layer, "activation", keras.activations.linear)
    return getattr(function, "__name__", str(function))


def _layer(model, key, name):
    if isinstance(name, str) and name in {layer.name for layer in model.layers}:
        return model.get_layer(name)
    raise ValueError(
        f"`{key}` must name a layer of the model. Received: {key}={name!r}. "
        f"Choose one of {_names(model)}."
    )


def _names(model):
    return ", ".join(layer.name for layer in model.layers)
