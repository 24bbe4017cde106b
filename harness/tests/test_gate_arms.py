"""What `ringside gate` measures: revisions that it builds, other builds, plug-ins; and refusals."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from ringside_program import (
    REPOSITORY, Finished, Scratch, program, scenario, suite, wait_until,
)  # fmt: skip

BUILD_LIMIT_S = 500  # only ends a test that hangs: half a minute is what a build takes
COMPILING = "compiling its core"


def git(folder, *words):
    """What it prints. Its own settings, for a machine may have none."""
    names = ["-c", "user.name=Anybody", "-c", "user.email=anybody@example.org"]
    command = ["git", *names, "-C", folder, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class GateArmsTest(unittest.TestCase):
    """A repository with this core, and gates in it that measure nothing."""

    def setUp(self):
        self.scratch = Scratch.of(self)
        self.repository = os.path.join(self.scratch.folder, "repository")
        ignored = shutil.ignore_patterns("build", "__pycache__")
        core = os.path.join(self.repository, "core")
        shutil.copytree(os.path.join(REPOSITORY, "core"), core, ignore=ignored)
        git(self.repository, "init", "--quiet")
        self.commit("first")
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", queue="spsc")))

    def commit(self, subject):
        git(self.repository, "add", "--all")
        git(self.repository, "commit", "--quiet", "--allow-empty", "--message", subject)

    def change(self, path, text):
        """Adds it to the end of a file."""
        with open(os.path.join(self.repository, path), "a", encoding="utf-8") as file:
            file.write(text)

    def start(self, baseline, candidate, **options):
        options.setdefault("cwd", self.repository)
        return self.scratch.start(
            "gate", self.scratch.file, "--dry-run", "--baseline", baseline,
            "--candidate", candidate, **options,
        )  # fmt: skip

    def gate(self, baseline, candidate, **options):
        child = self.start(baseline, candidate, **options).child
        out, err = child.communicate(timeout=BUILD_LIMIT_S)
        return Finished(child.returncode, out.decode(), err.decode())

    def identities(self, finished):
        """Of the baseline and of the candidate."""
        self.assertEqual(finished.exit_code, 0, finished.err)
        return re.findall(r"(?m)^(?:baseline|candidate) .*\(([0-9a-f]{16})\)$", finished.err)

    def folders(self):
        """Those in the cache that hold the core of the last commit."""
        tree = git(self.repository, "rev-parse", "HEAD:core")
        return glob.glob(os.path.join(REPOSITORY, "build", "arms", f"{tree[:12]}-*", ""))

    def remove_from_cache(self):
        for folder in self.folders():
            shutil.rmtree(folder)
            os.remove(f"{folder[:-1]}.lock")

    def links(self):
        """The files of the last commit's core, which has been built."""
        whole = [f for f in self.folders() if os.path.exists(os.path.join(f, "arm.json"))]
        newest = max(whole, key=lambda f: os.path.getmtime(os.path.join(f, "arm.json")))
        with open(os.path.join(newest, "arm.json"), encoding="utf-8") as file:
            return [os.path.join(newest, link["file"]) for link in json.load(file)["files"]]

    def refused(self, name, *says, **options):
        for baseline, candidate in ((name, "self"), ("self", name)):
            finished = self.gate(baseline, candidate, **options)
            self.assertEqual(finished.exit_code, 2, finished.err)
            option = "--baseline" if baseline == name else "--candidate"
            for words in (f"ringside: {option} {name}: ", *says):
                self.assertIn(words, finished.err)


