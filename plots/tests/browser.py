"""A headless Chromium, driven through a pipe by its DevTools protocol: nothing but the browser is
needed. Chromium is a tool of tests and of the pictures in the documents, never of a report.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
_LIMIT_S = 60  # for one answer; a wait without an end would hold up all tests
_OPTIONS = ("--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
            "--hide-scrollbars", "--disable-extensions", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--force-color-profile=srgb", "--remote-debugging-pipe",
            "--no-sandbox")  # root, and many containers, cannot have it; pages are our own files
_END = b"\0"  # of each message


def program():
    """The path of a Chromium, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _moved(descriptor):
    """The same file under a number from 10 on."""
    number = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return number


class BrowserError(Exception):
    """The browser said no, or nothing; what and when."""


class Browser:
    """One page at a time. Use it in a with statement: it ends the browser and its files."""

    def __init__(self):
        self.complaints = []  # of the console, and of scripts that threw
        self._number, self._session, self._pending = 0, None, b""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True)
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        # The browser reads from descriptor 3 and writes to 4: ours are moved out of their way.
        to_browser, from_browser = _moved(to_browser), _moved(from_browser)
        script = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, program(), *_OPTIONS,
             f"--user-data-dir={self._folder.name}", "--no-startup-window"],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self._attach()
        return self

    def __exit__(self, *_):
        os.close(self._to)
        self._process.kill()
        self._process.wait()
        os.close(self._from)
        self._folder.cleanup()

    def look(self, width, height, is_dark=False, medium="screen"):
        """The size of the window in pixels, and what the page is shown for."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=medium, features=[
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def open(self, path):
        """Shows a file, and waits until it is there."""
        self.call("Page.navigate", url=f"file://{path}")
        ends = time.monotonic() + _LIMIT_S
        while self.value("document.readyState + location.pathname") != f"complete{path}":
            if time.monotonic() > ends:
                raise BrowserError(f"{path} is not shown after {_LIMIT_S} s")

    def value(self, script):
        """What an expression of the page's language comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key, text=None):
        """A key, as somebody at the keyboard presses it."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27}.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def picture(self, height=None, scale=1):
        """A PNG of the page from its top, as high as it is or as is asked for, made smaller."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "scale": scale, "width": size["width"],
                "height": min(size["height"], height or 16000)}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", clip=clip,
                                          captureBeyondViewport=True)["data"])

    def printed(self):
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def call(self, method, **parameters):
        """The answer to one command; events that come before it are looked through."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + _END)
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                break
            self._hear(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def _attach(self):
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=page,
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def _hear(self, event):
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            entry = parameters["entry"]
            if entry["level"] in ("error", "warning"):
                self.complaints.append(entry["text"])
        elif event.get("method") == "Runtime.consoleAPICalled":
            if parameters["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(parameters["args"]))

    def _read(self):
        ends = time.monotonic() + _LIMIT_S
        while _END not in self._pending:
            ready, _, _ = select.select([self._from], [], [], max(0, ends - time.monotonic()))
            piece = os.read(self._from, 1 << 20) if ready else b""
            if not piece:
                raise BrowserError("the browser has ended" if ready else
                                   f"the browser did not answer within {_LIMIT_S} s")
            self._pending += piece
        message, _, self._pending = self._pending.partition(_END)
        return json.loads(message)
