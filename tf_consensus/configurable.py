"""Small objects that are described by their constructor's arguments."""


class Configurable:
    """Base of objects that equal each other if their type and `get_config` do."""

    def get_config(self) -> dict:
        """Returns the constructor arguments, for serialization."""
        return {}

    @classmethod
    def from_config(cls, config: dict):
        """Builds the object from what `get_config` returned."""
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(type(self))

    def __repr__(self):
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
