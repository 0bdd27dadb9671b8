"""Small objects that are described by their constructor's arguments."""

import inspect
from typing import Any

import keras


class Configurable:
    """Base of objects that equal each other if their type and `get_config` do."""

    def get_config(self) -> dict:
        """Returns the constructor arguments, for serialization."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> "Configurable":
        """Builds the object from what `get_config` returned."""
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(type(self))

    def __repr__(self):
        """The class and its arguments: the first one, and the others that are not the defaults."""
        config = self.get_config()
        parameters = inspect.signature(type(self)).parameters
        names = [name for name in {**parameters, **config} if name in config]
        defaults = {name: x.default for name, x in list(parameters.items())[1:]}
        texts = [
            f"{name}={described(getattr(self, name, config[name]))}"
            for name in names
            if name not in defaults or defaults[name] != config[name]
        ]
        return f"{type(self).__name__}({', '.join(texts)})"


def described(value: Any) -> str:
    """The `repr` of a value, or the class and the settings of one whose `repr` is an address."""
    if type(value).__repr__ is not object.__repr__:
        return repr(value)
    config = value.get_config() if hasattr(value, "get_config") else {}
    plain = {k: v for k, v in config.items() if isinstance(v, int | float | list) and k != "name"}
    return f"{type(value).__name__}({', '.join(f'{k}={v!r}' for k, v in plain.items())})"


def deserialized(kind: str, config: dict, custom_objects: dict[str, Any] | None = None) -> Any:
    """What a config describes.

    Args:
        kind: what it is to be, a word for the message.
        config: dict as `keras.saving.serialize_keras_object` returns it.
        custom_objects: classes and functions by name, beside those that are registered.

    Raises:
        ValueError: if there is no such class or function, or it refuses its config.
    """
    try:
        return keras.saving.deserialize_keras_object(config, custom_objects)
    except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
        name = config.get("registered_name") or config.get("class_name")
        if name == "function":
            name = config["config"]
        elif name == "__lambda__":
            name = "a lambda"
        # Keras repeats the whole config after the reason, or wraps the reason in it.
        reason = str(error.__cause__ or error).split("\n")[0].split(" Full object config")[0]
        raise ValueError(
            f"A {kind} must be described by its config. Received: {name}, which cannot be loaded "
            f"({reason[:300].rstrip('.')}). Import the module that defines it first, decorated "
            "with @keras.saving.register_keras_serializable(); a lambda cannot be saved."
        ) from error
