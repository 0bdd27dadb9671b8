"""The table of exact derivatives: what it finds, what it holds, and its page in the docs."""

import keras
import pytest
import tensorflow as tf

from tests import exact_functions, exact_layers
from tests.exact_docs import PAGE, ROWS, page
from tests.exact_table import COLUMNS, WRONG, Row, agrees, measure
from tests.exact_xla import NOT_MEASURED
from tests.oracles import MODES

# What TensorFlow lacks and this package adds, one of each kind, and a few of the rest; all other
# rows take minutes.
QUICK = {
    *("Dense", "Conv2D (same strides 2)", "RMSNormalization", "Dropout"),
    *("BatchNormalization (training)", "LayerNormalization", "GroupNormalization"),
    *("Resizing (bilinear)", "Resizing (nearest)", "Resizing (bicubic)", "Resizing (area)"),
    *("Resizing (lanczos3)", "Resizing (bilinear, antialias)"),
    *("MaxPooling3D (valid)", "AveragePooling3D (valid)"),
    *("activations.softsign", "activations.elu", "activations.selu", "activations.softmax"),
    *("tf.image.crop_and_resize", "tf.image.adjust_contrast"),
    *("tf.image.hsv_to_rgb", "tf.nn.erosion2d", "tf.nn.softplus"),
}
PENALTY_ONLY = (True,)  # its derivatives contain those without


def cases():
    for row in ROWS:
        for mode in MODES:
            marks = []
            if row.verdict(mode) == NOT_MEASURED:
                continue
            if row.name not in QUICK or mode != "graph":
                marks.append(pytest.mark.slow)
            yield pytest.param(row, mode, marks=marks, id=f"{row.name}-{mode}")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Keras' layers of convolution retrace by design, and TensorFlow warns of it."""
    level = tf.get_logger().level
    tf.get_logger().setLevel("ERROR")
    yield
    tf.get_logger().setLevel(level)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("row", "mode"), list(cases()))
def test_row(row, mode):
    cells = measure(row, mode, PENALTY_ONLY)
    assert agrees(row, mode, cells), (row.verdict(mode), cells)


def test_quick_rows_are_there():
    assert {row.name for row in ROWS} >= QUICK
    assert len({row.name for row in ROWS}) == len(ROWS)


@tf.custom_gradient
def bent(x):
    """The identity, with half its derivative: wrong, but connected, so that nothing refuses it."""
    return tf.identity(x), lambda g: g / 2


@tf.custom_gradient
def square(x):
    """Right once, wrong twice."""
    return x * x, lambda g: 2 * g * bent(x)


@tf.custom_gradient
def sine(x):
    """Wrong."""
    return tf.sin(x), lambda g: g * x


@tf.custom_gradient
def cube(x):
    """Right twice, wrong three times."""
    return x * x * x, lambda g: 3 * g * square(x)


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (sine, COLUMNS),
        (square, COLUMNS[1:]),
        (cube, COLUMNS[3:]),
        (tf.sin, ()),
    ],
)
def test_finds_what_is_wrong(function, wrong, mode):
    row = Row("made up", lambda: function)
    cells = measure(row, mode)
    assert [name for name in COLUMNS if not cells[name] < row.tolerance] == list(wrong)
    assert agrees(row._replace(expected=WRONG if wrong else {}), mode, cells)
    assert not agrees(row._replace(expected={} if wrong else WRONG), mode, cells)
    assert not agrees(row._replace(expected="no gradient"), mode, cells)


def test_finds_what_has_no_gradient():
    row = Row("igamma", lambda: lambda x: tf.math.igamma(2.0 + 0 * x, tf.exp(x)))
    cells = measure(row, "graph")
    assert cells["v"] < 1e-6
    assert isinstance(cells["∇L"], LookupError)
    assert agrees(row._replace(expected="IgammaGradA"), "graph", cells)
    assert not agrees(row._replace(expected="Softsign"), "graph", cells)
    assert not agrees(row, "graph", cells)


def left_out(module, checked, kind):
    """Public names of a kind in a module that are neither checked nor another name of one."""
    checked = {getattr(module, name) for name in checked}
    public = {name: x for name, x in vars(module).items() if name[0] != "_" and kind(x)}
    return [name for name, x in public.items() if x not in checked]


def first_words(rows, prefix=""):
    names = [row.name.split(" ")[0] for row in rows]
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def test_no_layer_is_forgotten():
    checked = first_words(exact_layers.ROWS)
    assert not checked & exact_layers.OUT_OF_SCOPE.keys()
    everything = checked | exact_layers.OUT_OF_SCOPE.keys()
    assert left_out(keras.layers, everything, lambda x: isinstance(x, type)) == []


def test_no_activation_is_forgotten():
    checked = first_words(exact_functions.ROWS, "activations.")
    checked |= {"deserialize", "get", "serialize"}
    assert left_out(keras.activations, checked, callable) == []


def test_no_loss_is_forgotten():
    checked = first_words(exact_functions.ROWS, "losses.")
    checked |= {"deserialize", "get", "serialize"}
    functions = left_out(keras.losses, checked, lambda x: not isinstance(x, type) and callable(x))
    assert functions == []


def test_page_holds_these_rows():
    assert PAGE.read_text(encoding="utf-8") == page(), "Run python -m tests.exact_docs."
