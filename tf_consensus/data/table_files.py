"""CSV files as tables of texts."""

import csv
import os

# Other kinds of files separate values by these, so a name that holds one is none.
_OTHERS = ";\t"


def read_texts(path: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the names in a CSV file's first line, and the values below each as texts.

    Blanks around values do not count, nor do empty lines.

    Args:
        path: the file's.

    Raises:
        ValueError: if it is no CSV file in UTF-8, or a line has another number of values.
        FileNotFoundError: if there is no such file.
    """
    if os.path.isdir(path):
        raise ValueError(
            f"A table must be a CSV file. Received: {path!r}, a folder. Pass a file in it."
        )
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"A table must be a file that is there. Received: {path!r}. Pass the path of a CSV "
            "file on this machine."
        )
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, skipinitialspace=True, strict=True)
        begin = 1
        rows: list[list[str]] = []
        try:
            for row in reader:
                values = [value.strip() for value in row]
                if _counts(values, (rows or [values])[0]):
                    _check_row(values, rows, reader.line_num, path)
                    rows.append(values)
                begin = reader.line_num + 1
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                "A table must be a CSV file in UTF-8, each of whose quotes is closed. Received: "
                f"{path!r}, which is none ({error}; from line {begin} on). Save it as such."
            ) from error
    names, *lines = rows or [[]]
    return names, list(zip(*lines, strict=True)) or [()] * len(names)


def _counts(values: list[str], names: list[str]) -> bool:
    """Whether a line is a row; one of blanks is none, but of a table of one column."""
    return bool(values) and (values != [""] or len(names) == 1)


def _check_row(values: list[str], rows: list[list[str]], line: int, path: str) -> None:
    if rows and len(values) != len(rows[0]):
        raise ValueError(
            f"Every line of a table must have one value per column, {len(rows[0])}. Received: "
            f"{len(values)} in line {line} of {path!r}. Quote values that hold a comma, and write "
            "decimals with a point."
        )
    wrong = [x for x in values if any(mark in x for mark in _OTHERS)]
    if not rows and (wrong or (len(values) == 1 and "|" in values[0])):
        raise ValueError(
            "The values of a table must be separated by commas, and names of columns must hold no "
            f"semicolon and no tab. Received: the name {(wrong or values)[0]!r} in {path!r}. Save "
            "the file with commas, and its decimals with a point."
        )