class RevisionTest(GateArmsTest):
    def test_of_the_same_core_are_one_and_are_built_once(self):
        self.commit("second")
        finished = self.gate("HEAD~1", "HEAD")
        one, other = self.identities(finished)
        self.assertEqual(one, other)
        self.assertLessEqual(finished.err.count(COMPILING), 1, finished.err)
        again = self.gate("HEAD", "worktree", env=dict(os.environ, GIT_DIR="/nowhere"))
        self.assertEqual(self.identities(again), [one, one])
        self.assertNotIn(COMPILING, again.err)
        self.assertEqual(git(self.repository, "status", "--porcelain"), "")
        self.assertEqual(len(git(self.repository, "worktree", "list").splitlines()), 1)

    def test_is_linked_with_its_functions_in_another_place_each_time(self):
        self.assertEqual(self.gate("HEAD", "HEAD").exit_code, 0)
        self.assertGreaterEqual(len(self.links()), 4)
        first, *others = map(self.places, self.links())
        for other in others:
            self.assertEqual(set(first), set(other), "the same functions")
            moved = sum(first[name] % 64 != other[name] % 64 for name in first)
            self.assertGreater(moved, len(first) / 2, "most in another part of a line")

    def places(self, plugin):
        """Where its own functions begin, by their names."""
        listing = subprocess.run(["nm", "--defined-only", plugin], capture_output=True, text=True,
                                 check=True).stdout  # fmt: skip
        return {
            name: int(address, 16)
            for address, name in re.findall(r"(?m)^([0-9a-f]+) [tTwW] (_ZN8ringside\S+)$", listing)
        }

    def test_is_built_after_a_build_that_was_interrupted_and_comments_do_not_change_it(self):
        self.change("core/src/wait.cpp", f"// {self.scratch.folder}\n")
        running = self.start("worktree", "HEAD")
        wait_until(lambda: self.compilers(running), "the core is being compiled")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.finish().exit_code, -signal.SIGINT)
        running.wait_until_nothing_is_left()
        finished = self.gate("worktree", "HEAD")
        changed, committed = self.identities(finished)
        self.assertIn(COMPILING, finished.err)
        self.assertEqual(changed, committed)
        self.commit("commented")
        self.remove_from_cache()

    def compilers(self, running):
        return [process for process in running.processes() if process.name == "cc1plus"]

    def test_whose_core_is_broken_is_refused_each_time_with_what_the_compiler_says(self):
        self.change("core/include/ringside/wait.hpp", "#error broken here\n")
        self.commit("broken")
        self.refused("HEAD", "does not compile", "error: #error broken here", "build.log")
        for folder in self.folders():
            self.assertFalse(os.path.exists(os.path.join(folder, "arm.json")), folder)
        self.remove_from_cache()

    def test_without_a_core_is_refused(self):
        git(self.repository, "commit", "--quiet", "--allow-empty", "--message", "with")
        shutil.rmtree(os.path.join(self.repository, "core"))
        self.commit("without")
        shutil.copytree(os.path.join(REPOSITORY, "core"), os.path.join(self.repository, "core"))
        self.refused("HEAD", "has no folder core")


class NamedTest(GateArmsTest):
    def test_a_revision_has_the_queues_of_its_core_and_no_others(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", queue=["spsc", "pipe"])))
        finished = self.gate("HEAD", "HEAD")
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertIn("2 cells, 1 of them gated", finished.err)
        self.assertRegex(finished.err, r"not gated: .*/pipe/.*: HEAD \(\w+\) has no queue pipe")

    def test_that_nothing_is_called_says_what_was_looked_for(self):
        self.refused("HEAD~7", "there is no such file or folder", "no such revision in the repo")
        self.refused("./mine.so", "there is no such file or folder")
        os.mkdir(os.path.join(self.repository, "empty"))
        self.refused("empty", "has no program `ringside` in it")

    def test_a_build_with_this_harness_is_an_arm(self):
        build = os.path.dirname(program())
        one, other = self.identities(self.gate("self", build))
        self.assertEqual(one, other)

    def test_a_build_with_another_harness_is_refused(self):
        folder = os.path.join(self.scratch.folder, "other")
        os.mkdir(folder)
        path = os.path.join(folder, "ringside")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho ringside gate-arm 1 other headers\n")
        os.chmod(path, 0o755)
        self.refused(folder, "another one than this program's", "name the git revision")

    def test_a_plugin_is_an_arm_and_no_name_is_taken(self):
        revision, _ = self.identities(self.gate("HEAD", "self"))
        plugin, *others = self.links()
        one, other = self.identities(self.gate(plugin, others[0]))
        self.assertEqual(len({revision, one, other}), 3, "each file is another one")
        self.refused(self.scratch.file, "it is no plug-in of ringside")


if __name__ == "__main__":
    unittest.main()
