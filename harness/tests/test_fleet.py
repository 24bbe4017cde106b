"""`ringside fleet`, as a program: on CPUs of this machine, and with stand-ins for ssh and Slurm."""
import csv
import io
import json
import os
import shutil
import unittest

from fleet_fakes import Fakes
from ringside_program import Scratch, scenario, suite, wait_until

SUITE = suite(
    scenario("trip", "ping_pong", queue=["spsc", "mpsc"]), repetitions=1, duration_ms=20
)  # fmt: skip
CPU = min(os.sched_getaffinity(0))
NODE = f"cpu{CPU}"
INVALID = 5  # what a busy machine makes of a short run: it has ended all the same


class FleetTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)
        self.folder = self.scratch.folder
        self.fleet = os.path.join(self.folder, "fleet")
        self.environment = None
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(SUITE)

    def start(self, *arguments, exit_code=0):
        finished = self.scratch.start("fleet", *arguments, env=self.environment).finish()
        fine = (0, INVALID) if exit_code == 0 else (exit_code,)
        self.assertIn(finished.exit_code, fine, finished.err)
        return finished

    def run_fleet(self, *arguments, exit_code=0):
        return self.start(
            "run", self.scratch.file, "--out", self.fleet, *arguments, exit_code=exit_code
        )

    def resume(self, exit_code=0):
        return self.start("run", "--resume", self.fleet, exit_code=exit_code)

    def states(self):
        rows = csv.DictReader(io.StringIO(self.start("status", self.fleet, "--format", "csv").out))
        ended = {"0", str(INVALID)}
        return {
            row["instance"]: "done"
            if row["exit_code"] in ended and row["state"] != "lost"
            else row["state"]
            for row in rows
        }

    def path(self, *parts):
        return os.path.join(self.fleet, *parts)

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def records_of(self, bundle):
        return [json.loads(line) for line in self.read(bundle, "records.jsonl").splitlines()]


class LocalFleetTest(FleetTest):
    """One list of CPUs will do: two machines in the tests may have but one."""

    def run_local(self, *arguments, exit_code=0):
        return self.run_fleet(
            "--engine", "local", "--masks", str(CPU), *arguments, exit_code=exit_code
        )

    def test_runs_every_round_and_collects_one_bundle(self):
        finished = self.run_local("--repeat", "2")
        self.assertEqual(finished.out, self.fleet + "\n")
        self.assertIn(f"next:   ringside fleet collect {self.fleet}\n", finished.err)
        self.assertEqual(self.states(), {f"{NODE}-r1": "done", f"{NODE}-r2": "done"})
        collected = self.start("collect", self.fleet)
        self.assertEqual(collected.out, self.path("merged", NODE) + "\n")
        self.assertEqual(len(self.records_of(f"merged/{NODE}")), 4)

    def test_a_bundle_says_of_which_node_it_is_and_keeps_to_its_mask(self):
        self.run_local("--repeat", "1")
        environment = json.loads(self.read("bundles", f"{NODE}-r1", "environment.json"))
        self.assertEqual(environment["machine"]["node"], NODE)
        self.assertEqual(environment["topology"]["allowed_cpus"], str(CPU))

    def test_the_suite_travels_with_what_the_command_line_changed(self):
        self.run_local("--repeat", "1", "-a", "queue=spsc")
        self.assertEqual(len(self.records_of(f"bundles/{NODE}-r1")), 1)
        self.assertIn("# run with -a queue=spsc", self.read("scenario.toml"))

    def test_hashes_of_all_that_travels_are_recorded(self):
        self.run_local("--repeat", "1")
        files = json.loads(self.read("fleet.json"))["files"]
        names = [file["name"] for file in files]
        self.assertEqual(names, ["bin/ringside", "job.sh", "scenario.toml"])
        for file in files:
            self.assertRegex(file["sha256"], "^[0-9a-f]{64}$")

    def test_goes_on_with_what_is_missing_alone(self):
        self.run_local("--repeat", "2")
        shutil.rmtree(self.path("bundles", f"{NODE}-r2"))
        before = self.records_of(f"bundles/{NODE}-r1")
        self.assertEqual(self.states()[f"{NODE}-r2"], "lost")
        would = self.start("run", "--resume", self.fleet, "--dry-run").out
        self.assertEqual(would.count("\n"), 1)
        self.assertTrue(would.endswith(f" {NODE}-r2\n"), would)
        finished = self.resume()
        self.assertIn("going on: 1 instance missing\n", finished.err)
        self.assertEqual(self.states(), {f"{NODE}-r1": "done", f"{NODE}-r2": "done"})
        self.assertEqual(self.records_of(f"bundles/{NODE}-r1"), before)
        self.assertIn("nothing is missing", self.resume().err)

    def test_what_was_changed_on_its_way_is_not_run(self):
        self.run_local("--repeat", "1")
        shutil.rmtree(self.path("bundles", f"{NODE}-r1"))
        with open(self.path("scenario.toml"), "a", encoding="utf-8") as file:
            file.write("# another one\n")
        self.resume(exit_code=6)
        self.assertIn("is not what was sent", self.read("state", f"{NODE}-r1.log"))
        self.assertFalse(os.path.exists(self.path("bundles", f"{NODE}-r1")))
        self.assertEqual(self.states(), {f"{NODE}-r1": "failed"})
        collected = self.start("collect", self.fleet, exit_code=6)
        refused = "round 1 failed: environment refused (exit code 6)"
        self.assertIn(f"node {NODE}: {refused}\n", collected.err)

    def test_a_gap_is_named_and_no_error_of_the_rest(self):
        self.run_local("--repeat", "2")
        os.remove(self.path("state", f"{NODE}-r1.exit"))
        collected = self.start("collect", self.fleet)
        self.assertIn(f"node {NODE}: round 1 lost: it was killed\n", collected.err)
        self.assertEqual(collected.out, self.path("bundles", f"{NODE}-r2") + "\n")
        self.resume()  # what the lost one had left is put aside, not overwritten
        self.assertEqual(len(os.listdir(self.path("lost"))), 1)
        self.assertEqual(len(self.records_of(f"bundles/{NODE}-r1")), 2)

    def test_a_dry_run_says_what_it_would_do_and_does_nothing(self):
        finished = self.run_local("--repeat", "2", "--dry-run")
        self.assertEqual(
            finished.out.splitlines(),
            [f"taskset --cpu-list {CPU} bash {self.path('job.sh')} {NODE}-r{n}" for n in (1, 2)],
        )
        self.assertFalse(os.path.exists(self.fleet))

    def test_the_table_of_states_is_data_too(self):
        self.run_local("--repeat", "1")
        rows = json.loads(self.start("status", self.fleet, "--format", "json").out)
        self.assertIn((rows[0]["state"], rows[0]["exit_code"]), [("done", 0), ("failed", INVALID)])
        self.assertIn(f"| {NODE}-r1 ", self.start("status", self.fleet, "--format", "markdown").out)


