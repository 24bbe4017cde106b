"""The figures of configurations: every other file in this folder is one, and answers one question.

A figure has QUESTION (a sentence), PLACE (a number: where it stands among them), draw(found) →
Figure or None, answer(found) → answers.Answer or None, and notes, the list of sentences that draw
leaves for the caption. found is a configurations.Configurations.
"""

import figures


def find_all():
    """name → module of every figure, in order of PLACE."""
    modules = figures.modules_of(__name__, __file__)
    return dict(sorted(modules.items(), key=lambda one: one[1].PLACE))
