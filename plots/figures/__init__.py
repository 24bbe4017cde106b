"""The figures: every other file in this folder is one, and answers one question.

A figure has QUESTION (a sentence), draw(bundle) → Figure or None, and notes, the list of sentences
that draw leaves for the caption, or for the reason why there is nothing to draw.
"""

import importlib
from pathlib import Path


def find_all():
    """name → module of every figure, in order of name; those with IS_LAST behind the others."""
    return dict(sorted(modules_of(__name__, __file__).items(),
                       key=lambda one: getattr(one[1], "IS_LAST", False)))


def modules_of(package, its_file):
    """name → module of every other file of a package, in order of name."""
    names = sorted(path.stem for path in Path(its_file).parent.glob("[!_]*.py"))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