class ShardsTest(FleetTest):
    def test_two_nodes_of_one_kind_share_the_suite(self):
        self.environment = Fakes(self.folder, nodes=["a", "b"]).environment()
        finished = self.run_fleet("--engine", "slurm", "--nodes", "a,b", "--repeat", "1", "--shard")
        self.assertIn("  b: shard 2/2\n", finished.err)
        self.assertEqual(self.states(), {"a-s1of2-r1": "done", "b-s2of2-r1": "done"})
        self.assertEqual(len(self.records_of("bundles/a-s1of2-r1")), 1)
        self.start("collect", self.fleet)
        cells = {record["cell"] for record in self.records_of("merged/a-and-1-more")}
        self.assertEqual(len(cells), 2)

    def test_a_node_that_does_not_answer_leaves_no_fleet(self):
        fakes = Fakes(self.folder, nodes=["a", "b"])
        fakes.add("srun", "echo 'srun: error: Unable to allocate resources' >&2; exit 1")
        self.environment = fakes.environment()
        finished = self.run_fleet(
            "--engine", "slurm", "--nodes", "a,b", "--repeat", "1", "--shard", exit_code=6
        )
        self.assertIn("Unable to allocate resources", finished.err)
        self.assertIn("leave a out, or --shard", finished.err)
        self.assertFalse(os.path.exists(self.fleet))


class SlurmFleetTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.fakes = Fakes(self.folder, nodes=["a", "b"])
        self.environment = self.fakes.environment()

    def run_slurm(self, *arguments, exit_code=0):
        return self.run_fleet("--engine", "slurm", *arguments, exit_code=exit_code)

    def test_submits_one_exclusive_array_a_node_and_obeys_its_mask(self):
        self.run_slurm("--nodes", "a,b", "--repeat", "2", "--pass=--partition=bench")
        calls = [call.splitlines() for call in self.fakes.read("sbatch").split("\n\n") if call]
        self.assertEqual(len(calls), 2)
        for node, call in zip("ab", calls):
            for option in (
                "--exclusive",
                "--nodes=1",
                "--ntasks=1",
                "--no-requeue",
                "--array=1,2%1",
                f"--nodelist={node}",
                f"--chdir={self.fleet}",
                "--partition=bench",
            ):
                self.assertIn(option, call)
            self.assertEqual(call[-2:], [self.path("slurm.sh"), node])
        self.assertIn("--ntasks=1 --cpu-bind=none bash job.sh a-r2\n", self.fakes.read("srun"))
        self.assertEqual(set(self.states().values()), {"done"})

    def test_a_lost_node_is_named_and_the_rest_is_whole(self):
        self.fakes.write("lost-b-2", "")
        self.run_slurm("--constraint", "fast", "--repeat", "2")
        self.fakes.write("nodes", "a|fast|idle\nb|fast|down*\n")
        self.assertEqual(self.states()["b-r2"], "lost")
        collected = self.start("collect", self.fleet)
        self.assertIn("node b: round 2 lost: node down\n", collected.err)
        self.assertEqual(
            collected.out.split(), [self.path("merged", "a"), self.path("bundles", "b-r1")]
        )
        os.remove(os.path.join(self.fakes.slurm, "lost-b-2"))
        self.resume()
        self.assertEqual(self.fakes.read("sbatch").count("--array=2%1"), 1)
        self.assertEqual(set(self.states().values()), {"done"})

    def test_the_queue_says_what_waits_and_why(self):
        for round_number in (1, 2):
            self.fakes.write(f"lost-a-{round_number}", "")
        self.run_slurm("--nodes", "a", "--repeat", "2")
        self.fakes.write("queue", "41_1|RUNNING|None\n41_2|PENDING|ReqNodeNotAvail\n")
        self.assertEqual(self.states(), {"a-r1": "running", "a-r2": "waiting"})
        self.assertIn("ReqNodeNotAvail", self.start("status", self.fleet).out)
        self.assertIn("nothing is missing", self.resume().err)
        self.fakes.write("queue", "41_1|TIMEOUT|None\n")
        rows = json.loads(self.start("status", self.fleet, "--format", "json").out)
        whys = [row["why"] for row in rows]
        self.assertEqual(whys, ["timeout", "Slurm knows nothing of it any more"])

    def test_a_list_of_slurm_is_written_out_by_slurm(self):
        self.run_slurm("--nodes", "[a-b]", "--repeat", "1")
        self.assertEqual(set(self.states()), {"a-r1", "b-r1"})

    def test_errors_of_sbatch_are_passed_on_with_what_to_do(self):
        self.fakes.write("nodes", "a|x|idle\nrefused|x|idle\n")
        finished = self.run_slurm("--nodes", "a,refused", "--repeat", "1", exit_code=6)
        self.assertIn("Invalid account", finished.err)
        self.assertIn(f"ringside fleet run --resume {self.fleet}", finished.err)
        self.assertEqual(self.states(), {"a-r1": "done", "refused-r1": "lost"})

    def test_nodes_are_compared_as_it_says_next(self):
        self.run_slurm("--nodes", "a,b", "--repeat", "2")
        collected = self.start("collect", self.fleet)
        page = self.path("machines.html")
        bundles = [self.path("merged", node) for node in "ab"]
        words = ["compare", *bundles, "--by", "node", "--page", page]
        self.assertIn(f"next:   ringside {' '.join(words)}\n", collected.err)
        compared = self.scratch.start(*words).finish()
        self.assertEqual(compared.exit_code, 0, compared.err)
        self.assertIn("by node: a, b", compared.out)
        self.assertTrue(os.path.getsize(page))

    def test_refuses_nodes_that_are_not_there(self):
        for arguments, says in (
            (("--nodes", "a,z"), "Slurm has no node 'z'; `sinfo` names a, b"),
            (("--constraint", "slow"), "no node has this feature; there are big, fast"),
            (("--nodes", "a,a"), "node a is named twice"),
            ((), "name either --nodes"),
            (("--nodes", "a", "--constraint", "fast"), "name either --nodes"),
        ):
            finished = self.run_slurm(*arguments, exit_code=2)
            self.assertIn(says, finished.err)
            self.assertFalse(os.path.exists(self.fleet))


class SshFleetTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.fakes = Fakes(self.folder, hosts=["one", "me@two"])
        self.environment = self.fakes.environment()
        self.hosts = os.path.join(self.folder, "hosts.txt")
        self.name_hosts("# our machines\none  # the old one\n\nme@two\n")

    def name_hosts(self, text):
        with open(self.hosts, "w", encoding="utf-8") as file:
            file.write(text)

    def run_ssh(self, *arguments, exit_code=0):
        return self.run_fleet(
            "--engine", "ssh", "--hosts", self.hosts, *arguments, exit_code=exit_code
        )

    def wait_for_all(self):
        wait_until(
            lambda: not {"waiting", "running"} & set(self.states().values()), "all have ended"
        )

    def assert_all_ended(self, *instances):
        self.assertEqual(self.states(), dict.fromkeys(instances, "done"))
        for instance in instances:
            self.assertEqual(len(self.records_of(f"bundles/{instance}")), 2)

    def test_copies_runs_and_copies_back(self):
        self.run_ssh("--repeat", "2", "--remote-folder", "some/place")
        self.wait_for_all()
        self.assert_all_ended("one-r1", "me_two-r1", "one-r2", "me_two-r2")
        there = os.path.join(self.fakes.hosts, "me@two", "some", "place")
        self.assertTrue(os.path.exists(os.path.join(there, "me_two", "bundles", "me_two-r2")))
        collected = self.start("collect", self.fleet)
        self.assertEqual(collected.out.split(), [self.path("merged", n) for n in ("one", "me_two")])

    def test_a_host_that_does_not_answer_is_a_gap_that_can_be_closed_later(self):
        self.name_hosts("one\ngone\n")
        finished = self.run_ssh("--repeat", "1")
        self.assertIn("gone: not started: ssh failed (exit code 255)", finished.err)
        self.wait_for_all()
        collected = self.start("collect", self.fleet)
        self.assertIn("node gone: round 1 lost: the host does not answer\n", collected.err)
        os.makedirs(os.path.join(self.fakes.hosts, "gone"))
        self.resume()
        self.wait_for_all()
        self.assert_all_ended("one-r1", "gone-r1")

    def test_a_dry_run_names_all_that_would_travel(self):
        commands = self.run_ssh("--dry-run").out
        for name in ("bin", "plugins", "scenario.toml", "job.sh", "sha256", "instances"):
            self.assertIn(f" {self.path(name)}", commands)
        self.assertIn("me@two:ringside-fleets/fleet/me_two/\n", commands)
        self.assertFalse(os.path.exists(self.fleet))

    def test_refuses_files_that_name_no_hosts(self):
        for text, says in (
            ("", "it names no host"),
            ("# none\n\n", "it names no host"),
            ("one\ntwo three\n", "hosts.txt:2: 'two three' is no host"),
            ("-oProxyCommand=x\n", "is no host"),
        ):
            self.name_hosts(text)
            self.assertIn(says, self.run_ssh(exit_code=2).err)
        os.remove(self.hosts)
        self.assertIn("it cannot be read", self.run_ssh(exit_code=2).err)
        self.assertFalse(os.path.exists(self.fleet))


class BadFleetTest(FleetTest):
    def test_says_what_was_wrong_and_leaves_nothing(self):
        local = ("--engine", "local", "--masks", str(CPU))
        for arguments, says in (
            (("--engine", "lsf"), "--engine: lsf not in"),
            ((), "--engine slurm, --engine ssh or --engine local"),
            (("--engine", "local"), "name its CPUs with --masks"),
            (("--engine", "local", "--masks", "x"), "'x' is no list of CPUs"),
            (("--engine", "local", "--masks", "4000"), "CPU 4000 of '4000' may not be used"),
            (("--engine", "local", "--masks", f"{CPU};{CPU}"), "is named twice"),
            ((*local, "--nodes", "a"), "--nodes belongs to --engine slurm"),
            ((*local, "--hosts", "a"), "--hosts belongs to --engine ssh"),
            ((*local, "--pass", "a"), "--pass belongs to --engine slurm and ssh"),
            ((*local, "--repeat", "0"), "--repeat"),
            ((*local, "--plugin", "/nowhere.so"), "/nowhere.so"),
            ((*local, "-a", "queue=nothing"), "nothing"),
            (("--engine", "ssh", "--hosts", self.scratch.file, "--remote-folder", "a b"), "'a b'"),
            (("--engine", "ssh"), "--hosts FILE"),
        ):
            with self.subTest(arguments):
                if "a b" in arguments:
                    with open(self.scratch.file + ".hosts", "w", encoding="utf-8") as file:
                        file.write("one\n")
                    arguments = tuple(
                        word + ".hosts" if word == self.scratch.file else word for word in arguments
                    )
                self.assertIn(says, self.run_fleet(*arguments, exit_code=2).err)
                self.assertFalse(os.path.exists(self.fleet))

    def test_a_folder_that_is_no_fleet_is_refused(self):
        for arguments in (
            ("status", self.folder),
            ("collect", self.folder),
            ("run", "--resume", self.folder),
        ):
            finished = self.start(*arguments, exit_code=2)
            self.assertIn("this is no fleet", finished.err)
        with open(os.path.join(self.folder, "fleet.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        self.assertIn("is damaged", self.start("status", self.folder, exit_code=2).err)

    def test_a_suite_is_needed_and_a_new_folder(self):
        self.assertIn("name a suite", self.start("run", exit_code=2).err)
        both = self.start("run", "--resume", self.folder, "--repeat", "2", exit_code=2)
        self.assertIn("--repeat excludes --resume", both.err)
        os.makedirs(self.fleet)
        finished = self.run_fleet("--engine", "local", "--masks", str(CPU), exit_code=2)
        self.assertIn(f"go on with that fleet by --resume {self.fleet}", finished.err)


if __name__ == "__main__":
    unittest.main()
