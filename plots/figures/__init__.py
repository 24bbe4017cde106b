"""The figures: every other file in this folder is one, and answers one question.

A figure has QUESTION (a sentence), draw(bundle) → Figure or None, and notes, the list of sentences
that draw leaves for the caption, or for the reason why there is nothing to draw.
"""

import importlib
from pathlib import Path


def find_all():
    """name → module of every figure, in order of name; those with IS_LAST behind the others."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return dict(sorted(modules.items(), key=lambda one: getattr(one[1], "IS_LAST", False)))
