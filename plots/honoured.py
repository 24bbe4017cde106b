"""What was asked for and what came of it, where the two differ, in a few words.

A record with status ok may still have got less than it asked for: "try" huge pages and there were
none. That is no fault, but a figure must say so.
"""

from collections import Counter

import units

BASE_PAGE_BYTES = 4096
MAX_NAMED = 4


def differences(record):
    """A few words for each axis whose request was not honoured to the letter."""
    found = []
    for compare in (_pages, _lock, _capacity):
        text = compare(record.axes, record.obtained)
        if text:
            found.append(text)
    return found


def sentences(cells):
    """One sentence on all of these cells, or none where everything came as it was asked for."""
    counts = Counter(text for cell in cells
                     for text in dict.fromkeys(one for record in cell.ok_records
                                               for one in differences(record)))
    if not counts:
        return []
    often = counts.most_common()
    named = [f"{text} ({units.plural(count, 'cell')})" for text, count in often[:MAX_NAMED]]
    if len(counts) > MAX_NAMED:
        named.append(f"and {len(counts) - MAX_NAMED} more")
    return [f"Not as asked: {'; '.join(named)}."]


def page_text(record):
    """'pages of 4 KiB', of what the ring lay on; empty where nobody says."""
    size = record.obtained.get("page_size_bytes")
    return f"pages of {units.bytes_text(size)}" if _is_count(size) and size > 0 else ""


def _pages(axes, obtained):
    size = obtained.get("page_size_bytes")
    if not _is_count(size) or size == 0:
        return None
    is_huge = size > BASE_PAGE_BYTES
    if axes.get("huge_pages") in ("try", "require") and not is_huge:
        return f"huge_pages {axes['huge_pages']}, came as pages of {units.bytes_text(size)}"
    if axes.get("huge_pages") == "never" and is_huge:
        return f"huge_pages never, came as pages of {units.bytes_text(size)}"
    return None


def _lock(axes, obtained):
    if axes.get("lock_memory") is True and obtained.get("locked_bytes") == 0:
        return "lock_memory yes, nothing is locked"
    return None


def _capacity(axes, obtained):
    asked, got = axes.get("capacity"), obtained.get("capacity")
    if _is_count(asked) and _is_count(got) and got > 0 and asked != got:
        return f"capacity {asked}, came as {got}"
    return None


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool)
