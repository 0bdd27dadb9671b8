"""Calls of every public name that are to be refused, one table a package."""

import importlib
import types
from collections.abc import Iterator

import tf_consensus as tfc
from bad_calls import things

# The modules here are named after the packages, but for the top one's.
PACKAGES = {
    "top": tfc,
    **{
        name: value
        for name, value in vars(tfc).items()
        if name in tfc.__all__ and isinstance(value, types.ModuleType)
    },
    "optimizers": tfc.optimizers,
}


def table(package: str) -> types.ModuleType:
    """The module with `CALLS`, by public name, and `EXEMPT`, by name with the reason."""
    return importlib.import_module(f"bad_calls.{package}")


def public(package: str) -> list[str]:
    """The public callables of a package; of a module without `__all__`, what it defines."""
    module = PACKAGES[package]
    own = [n for n, x in vars(module).items() if getattr(x, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", [n for n in own if not n.startswith("_")])
    return [name for name in names if callable(getattr(module, name))]


def calls(packages) -> Iterator[tuple[str, str]]:
    """Pairs of a package and a call."""
    for package in packages:
        for tried in table(package).CALLS.values():
            yield from ((package, call) for call in tried)


def make(package: str, call: str):
    """Makes a call; an iterator, context or function that it returns is left as it is."""
    names = {}
    for name in ("penalties", "objectives", "top", package):
        names |= {key: getattr(PACKAGES[name], key) for key in public(name)}
    return eval(call, {**names, **vars(things)})


# Helpers of `things` in whose calls a name is tried.
MADE_BY = {
    "GAN": ("gan", "labelled"),
    "GameModel": ("Sums",),
    "Pix2Pix": ("pix2pix",),
    "CycleGAN": ("cycle_gan",),
    "ACGAN": ("ac_gan",),
    "ConditionalGAN": ("vector_gan",),
    "InfoGAN": ("info_gan",),
    "StructuredGAN": ("structured_gan",),
    "Game": ("game",),
    "Linearization": ("game",),
}
