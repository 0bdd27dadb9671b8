"""The arguments with which a model was constructed, for its config."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

# For these the base class's values are saved, not the given ones: a seed may have been drawn.
_RESOLVED = ("name", "seed", "allow_cut", "verify")


class Given:
    """The arguments of one construction, by name. Keras does not track them.

    Args:
        cls: the model's class.
        args: the positional arguments.
        kwargs: the arguments by name.
    """

    _positional = ""

    def __init__(self, cls: type, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        try:
            bound = inspect.signature(cls).bind(*args, **kwargs)
        except TypeError:
            self.arguments: dict[str, Any] = {}  # the constructor raises and says what is wrong
            return
        variadic = {
            name: kind
            for name, parameter in bound.signature.parameters.items()
            if (kind := parameter.kind) in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        }
        # Copies of containers: a constructor may change its own.
        arguments = {k: _copied(v) for k, v in bound.arguments.items()}
        self.arguments = {k: v for k, v in arguments.items() if k not in variadic}
        for name, kind in variadic.items():
            if kind == inspect.Parameter.VAR_KEYWORD:
                self.arguments |= arguments.get(name, {})
            elif arguments.get(name):
                self._positional = name

    def config(self, model: keras.Model) -> dict[str, Any]:
        """The arguments, serialized.

        Raises:
            TypeError: if one of them is a variable, or anything else that has no config.
        """
        if self._positional:
            kind = "arguments by position, which no config has"
            raise TypeError(_UNSAVED.format(type(model).__name__, f"*{self._positional}", kind))
        given = dict(self.arguments)
        given |= {key: getattr(model, key) for key in _RESOLVED if key in given}
        return {key: _serialized(model, key, value) for key, value in given.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return type(value)(map(_copied, value)) if type(value) in (list, tuple, set) else value


def _serialized(model: keras.Model, key: str, value: Any) -> Any:
    flat = keras.tree.flatten(value)
    if any(isinstance(part, keras.Variable) for part in flat):
        raise TypeError(_UNSAVED.format(type(model).__name__, key, "a keras.Variable"))
    try:
        return keras.saving.serialize_keras_object(value)
    except (TypeError, ValueError, NotImplementedError) as error:
        kind = f"a {type(value).__name__}, which has no config ({str(error)[:100]})"
        raise TypeError(_UNSAVED.format(type(model).__name__, key, kind)) from error


_UNSAVED = (
    "A game is saved by its constructor's arguments. Received: {}({}=…) with {}. Make such things "
    "inside of the constructor, or define get_config and from_config."
)
