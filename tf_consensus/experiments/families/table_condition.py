"""The condition of made rows, as it is typed."""

from typing import Any

from tf_consensus.data.table_conditions import Conditions
from tf_consensus.experiments.errors import RunError
from tf_consensus.support.checks import shown


def condition_of(conditions: Conditions, typed: str) -> dict[str, Any]:
    """The column and its category.

    Args:
        conditions: Those of the model.
        typed: "column=category", as they stand in a file; nothing after = for a missing value.

    Raises:
        RunError: If there is no such column or category.
    """
    named = [x for x in conditions.columns if typed.startswith(f"{x.name}=")]
    if not named:
        known = ", ".join(x.name for x in conditions.columns)
        raise RunError(
            f"--condition must be COLUMN=CATEGORY, of a column of categories: {known}. Received: "
            f"{typed}. Name one of these."
        )
    column = max(named, key=lambda x: len(x.name))
    categories = {_written(x): x for x in column.categories}
    category = typed[len(column.name) + 1 :]
    if category not in categories:
        raise RunError(
            f"--condition must name a category of {column.name}: {shown(list(categories))}. "
            f"Received: {typed}. Name one of these."
        )
    return {column.name: categories[category]}


def _written(category: Any) -> str:
    return "" if category is None else str(category)
