"""What ci/vm-test says before it starts a machine: wrong usage, nothing built, no qemu."""
import os
import shutil
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = "core/tests/core_machine_tests"
TOOLS = ("bash", "dirname", "mkdir", "mktemp", "rm")  # what it needs until it looks for qemu


def write_program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)


class VmTestTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = os.path.join(folder.name, "build")
        self.tools = os.path.join(folder.name, "tools")
        os.mkdir(self.tools)

    def run_vm_test(self, *arguments, path=os.environ["PATH"]):
        return subprocess.run(
            [os.path.join(TOP, "ci/vm-test"), *arguments], env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=60,
        )  # fmt: skip

    def test_refuses_wrong_usage_and_names_what_was_wrong(self):
        for arguments, message in (
            (["--nodes", "3"], "unknown option '--nodes'"),
            (["--build"], "--build needs a value"),
            (["--suite"], "--suite needs a value"),
            (["--suite", "nowhere"], "there is no scenarios/nowhere.toml"),
            (["--suite", "../ci/x"], "--suite is '../ci/x'"),
            (["--timeout", "soon"], "--timeout is 'soon'"),
            (["--timeout", "0"], "--timeout is '0'"),
            (["--shmem-enabled", "perhaps"], "--shmem-enabled is 'perhaps'"),
        ):
            with self.subTest(arguments):
                ended = self.run_vm_test(*arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr)
                self.assertEqual(ended.stdout, "")

    def test_fails_where_nothing_was_built(self):
        ended = self.run_vm_test("--build", self.build)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"There is no {self.build}/{PROGRAM}", ended.stderr)
        self.assertEqual(ended.stdout, "0 passed, 1 failed, 0 skipped\n")

    def test_fails_where_the_program_of_the_suite_was_not_built(self):
        write_program(os.path.join(self.build, PROGRAM), "exit 1")
        ended = self.run_vm_test("--build", self.build)
        self.assertIn(f"There is no {self.build}/ringside", ended.stderr)
        self.assertEqual(ended.stdout, "0 passed, 1 failed, 0 skipped\n")

    def test_is_skipped_on_another_architecture(self):
        write_program(os.path.join(self.build, PROGRAM), "exit 1")
        write_program(os.path.join(self.build, "ringside"), "exit 1")
        write_program(os.path.join(self.tools, "uname"), "echo aarch64")
        ended = self.run_vm_test("--build", self.build, path=f"{self.tools}:{os.environ['PATH']}")
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"\Askipped vm: .*aarch64\n\Z")

    def test_is_skipped_where_there_is_no_qemu(self):
        write_program(os.path.join(self.build, PROGRAM), "exit 1")
        write_program(os.path.join(self.build, "ringside"), "exit 1")
        write_program(os.path.join(self.tools, "uname"), "echo x86_64")
        for tool in TOOLS:
            os.symlink(shutil.which(tool), os.path.join(self.tools, tool))
        ended = self.run_vm_test("--build", self.build, path=self.tools)
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"\Askipped vm: .*qemu-system-x86_64.*\n\Z")


if __name__ == "__main__":
    unittest.main()
