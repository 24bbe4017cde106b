"""The machine as boxes in boxes: packages, NUMA nodes, caches, cores, CPUs, and who ran where."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from matplotlib.patches import Circle, FancyBboxPatch, Patch, Rectangle

import captions
import cpu_places
import palette
import panels
import units
from json_number import is_number

QUESTION = "What does the machine look like, and which CPUs did the work?"
_MARGIN_IN, _LABEL_IN, _FOOT_IN, _LEGEND_IN = 0.2, 0.21, 0.42, 0.34
_NAMED_IN = 0.2  # a smaller square holds no number
_CHARACTER_IN = 0.068
_FILLS = ("#ffffff", "#e3e7ec")  # of boxes, outside and inside by turns
# Who ran there: colour, the colour of what is written on it, and a letter that says the same. They
# are no colours of palette.DARK: letters must be legible on them in light and in dark.
_ROLES = {("producer",): ("#0072b3", palette.ON_DARK, "P", "producers"),
          ("consumer",): ("#d05c01", palette.ON_DARK, "C", "consumers"),
          ("consumer", "producer"): ("#d58fb5", palette.ON_LIGHT, "PC",
                                     "both, at different times")}
_UNUSED = ("#ffffff", palette.INK, "", "")
notes = []


class Room(NamedTuple):
    """How wide a drawing is; with more CPUs than those of named_cores, cores have no names; how
    large the square of a CPU is: (most CPUs, inches), by the first that suits."""

    width_in: float
    named_cores: int
    squares: tuple


_ALONE = Room(10.8, 32, ((8, 0.46), (32, 0.34), (math.inf, 0.225)))
_BESIDE = Room(5.2, 2, ((8, 0.46), (32, 0.34), (math.inf, 0.15)))


@dataclass
class Box:
    """A part of the machine; sizes and places in inches, from the top left corner."""

    label: str
    cpu: dict = None  # of the innermost
    inner: list = field(default_factory=list)
    width: float = 0
    height: float = 0
    x: float = 0
    y: float = 0


def draw(bundle):
    """The Figure, or None when the bundle does not say which CPUs there are."""
    notes.clear()
    machine = cpu_places.load(bundle)
    if machine is None:
        notes.append("No repetition says which CPUs there are: environment.json does not name "
                     "them.")
        return None
    roles = cpu_places.used_by(bundle)
    with palette.rc():
        figure = _draw_machine(machine, roles, _ALONE, _machine_text(bundle))
    notes.extend(_sentences(bundle, machine, roles))
    return figure


def beside_others(bundle):
    """(Figure, sentences) of the machine alone, to stand beside other machines; None when the
    bundle does not say which CPUs there are."""
    machine = cpu_places.load(bundle)
    if machine is None:
        return None
    with palette.rc():
        figure = _draw_machine(machine, {}, _BESIDE)
    sentences = [f"{text}."] if (text := _what_it_is(bundle)) else []
    return figure, sentences + _floors(bundle) + ([machine.note] if machine.note else [])


def _draw_machine(machine, roles, room, foot=""):
    width, count = room.width_in, len(machine.cpus)
    chip = next(inches for most, inches in room.squares if count <= most)
    boxes = _boxes(machine.cpus, machine.tiers(), count <= room.named_cores)
    whole = Box("", inner=boxes)
    marks = _legend_marks(machine, roles)
    above = _LEGEND_IN if marks else _MARGIN_IN
    _set_out(whole, width - 2 * _MARGIN_IN, chip, 0)
    height = whole.height + above + (_FOOT_IN if foot else _MARGIN_IN)
    figure = panels.Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    _draw_box(axes, whole, (_MARGIN_IN, above), 0, (machine, roles, chip))
    if marks:
        _add_legend(figure, marks)
    figure.text(_MARGIN_IN / width, 0.14 / height, foot, fontsize=7.5, color=palette.QUIET_INK)
    return figure


def _boxes(cpus, tiers, names_cores):
    """The members of the outermost tier, each with those of the next in it."""
    if not tiers:
        return [Box(str(cpu["cpu"]), cpu) for cpu in cpus]
    tier = tiers[0]
    groups = {}
    for cpu in cpus:
        groups.setdefault(cpu[tier[0][0]], []).append(cpu)
    is_silent = not names_cores and len(groups) > 1 and len(tiers) == 1
    return [Box("" if is_silent else _label(tier, members[0]),
                inner=_boxes(members, tiers[1:], names_cores)) for members in groups.values()]


def _label(tier, cpu):
    """'package 0, NUMA node 0 (23.5 GiB), L3 (32 MiB)'."""
    parts = []
    for key, word, size_key in tier:
        size = cpu.get(size_key) if size_key else None
        text = word if word.startswith("L") else f"{word} {cpu[key]}"
        if isinstance(size, int) and size > 0:
            text += f" ({'L1d ' if key == 'core' else ''}{_size_text(size)})"
        parts.append(text)
    return ", ".join(parts)


def _size_text(size):
    """Three digits are enough: memory is never quite a round number."""
    for factor, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return units.bytes_text(size)


def _set_out(box, room, chip, depth):
    """Sizes of a box and places of what is in it, in rows that fit the room."""
    if box.cpu is not None:
        box.width = box.height = chip
        return
    padding = 0 if depth == 0 else 0.09 if chip > 0.3 else 0.05
    gap = 0.12 if chip > 0.3 else 0.06
    label = _LABEL_IN if box.label else 0
    x, y, row_height, width = padding, padding + label, 0, 0
    for inner in box.inner:
        _set_out(inner, room - 2 * padding, chip, depth + 1)
        if x > padding and x + inner.width > room - padding:
            x, y, row_height = padding, y + row_height + gap, 0
        inner.x, inner.y = x, y
        x += inner.width + gap
        row_height = max(row_height, inner.height)
        width = max(width, inner.x + inner.width)
    wanted = _CHARACTER_IN * len(box.label) + 2 * padding if box.label else 0
    box.width = max(width + padding, min(wanted, room))
    box.height = y + row_height + padding


def _draw_box(axes, box, corner, depth, what):
    x, y = corner
    machine, roles, chip = what
    if box.cpu is not None:
        _draw_cpu(axes, box, corner, machine, roles)
        return
    if depth:
        axes.add_patch(FancyBboxPatch(
            (x, y), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=_FILLS[depth % 2], edgecolor=palette.EDGE, linewidth=0.8))
    if box.label:
        padding = 0.09 if chip > 0.3 else 0.05
        axes.text(x + padding, y + padding + 0.07, _fitting(box), fontsize=7.5, va="center",
                  color=palette.INK)
    for inner in box.inner:
        _draw_box(axes, inner, (x + inner.x, y + inner.y), depth + 1, what)


def _fitting(box):
    """The label as far as the box is wide: a word less is better than half a word."""
    words = box.label.split(", ")
    while len(words) > 1 and _CHARACTER_IN * len(", ".join(words)) > box.width:
        words.pop()
    return ", ".join(words)


def _draw_cpu(axes, box, corner, machine, roles):
    """A square, and a round one for consumers, so that colours are not needed to tell them."""
    x, y = corner
    number = box.cpu["cpu"]
    role = tuple(sorted(roles.get(number, ())))
    colour, ink, letter, _ = _ROLES.get(role, _UNUSED)
    middle = (x + box.width / 2, y + box.height / 2)
    shape = {"edgecolor": palette.EDGE, "linewidth": 0.8, "facecolor": colour,
             "hatch": None if number in machine.allowed else "////"}
    if role == ("consumer",):
        axes.add_patch(Circle(middle, box.width / 2, **shape))
    else:
        axes.add_patch(Rectangle(corner, box.width, box.height, **shape))
    if box.width < _NAMED_IN:
        return
    is_large = box.width > 0.3
    axes.text(*middle, f"{number}\n{letter}" if is_large and letter else str(number), ha="center",
              va="center", fontsize=8 if box.width > 0.4 else 6.5 if is_large else 5.4, color=ink,
              linespacing=1.05)


def _legend_marks(machine, roles):
    there = {tuple(sorted(role)) for role in roles.values()}
    marks = [Patch(facecolor=colour, edgecolor=palette.EDGE, label=f"{letter}: {name}")
             for role, (colour, _, letter, name) in _ROLES.items() if role in there]
    if roles and any(cpu["cpu"] in machine.allowed and cpu["cpu"] not in roles
                     for cpu in machine.cpus):
        marks.append(Patch(facecolor="#ffffff", edgecolor=palette.EDGE, label="CPU, not used"))
    if any(cpu["cpu"] not in machine.allowed for cpu in machine.cpus):
        marks.append(Patch(facecolor="#ffffff", edgecolor=palette.EDGE, hatch="////",
                           label="may not be used here"))
    return marks


def _add_legend(figure, marks):
    figure.legend(handles=marks, loc="upper left", ncol=max(1, len(marks)), frameon=False,
                  borderpad=0, borderaxespad=0, fontsize=8, columnspacing=1.4, handlelength=1.1,
                  bbox_to_anchor=(_MARGIN_IN / figure.get_figwidth(),
                                  1 - 0.08 / figure.get_figheight()))


def _machine_text(bundle):
    return f"{_what_it_is(bundle)} · {captions.where_and_when(bundle)}".removeprefix(" · ")


def _what_it_is(bundle):
    """'AMD EPYC 9354 · 1 package, 1 NUMA node, 32 cores, 64 CPUs', as far as it is said."""
    cpu = bundle.environment.get("cpu")
    model = cpu.get("model") if isinstance(cpu, dict) else None
    topology = bundle.environment.get("topology")
    summary = topology.get("summary") if isinstance(topology, dict) else None
    return " · ".join(str(one) for one in (model, summary) if one)


def _sentences(bundle, machine, roles):
    used = sorted(roles)
    sentences = [f"{units.plural(len(machine.cpus), 'CPU')}, {len(used)} of them used by the "
                 f"cells of this bundle." if used else
                 f"{units.plural(len(machine.cpus), 'CPU')}; no record says which of them it "
                 "used."]
    return sentences + _floors(bundle) + ([machine.note] if machine.note else [])


def _floors(bundle):
    """A sentence on what handing over a cache line takes, or none."""
    floors = bundle.environment.get("floor_ns")
    if not isinstance(floors, dict) or not floors:
        return []
    told = ", ".join(f"{name} {units.duration_text(ns)}" for name, ns in floors.items()
                     if is_number(ns))
    return [f"Hand-off of a cache line, one way, before the run: {told}."]
