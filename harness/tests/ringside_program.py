"""Runs the built program as a user does, and sees what it leaves behind.

Every start carries a mark in its environment, which forked processes inherit: so the tests find
all processes of a run, whoever their parent has become, and end no others.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections import namedtuple

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHM = "/dev/shm"
MARK = "RINGSIDE_TEST_MARK"
WATCHDOG_S = 120  # only ends a test that hangs
GONE_WITHIN_S = 5  # the issue asks for one second; a loaded machine may need more
POLL_S = 0.001
NOBODY = 65534

# What a developer's shell may say of its terminal is nothing to the tests.
for variable in ("COLUMNS", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(variable, None)

QUEUES = ["spsc", "mpsc", "mpmc", "robust_mutex", "pipe", "boost_message_queue"]
WORKER_NAMES = {"ringside-prod": "producer", "ringside-cons": "consumer"}
JANITOR_NAME = "ringside-janit"

Finished = namedtuple("Finished", "exit_code out err")
Process = namedtuple("Process", "pid name cpu_ticks")


def program():
    """The program's path; a test that finds none has failed, it is not skipped."""
    built = os.path.join(REPOSITORY, "build", "release", "ringside")
    path = os.path.abspath(os.environ.get("RINGSIDE_PROGRAM") or built)
    if not os.access(path, os.X_OK):
        raise AssertionError(
            f"{path}: there is no program to test; build it (ninja -C build/release ringside) "
            "or name it in RINGSIDE_PROGRAM"
        )
    return path


def wait_until(condition, what, limit_s=WATCHDOG_S):
    """The first true value of the condition; AssertionError when none comes in time."""
    limit = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"after {limit_s} s still not: {what}")
        time.sleep(POLL_S)


# --- scenario files -----------------------------------------------------------------------------


def scenario(name, workload="throughput", **settings):
    """One [[scenario]]; lists, strings, numbers and booleans look the same in JSON and TOML."""
    lines = ["[[scenario]]", f'name = "{name}"', f'workload = "{workload}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def suite(*scenarios, repetitions=1, warmup_ms=5, duration_ms=200):
    return (
        '[suite]\nname = "small"\nquestion = "Does it work?"\n[defaults]\n'
        f"repetitions = {repetitions}\nwarmup_ms = {warmup_ms}\nduration_ms = {duration_ms}\n"
    ) + "".join(scenarios)


# --- processes and shared memory ----------------------------------------------------------------


def read_process(pid, mark):
    """The process, or None when it has ended, is a zombie, or does not carry the mark."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if mark not in file.read().split(b"\0"):
                return None
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            before, after = file.read().rsplit(")", 1)
    except OSError:
        return None
    fields = after.split()
    if fields[0] in "ZX":
        return None
    return Process(pid, before.split("(", 1)[1], int(fields[11]) + int(fields[12]))


class Running:
    """One start of the program, in a session of its own."""

    def __init__(self, arguments, **options):
        self.mark = f"{MARK}={uuid.uuid4().hex}"
        options["env"] = dict(options.get("env") or os.environ, **dict([self.mark.split("=")]))
        self.child = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            start_new_session=True,
            **options,
        )
        self.pid = self.child.pid

    def processes(self):
        """All that live: the parent, its workers, its janitor."""
        mark = self.mark.encode()
        found = [read_process(int(pid), mark) for pid in os.listdir("/proc") if pid.isdigit()]
        return [process for process in found if process]

    def workers(self, role=None):
        return [
            process
            for process in self.processes()
            if process.name in WORKER_NAMES and role in (None, WORKER_NAMES[process.name])
        ]

    def segments(self):
        """What stands in /dev/shm under the name of this run."""
        return [name for name in os.listdir(SHM) if name.startswith(f"ringside-{self.pid}-")]

    def finish(self):
        out, err = self.child.communicate(timeout=WATCHDOG_S)
        return Finished(
            self.child.returncode, (out or b"").decode("utf-8"), (err or b"").decode("utf-8")
        )

    def wait_until_nothing_is_left(self):
        """No process lives and no segment stands, soon after the parent's end."""
        self.child.wait(WATCHDOG_S)
        wait_until(
            lambda: not self.processes() and not self.segments(),
            "all processes and segments gone",
            GONE_WITHIN_S,
        )

    def end(self):
        """Whatever a failed test has left."""
        for process in self.processes():
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.child.communicate()


# --- one run in a folder of its own -------------------------------------------------------------


class Scratch:
    """A folder with a scenario file and, after a run, its bundle."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ringside-test-")
        os.chmod(self.folder, 0o777)  # some tests run the program as another user
        self.file = os.path.join(self.folder, "small.toml")
        self.bundle = os.path.join(self.folder, "bundle")
        self.started = []

    @classmethod
    def of(cls, test):
        """For one test; goes when it ends."""
        scratch = cls()
        test.addCleanup(scratch.remove)
        return scratch

    @classmethod
    def of_class(cls, test_class):
        """For all tests of a class; goes after the last."""
        scratch = cls()
        test_class.addClassCleanup(scratch.remove)
        return scratch

    def remove(self):
        for running in self.started:
            running.end()
        shutil.rmtree(self.folder)

    def start(self, *arguments, **options):
        """The program with these arguments, in the folder; options are those of Popen."""
        options.setdefault("cwd", self.folder)
        running = Running([*options.pop("through", []), program(), *arguments], **options)
        self.started.append(running)
        return running

    def start_suite(self, text, *arguments, **options):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        fixed = ["run", self.file, "--no-report", "--out", self.bundle]
        return self.start(*fixed, *arguments, **options)

    def run_suite(self, text, *arguments, **options):
        return self.start_suite(text, *arguments, **options).finish()

    def read(self, name):
        with open(os.path.join(self.bundle, name), encoding="utf-8") as file:
            return file.read()

    def records(self):
        """The records so far, none while there is no bundle; a line being written is none yet."""
        try:
            text = self.read("records.jsonl")
        except FileNotFoundError:
            return []
        whole = text[: text.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines() if line]

    def wait_for_busy_workers(self, running, records=0):
        """The workers of the cell after this many records, as soon as each has run for 0.1 s."""

        def busy():
            workers = running.workers() if len(self.records()) == records else []
            return len(workers) > 1 and all(w.cpu_ticks >= 10 for w in workers) and workers

        return wait_until(busy, f"busy workers after record {records}")


def reasons(records):
    """What was not as it should be, for the message of a failed test."""
    return [(r["cell"], r["status"], r["reason"]) for r in records if r["status"] != "ok"]


def as_nobody(test):
    """Options that take root's powers away; none are needed by who has none."""
    if os.geteuid() != 0:
        return {}
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        Scratch.of(test).start("--version", **options).finish()
    except PermissionError:
        test.skipTest(f"{program()} is where nobody else may read")
    return options


def with_shm_of(test, size, before="true"):
    """What starts a program with a /dev/shm of that size of its own, after a shell's command."""
    if os.geteuid() != 0:
        test.skipTest("only root can mount a /dev/shm")
    mount = f'mount -t tmpfs -o size={size} ringside-test /dev/shm && {before} && exec "$@"'
    through = ["unshare", "--mount", "sh", "-c", mount, "sh"]
    tried = subprocess.run([*through, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        test.skipTest(f"no mounts here: {tried.stderr.decode().strip()}")
    return through
