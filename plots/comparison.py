"""A comparison of bundles as a page: comparison.py COMPARE.json.

COMPARE.json is what 'ringside compare A B --format json' prints. Writes a page of the same name
beside it (changes.json: changes.html) and prints its path on stdout. This file is a table of
contents. Exit code 2, and one line on stderr, when the comparison cannot be read or the page
cannot be written.
"""

import argparse
import sys
from pathlib import Path

import comparison_file
import comparison_page
import document

EXIT_BAD_FILE = 2


def main(arguments=None):
    """The exit code."""
    options = _parse(arguments)
    try:
        print(write_page(comparison_file.load(options.comparison)))
        return 0
    except comparison_file.ComparisonError as error:
        print(f"comparison.py: {' '.join(str(error).split())}", file=sys.stderr)
    except OSError as error:
        print(f"comparison.py: {error.filename or options.comparison}: cannot be written "
              f"({error.strerror}); check the permissions and the space left", file=sys.stderr)
    return EXIT_BAD_FILE


def write_page(comparison):
    """The path of the page."""
    pictures = [(picture, document.rendered(picture.figure, "svg", picture.title).decode("utf-8"))
                for picture in comparison_page.pictures_of(comparison)]
    target = comparison.path.with_suffix(".html")
    markup = comparison_page.markup(comparison, pictures)
    document.replace(target, markup.encode("utf-8"))
    return target


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="comparison.py", description="Draws what ringside compare has found.")
    parser.add_argument("comparison", metavar="COMPARE.json", type=Path,
                        help="what 'ringside compare A B --format json' has printed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
