"""Calls of `models` that are to be refused, by the kind of model."""

from bad_calls import models_images, models_labels, models_structured, models_tables

_PARTS = (models_images, models_labels, models_structured, models_tables)
CALLS = {name: calls for part in _PARTS for name, calls in part.CALLS.items()}
EXEMPT = {name: why for part in _PARTS for name, why in part.EXEMPT.items()}
