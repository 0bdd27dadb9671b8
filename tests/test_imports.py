"""What `import tf_consensus` loads, and what waits for its first use."""

import ast
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "tf_consensus"
# Each takes from 20 ms to seconds. Keras loads some of matplotlib and SciPy by itself.
SLOW = (
    "matplotlib",
    "scipy.linalg",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.sparse.linalg",
    "scipy.spatial",
    "scipy.special",
    "tensorboard",
    "tensorflow_datasets",
)
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if any(name == slow or name.startswith(slow + ".") for slow in {slow!r}):
            raise ImportError("blocked: " + name)

sys.meta_path.insert(0, Blocked())
"""


def is_slow(name):
    return any(name == slow or name.startswith(slow + ".") for slow in SLOW)


def in_a_new_process(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_the_import_needs_none_of_the_slow_modules():
    code = BLOCKED.format(slow=SLOW) + "import tf_consensus; print(tf_consensus.GAN.__name__)"
    done = in_a_new_process(code)
    assert done.stdout == "GAN\n", done.stderr[-2000:]


def test_a_blocked_module_is_noticed_where_it_is_used():
    code = (
        BLOCKED.format(slow=SLOW)
        + "import tf_consensus as tfc; tfc.plotting.image_grid([[[[0.0]]]]); print('drawn')\n"
        "tfc.theory.optimal_gamma([[-1.0]], 0.1)"
    )
    done = in_a_new_process(code)
    assert done.stdout == "drawn\n", done.stderr[-2000:]
    assert "blocked: scipy.optimize" in done.stderr


def imports_at_the_top(path):
    """The modules that a file imports when it is imported itself."""
    nodes = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes += [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]


def test_no_file_imports_a_slow_module_at_its_top():
    files = sorted(PACKAGE.rglob("*.py"))
    found = {path.name: [n for n in imports_at_the_top(path) if is_slow(n)] for path in files}
    assert len(files) > 200
    assert not {name: slow for name, slow in found.items() if slow}
