"""Which package may import which: the rooms of the library and their arrows."""

import ast
import pathlib

PACKAGE = "tf_consensus"
# A package imports those of lower levels, and itself.
LEVELS = {
    "support": 0,
    "theory": 1,
    "games": 1,
    "objectives": 1,
    "penalties": 1,
    "networks": 1,
    "data": 1,
    "metrics": 1,
    "optimizers": 2,
    "spectrum": 2,
    "problems": 2,
    "execution": 3,
    "verification": 3,
    "models": 4,
    "callbacks": 5,
    "plotting": 5,
    "experiments": 6,
    "cli": 7,
}
# Leaves may use what other leaves offer by their packages.
LEAVES = {"objectives", "penalties", "networks", "data", "metrics"}
NUMPY_ONLY = {"support.checks", "support.arrays"}
SAME_LEVEL = {("callbacks", "plotting")}
# Files of the root are apart: they hand on the public names.
ROOT_FILES = {"__init__", "__main__", "_deferred"}


def imported(source: str, module: str) -> list[str]:
    """The full names that a module imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = [PACKAGE, *module.split(".")][: -node.level]
                base = ".".join([*parents, *([base] if base else [])])
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def is_module(name: str, root: pathlib.Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def wrong_arrows(source: str, module: str, root: pathlib.Path) -> list[tuple[str, str, str]]:
    """The imports of a module that are not allowed.

    Args:
        source: The module's text.
        module: Its name below the package, such as "models.gan".
        root: The folder of the package.

    Returns:
        For each, the module, what it imports, and why it may not.
    """
    found = []
    for full in imported(source, module):
        outside = full.split(".")[0] != PACKAGE
        name = full if outside else full.removeprefix(PACKAGE).lstrip(".")
        why = _outside(module, name) if outside else _inside(module, name, root)
        if why:
            found.append((module, name, why))
    return found


def _outside(module, name):
    allowed = ("numpy", "scipy", "typing", "collections")
    if module.startswith("theory") and name.split(".")[0] not in allowed:
        return "theory imports NumPy and SciPy alone"
    heavy = name.split(".")[0] in ("tensorflow", "keras")
    return "it is free of TensorFlow" if module in NUMPY_ONLY and heavy else ""


def _inside(module, name, root):
    own, other = module.split(".")[0], name.split(".")[0]
    if own == other:
        return ""
    if other not in LEVELS:  # the package itself, or a name of its root
        if any(part.startswith("_") and not part.endswith("__") for part in name.split(".")):
            return "it is private"
        return "" if LEVELS[own] >= LEVELS["experiments"] else "it points up, to the root"
    if any(part.startswith("_") for part in name.split(".")):
        return "it is private"
    if own == "theory":
        allowed = any(name.startswith(f"{x}.") for x in NUMPY_ONLY)
        return "" if allowed else "theory imports no other package but checks"
    if LEVELS[other] < LEVELS[own] or (own, other) in SAME_LEVEL:
        return ""
    if own in LEAVES and other in LEAVES:
        inner = (is_module(name, root) and name != other) or name.count(".") > 1
        return "it is inside of another leaf" if inner else ""
    return "it points up"
