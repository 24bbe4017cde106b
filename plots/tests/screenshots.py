"""The pictures of a page that stand in the documents: python3 -m tests.screenshots BUNDLE FOLDER,
from plots/. Writes report_page.png and report_phone.png; needs Chromium.
"""

import sys
from pathlib import Path

from tests.browser import Browser, program

# name: width, height and scale; what is below is cut off
PICTURES = {"report_page.png": (1280, 2200, 0.75), "report_phone.png": (390, 1400, 1)}


def main(bundle, folder):
    """The exit code."""
    if program() is None:
        print("screenshots: there is no chromium here; install the package chromium",
              file=sys.stderr)
        return 6
    page = (Path(bundle) / "report.html").resolve()
    if not page.is_file():
        print(f"screenshots: {page}: no such file; name a bundle with its report",
              file=sys.stderr)
        return 2
    with Browser() as browser:
        for name, (width, height, scale) in PICTURES.items():
            browser.look(width, height)
            browser.open(page)
            target = Path(folder) / name
            target.write_bytes(browser.picture(height, scale))
            print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
