"""The notebooks as pages: their text, code and what they printed and drew."""

import base64
import json
import pathlib
from typing import Any

_TOLD = "*This page is the notebook `notebooks/{}` of the repository. Run it to see what it draws.*"


def pages(root: pathlib.Path) -> dict[str, str]:
    """The page of each notebook of a repository, by its place on the site, in order of names."""
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    return {f"notebooks/{path.stem}.md": as_markdown(path) for path in paths}


def as_markdown(path: pathlib.Path) -> str:
    """A notebook in Markdown, with a line after its first cell that says which file it is.

    Args:
        path: a notebook of format 4.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = [part for cell in cells for part in _parts(cell)]
    told = _TOLD.format(path.name)
    return "\n\n".join([text[0], told, *text[1:]]) + "\n"


def _parts(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"]).rstrip()
    if cell["cell_type"] != "code":
        return [source]
    shown = [part for output in cell["outputs"] for part in _shown(output)]
    return [f"```python\n{source}\n```", *shown] if source else shown


def _shown(output: dict[str, Any]) -> list[str]:
    """What an output shows; warnings and the like, on the stream of errors, are left out."""
    if output["output_type"] == "stream":
        text = "".join(output["text"]).rstrip() if output["name"] == "stdout" else ""
        return [f"```text\n{text}\n```"] if text else []
    data = output.get("data", {})
    if "image/png" in data:
        picture = base64.b64encode(base64.b64decode("".join(data["image/png"]))).decode()
        return [f"![What the code above draws](data:image/png;base64,{picture})"]
    text = "".join(data.get("text/plain", "")).rstrip()
    return [f"```text\n{text}\n```"] if text else []
