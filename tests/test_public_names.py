"""Every public name is tried with wrong arguments, and says what was wrong, in one form."""

import ast
import re
import traceback
import warnings

import bad_calls
import pytest

import tf_consensus as tfc

# A rule, what was received, a remedy.
FORM = re.compile(r"[A-Z`'1].+[.:)] Received: .+\. \S.+", re.DOTALL)


@pytest.mark.parametrize("package", bad_calls.PACKAGES)
def test_every_public_callable_is_tried_or_says_why_not(package):
    table, names = bad_calls.table(package), set(bad_calls.public(package))
    tried, exempt = set(table.CALLS), set(table.EXEMPT)
    assert tried | exempt == names, "a new public name needs an entry in tests/bad_calls"
    assert not tried & exempt
    assert all(table.CALLS.values())


@pytest.mark.parametrize("package", bad_calls.PACKAGES)
def test_each_entry_calls_the_name_that_it_is_of(package):
    for name, calls in bad_calls.table(package).CALLS.items():
        for call in calls:
            named = {node.id for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Name)}
            assert named & {name, *bad_calls.MADE_BY.get(name, ())}, call


def test_every_package_with_public_names_has_a_table():
    modules = {name for name in tfc.__all__ if not callable(getattr(tfc, name))}
    assert modules | {"top", "optimizers"} == set(bad_calls.PACKAGES)


def refused(package, call):
    """What is wrong with how a call is refused; "" where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            bad_calls.make(package, call)
        except (TypeError, ValueError, MemoryError) as error:
            last = traceback.extract_tb(error.__traceback__)[-1].filename
            if "tf_consensus" not in last:
                return f"refused by {last}: {error}"
            return "" if FORM.fullmatch(str(error)) else f"of another form: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return "taken without a word"


@pytest.mark.parametrize(
    ("package", "name"),
    [(package, name) for package in bad_calls.PACKAGES for name in bad_calls.table(package).CALLS],
)
def test_bad_calls_are_refused_by_us_with_rule_received_and_remedy(package, name):
    found = {call: refused(package, call) for call in bad_calls.table(package).CALLS[name]}
    assert not {call: said for call, said in found.items() if said}


@pytest.mark.parametrize(
    ("package", "call", "name"),
    [
        ("objectives", "get('standart')", "standard"),
        ("objectives", "get('Hing')", "hinge"),
        ("penalties", "get('wgangpp')", "wgan_gp"),
        ("penalties", "get('R11')", "r1"),
        ("networks", "build('mpl')", "mlp"),
        ("networks", "build('dcgan5')", "dcgan"),
        ("problems", "DiracGAN('wgn')", "wgan"),
        ("latents", "interpolate([1.0], [2.0], 3, 'sperical')", "spherical"),
        ("spectrum", "extreme_eigenvalues(game(), 1, 'largest_reel')", "largest_real"),
        ("optimizers", "ConsensusOptimizer('adma')", "adam"),
        ("optimizers", "AlternatingOptimizer('sgd', 'RMSpop')", "rmsprop"),
        ("top", "gan('adma')", "adam"),
    ],
)
def test_a_misspelt_name_gets_the_nearest(package, call, name):
    with pytest.raises(ValueError, match=f"Did you mean '{name}.*'[?]"):
        bad_calls.make(package, call)
