"""How figures went over many runs and gates: history.py HISTORY.jsonl [--format FORMAT].

Writes a page of the same name beside the history (history.jsonl: history.html) and prints its path
on stdout; with --format it writes nothing and prints entries and change points. This file is a
table of contents. Exit code 2, and one line on stderr, when the history cannot be read or the page
cannot be written.
"""

import argparse
import sys
from pathlib import Path

import document
import history_file
import history_page
import history_text
import trend_figures
import trends

EXIT_BAD_HISTORY = 2


def main(arguments=None):
    """The exit code."""
    options = _parse(arguments)
    try:
        history = history_file.load(options.history)
        groups = trends.groups_of(history)
        if options.format:
            print(history_text.render(history, groups, options.format), end="")
        else:
            print(write_page(history, groups))
        return 0
    except history_file.HistoryError as error:
        print(f"history.py: {' '.join(str(error).split())}", file=sys.stderr)
    except OSError as error:
        print(f"history.py: {error.filename or options.history}: cannot be written "
              f"({error.strerror}); check the permissions and the space left", file=sys.stderr)
    return EXIT_BAD_HISTORY


def write_page(history, groups):
    """The path of the page."""
    pictures = [(picture, document.rendered(picture.figure, "svg", picture.title).decode("utf-8"))
                for picture in trend_figures.draw_all(groups)]
    target = Path(history.path).with_suffix(".html")
    document.replace(target, history_page.markup(history, groups, pictures).encode("utf-8"))
    return target


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="history.py", description="Draws how figures went over many runs and gates.")
    parser.add_argument("history", metavar="HISTORY.jsonl", help="what runs and gates add to")
    parser.add_argument("--format", choices=history_text.FORMATS,
                        help="print entries and change points, and draw nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
