"""Installs the program into a folder of its own, and builds plug-ins against that, once for all.

They are built as a user's are: by cmake, with find_package(ringside), from the examples and from
tests/plugins.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from ringside_program import REPOSITORY, program

EXAMPLES = os.path.join(REPOSITORY, "harness", "examples")
SOURCES = os.path.join(REPOSITORY, "harness", "tests", "plugins")
CORE = os.path.join(REPOSITORY, "core")
MAGIC = b"ringside plug-in stamp\n"
STAMP_BYTES = 24 + 32 + 24 + 24 + 120
QUICK = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1"]  # nothing here is timed

# In C, for it has to be no C++: only the stamp, and what stands in the place of the list.
HALF_PLUGINS = {
    "without_list": "",
    "undefined_symbol": "void nowhere_to_be_found(void);\nvoid* wanted = nowhere_to_be_found;\n",
    "empty_list": (
        "static void* none[3];\n"
        "void* ringside_plugin_entrants(void);\n"
        "void* ringside_plugin_entrants(void) { return none; }\n"
    ),
}


def run(*command):
    """AssertionError with the output, if it fails."""
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if finished.returncode != 0:
        words = " ".join(command)
        raise AssertionError(f"{words} ended with {finished.returncode}:\n{finished.stdout}")
    return finished.stdout


def changed(text, before, after):
    """The text with this in the place of that, which must be there."""
    if before not in text:
        raise AssertionError(f"'{before}' is not there to be changed; change the test")
    return text.replace(before, after)


def rewrite(path, before, after):
    with open(path, encoding="utf-8") as file:
        text = changed(file.read(), before, after)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class PluginBuilds:
    """prefix, where the program is installed; folder, where the plug-ins are."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="ringside-plugins-")
        self.prefix = os.path.join(self.top, "prefix")
        self.examples = os.path.join(self.top, "examples")
        self.folder = os.path.join(self.top, "plugins")
        self.given = os.path.join(self.top, "given")
        try:
            run("cmake", "--install", os.path.dirname(program()), "--prefix", self.prefix)
            self.build(EXAMPLES, self.examples)
            self.give_sources()
            self.build(SOURCES, self.folder, f"-DGIVEN={self.given}")
        except BaseException:
            self.remove()
            raise

    def remove(self):
        shutil.rmtree(self.top)

    def build(self, sources, folder, *definitions):
        run(
            "cmake", "-S", sources, "-B", folder, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}", *QUICK, *definitions,
        )  # fmt: skip
        run("cmake", "--build", folder)

    def give_sources(self):
        os.mkdir(self.given)
        with open(os.path.join(EXAMPLES, "skeleton.cpp"), encoding="utf-8") as file:
            skeleton = file.read()
        taken = changed(skeleton, "RINGSIDE_QUEUE(skeleton,", "RINGSIDE_QUEUE(spsc,")
        write(os.path.join(self.given, "taken_name.cpp"), taken)
        stamp = ", ".join(str(byte) for byte in self.stamp())
        for name, rest in HALF_PLUGINS.items():
            text = f"const unsigned char ringside_plugin_stamp[] = {{{stamp}}};\n{rest}"
            write(os.path.join(self.given, f"{name}.c"), text)
        self.give_changed_core()

    def give_changed_core(self):
        core = os.path.join(self.given, "core")
        for part in ("include", "src"):
            shutil.copytree(os.path.join(CORE, part), os.path.join(core, part))
        rewrite(
            os.path.join(core, "src", "wait.cpp"),
            "SleepTuning sleepTuning() noexcept {",
            "SleepTuning sleepTuning() noexcept {\n"
            "  if (true) return {std::chrono::nanoseconds(1000000), 4711};",
        )
        rewrite(
            os.path.join(core, "include", "ringside", "wait.hpp"),
            "return deadline && std::chrono::steady_clock::now() >= *deadline;",
            "return !deadline || std::chrono::steady_clock::now() >= *deadline;",
        )

    def program(self):
        return os.path.join(self.prefix, "bin", "ringside")

    def plugin(self, name):
        """The path of one of the examples, or of those that only tests load."""
        found = glob.glob(os.path.join(self.examples, f"{name}.so"))
        return found[0] if found else os.path.join(self.folder, f"{name}.so")

    def stamp(self):
        with open(self.plugin("skeleton"), "rb") as file:
            content = file.read()
        at = content.index(MAGIC)
        return content[at : at + STAMP_BYTES]

    def with_other_stamp(self, name, field, text):
        """A copy of the skeleton whose stamp says something else: (first byte, bytes) of it."""
        with open(self.plugin("skeleton"), "rb") as file:
            content = file.read()
        begin, size = field
        begin += content.index(MAGIC)
        patched = content[:begin] + text.encode().ljust(size, b"\0") + content[begin + size :]
        path = os.path.join(self.top, name)
        with open(path, "wb") as file:
            file.write(patched)
        return path


def exported(path):
    """The symbols that others could see, in words."""
    listing = run("nm", "--dynamic", "--defined-only", "--demangle", path)
    return [re.sub(r"^[0-9a-f]+ \w ", "", line) for line in listing.splitlines()]
