"""The documents as tests read them: their links, headings, fenced blocks, and the commands in both.

A ```console block holds commands, each behind `$ `, and below each what it prints. They are run in
a folder that looks like the repository, and what they print is compared in shape. A comment in the
line before a block says otherwise:

  <!-- not run: REASON -->             only looked at: the verb and its options must exist
  <!-- run as: COMMAND -->             that is run instead of its one command
  <!-- exits with N -->                 else 0
  <!-- file: NAME -->                   before a block of another kind: its text is that file
"""
import os
import re
import subprocess
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

Block = namedtuple("Block", "path line language text marker")
Command = namedtuple("Command", "path line typed shown run_as not_run exit_code")
Link = namedtuple("Link", "path line target")

FENCE = re.compile(r"^( *)(`{3,})(\S*)\s*$")
MARKER = re.compile(r"^<!-- (not run|run as|exits with|file)(?:: | )(.*) -->$")
LINK = re.compile(r"\]\(([^()\s]+(?:\([^()]*\))?)\)|\bsrc=\"([^\"]+)\"")
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def all_documents():
    """Every .md file that git tracks or would track."""
    command = ["git", "-c", f"safe.directory={TOP}", "-C", TOP, "ls-files", "-z", "-co"]
    listing = subprocess.run(
        [*command, "--exclude-standard", "--", "*.md"], stdout=subprocess.PIPE, check=True
    )
    paths = sorted(set(filter(None, listing.stdout.decode().split("\0"))))
    return [path for path in paths if os.path.isfile(os.path.join(TOP, path))]


def blocks_of(path):
    """The fenced blocks, and the number of each line that belongs to none."""
    blocks, prose, inside, before = [], [], None, ""
    for number, line in enumerate(read(path).splitlines(), 1):
        fence = FENCE.match(line)
        if inside is None and fence:
            inside = (number, fence[2], fence[3], before, [])
        elif inside and fence and fence[2] == inside[1] and not fence[3]:
            begin, _, language, marker, lines = inside
            blocks.append(Block(path, begin, language, "\n".join(lines), MARKER.match(marker)))
            inside, before = None, ""
        elif inside:
            inside[4].append(line)
        else:
            prose.append((number, line))
            before = line.strip() or before
    if inside:
        raise AssertionError(f"{path}:{inside[0]}: this block has no end")
    return blocks, prose


def commands_of(block):
    """The commands of a console block with what is shown below each."""
    kind, value = (block.marker[1], block.marker[2]) if block.marker else (None, None)
    commands = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith("$ "):
            commands.append([number, line[2:], []])
        elif not commands:
            raise AssertionError(f"{block.path}:{number}: a console block begins with `$ `")
        elif commands[-1][1].endswith("\\") and not commands[-1][2]:
            commands[-1][1] = commands[-1][1][:-1] + line.strip()
        else:
            commands[-1][2].append(line)
    if kind == "run as" and len(commands) != 1:
        raise AssertionError(f"{block.path}:{block.line}: `run as` stands for one command")
    return [
        Command(
            block.path, number, typed, shown,
            run_as=value if kind == "run as" else None,
            not_run=value if kind == "not run" else None,
            exit_code=int(value) if kind == "exits with" else 0,
        )
        for number, typed, shown in commands
    ]  # fmt: skip


def links_of(path):
    _, prose = blocks_of(path)
    return [
        Link(path, number, found[1] or found[2])
        for number, line in prose
        for found in LINK.finditer(CODE_SPAN.sub("", line))
    ]


def code_spans_of(path):
    """(line, text) of what stands in backquotes."""
    _, prose = blocks_of(path)
    return [
        (number, found[2].strip()) for number, line in prose for found in CODE_SPAN.finditer(line)
    ]


def anchors_of(path):
    """As GitHub makes them of headings."""
    anchors, seen = set(), {}
    for _, line in blocks_of(path)[1]:
        heading = re.match(r"^#{1,6} (.*?)\s*#*$", line)
        if not heading:
            continue
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        anchors.add(f"{slug}-{count}" if count else slug)
    return anchors


# --- shape --------------------------------------------------------------------------------------

UNIT = r"(?: ?(?:ns|µs|us|ms|s|min|h|k|M|G|B|kB|KiB|MiB|GiB|%|M/s|k/s|/s|b/s|B/s|GB/s|MB/s))?"
NUMBER = re.compile(
    rf"(?<![\w=/.:-])(?:[-+−<±≤] ?)?\d[\d.,]*(?:e[+-]\d+)?{UNIT}(?![\w/])"
    r"|(?<=[ \[|])[–-](?=[ \]|]|$)"  # nothing, in a table
)
TIME = re.compile(
    r"\b\d{4}-?\d\d-?\d\dT?\s?\d\d:?\d\d:?\d\d(?:Z)?(?:-[\w.-]+)?"  # also in a bundle's name
    r"|\b\d+:\d\d(?::\d\d)?\b"
)
HASH = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b(?:-dirty)?")
SPARKLINE = re.compile(r"[▁▂▃▄▅▆▇█][▁▂▃▄▅▆▇█ ]*")
VERDICT = re.compile(r"\b(?:better|worse|same|inconclusive|pass|regressed|improved)\b")
PLACEMENT = re.compile(r"\b(?:same_(?:cpu|core|l2|l3|node)|cross_(?:node|package)|unpinned)\b")
FOOTNOTE = re.compile(r" *\[\d+(?:,\d+)*\]")
OPTIONAL = re.compile(r"^\s*(?:\[\d+\] |note[,:] |warning: |next: |$)")


def shape_of(line):
    """What is the same in every run on every machine: words and their order."""
    line = FOOTNOTE.sub("", re.sub(r"\x1b\[[0-9;]*m", "", line))
    line = TIME.sub("TIME", SPARKLINE.sub("~ ", line))
    line = PLACEMENT.sub("PLACEMENT", line)
    line = VERDICT.sub("VERDICT", HASH.sub("HASH", line))
    line = NUMBER.sub("#", NUMBER.sub("#", line)).replace("; #]", "]")  # what an interval covers
    return " ".join(re.sub(r"\b(\w+)s\b(?= |,|$)", r"\1", line).split()) if line.strip() else ""


def pattern_of(line):
    """A shown line as a regular expression for shapes; `…` in it stands for anything."""
    parts = [re.escape(part.strip()) for part in shape_of(line).split("…")]
    return re.compile(r"\s*.*\s*".join(parts) + "$")


def shape_fault(shown, printed):
    """None when what is printed has the shape of what is shown; else what is missing.

    A line `…` stands for any lines. Blank lines, footnotes and what to do next come and go.
    """
    actual = [shape_of(line) for line in printed.splitlines() if not OPTIONAL.match(line)]
    position, gap = 0, False
    for line in shown:
        if line.strip() == "…":
            gap = True
            continue
        if OPTIONAL.match(line):
            continue
        pattern = pattern_of(line)
        last = len(actual) if gap else min(position + 1, len(actual))
        found = next((i for i in range(position, last) if pattern.match(actual[i])), None)
        if found is None:
            return f"nothing printed is like `{line.strip()}` ({shape_of(line)})"
        position, gap = found + 1, False
    if position < len(actual) and not gap and shown:
        return f"it printed more than is shown: `{actual[position]}`"
    return None
