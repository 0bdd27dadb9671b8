"""Runs the notebooks with other sizes, and asks what they computed."""

import ast
import json
import os
import pathlib

import nbformat
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAG = "parameters"


def read(name):
    """A notebook by its name."""
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def parameters_of(notebook):
    """The index of the cell of sizes, and the names that it sets."""
    (index,) = [i for i, c in enumerate(notebook.cells) if TAG in c.metadata.get("tags", [])]
    nodes = ast.parse(notebook.cells[index].source).body
    assert all(isinstance(node, ast.Assign) for node in nodes)
    return index, {target.id for node in nodes for target in node.targets}


def with_sizes(notebook, sizes):
    """The notebook with a cell of other sizes after its own, as papermill makes it."""
    index, names = parameters_of(notebook)
    assert set(sizes) <= names, f"no sizes of the notebook: {set(sizes) - names}"
    source = "\n".join(f"{name} = {value!r}" for name, value in sizes.items())
    notebook.cells.insert(index + 1, nbformat.v4.new_code_cell(source))
    return notebook


def run(name, folder, sizes, probes):
    """Runs a notebook in a folder, with other sizes, and cells of the test's after its own.

    Args:
        name: of the notebook.
        folder: in which it runs.
        sizes: values by the names that the cell tagged "parameters" sets.
        probes: sources of cells that end in an expression of numbers, lists and dicts.

    Returns:
        The notebook with outputs, and the value of each probe.
    """
    notebook = with_sizes(read(name), sizes)
    own = len(notebook.cells)
    for probe in probes:
        *before, last = map(ast.unparse, ast.parse(probe).body)
        source = "\n".join(["import json", *before, f"print(json.dumps({last}))"])
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    resources = {"metadata": {"path": str(folder)}}
    # Under pytest a kernel leaves out what C++ writes, which a reader sees.
    seen = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
    NotebookClient(notebook, timeout=600, resources=resources).execute(env=seen)
    values = [json.loads(printed(cell, "stdout")) for cell in notebook.cells[own:]]
    del notebook.cells[own:]
    return notebook, values


def printed(cell, stream=None):
    """What a cell printed, on one stream or on both."""
    outputs = [o for o in cell.get("outputs", []) if o.output_type == "stream"]
    return "".join(o.text for o in outputs if stream in (None, o.name))


def pictures(notebook):
    """The cells that show a PNG picture."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                shown.append(cell.id)
    return shown
