"""The history that a bundle belongs to, drawn for its page: earlier runs of its suite, on its
machine.

The history lies beside the bundle, or where RINGSIDE_HISTORY names it. A bundle without one, or
one that cannot be read, has no such figures; a sentence says why.
"""

import os
from pathlib import Path
from typing import NamedTuple

import gate_file
import history_file
import trend_figures
import trends
import units

FILE = "history.jsonl"
LEAST_ENTRIES = 2
MAX_ENTRIES = 60  # the latest: the page of the history has all
MAX_PICTURES = 4
MAX_CELLS = 150  # of an entry; looking for changes in more would take longer than drawing the page


class Earlier(NamedTuple):
    """Pictures with their captions, and the file that they are from; text says what there is."""

    pictures: list
    text: str


def of_bundle(bundle):
    """The Earlier of a bundle; without pictures where there is nothing to compare with."""
    file = Path(os.environ.get("RINGSIDE_HISTORY") or bundle.path.parent / FILE)
    if not file.is_file():
        return Earlier([], "There is no history beside this bundle.")
    try:
        history = history_file.load(file)
    except history_file.HistoryError as error:
        return Earlier([], f"The history is not drawn: {error}")
    own = [entry for entry in history.entries if _is_like(entry, bundle)]
    if len(own) < LEAST_ENTRIES:
        return Earlier([], f"{file.name} has {units.plural(len(own), 'entry', 'entries')} of this "
                           "suite on this machine: too few to draw.")
    if len(own[-1].cells) + len(own[-1].judged) > MAX_CELLS:
        return Earlier([], f"{file.name} has {len(own)} entries of this suite on this machine, of "
                           "too many cells to be drawn here: ringside report --history draws them.")
    group, = trends.groups_of(history_file.History(file, own[-MAX_ENTRIES:], []))
    pictures = trend_figures.draw_all([group])
    text = (f"{units.plural(len(own), 'entry', 'entries')} of this suite on this machine in "
            f"{file.name}")
    text += f", the latest {MAX_ENTRIES} drawn" if len(own) > MAX_ENTRIES else ""
    text += f", {MAX_PICTURES} figures of {len(pictures)}" if len(pictures) > MAX_PICTURES else ""
    changes = len(trends.changes_of([group]))
    text += f"; {units.plural(changes, 'change point')}. " if changes else "; no change point. "
    return Earlier(pictures[:MAX_PICTURES],
                   text + "The page of the whole history: ringside report --history.")


def _is_like(entry, bundle):
    """Of the same kind, suite and machine."""
    kind = "gate" if (bundle.path / gate_file.FILE).exists() else "run"
    fingerprint = bundle.environment.get("fingerprint")
    machine = fingerprint.get("machine") if isinstance(fingerprint, dict) else None
    return (entry.kind, entry.suite, entry.machine) == (kind, bundle.suite, machine)
