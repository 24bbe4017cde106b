"""ci/kubernetes/ringside-job.yaml: what times need of a pod stands in it, and fits together."""
import os
import unittest

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MANIFEST = os.path.join(TOP, "ci", "kubernetes", "ringside-job.yaml")
MIB = {"Mi": 1, "Gi": 1024}


def mib(quantity):
    return int(quantity[:-2]) * MIB[quantity[-2:]]


class RingsideJobTest(unittest.TestCase):
    def setUp(self):
        with open(MANIFEST, encoding="utf-8") as file:
            self.job, *others = yaml.safe_load_all(file)
        self.assertEqual(others, [])
        self.template = self.job["spec"]["template"]
        self.pod = self.template["spec"]
        self.container, *others = self.pod["containers"]
        self.assertEqual(others, [])

    def volume_at(self, folder):
        mounts = self.container["volumeMounts"]
        (name,) = [one["name"] for one in mounts if one["mountPath"] == folder]
        (volume,) = [one for one in self.pod["volumes"] if one["name"] == name]
        return volume

    def test_is_an_indexed_job_that_runs_all_at_once(self):
        spec = self.job["spec"]
        self.assertEqual((self.job["apiVersion"], self.job["kind"]), ("batch/v1", "Job"))
        self.assertEqual(spec["completionMode"], "Indexed")
        self.assertGreaterEqual(spec["completions"], 2)
        self.assertEqual(spec["completions"], spec["parallelism"])

    def test_a_node_that_fails_is_not_tried_again_and_ends_no_other(self):
        self.assertEqual(self.job["spec"]["backoffLimitPerIndex"], 0)
        self.assertEqual(self.pod["restartPolicy"], "Never")

    def test_the_pod_is_guaranteed_and_has_whole_cpus(self):
        resources = self.container["resources"]
        self.assertEqual(resources["requests"], resources["limits"])
        self.assertIsInstance(resources["limits"]["cpu"], int)
        self.assertGreaterEqual(resources["limits"]["cpu"], 2)
        self.assertIn("memory", resources["limits"])

    def test_dev_shm_is_memory_and_smaller_than_the_limit(self):
        shm = self.volume_at("/dev/shm")["emptyDir"]
        self.assertEqual(shm["medium"], "Memory")
        self.assertLess(mib(shm["sizeLimit"]), mib(self.container["resources"]["limits"]["memory"]))

    def test_huge_pages_are_asked_for_and_mounted(self):
        self.assertGreaterEqual(mib(self.container["resources"]["limits"]["hugepages-2Mi"]), 2)
        self.assertEqual(self.volume_at("/dev/hugepages")["emptyDir"], {"medium": "HugePages-2Mi"})

    def test_each_index_gets_a_node_of_its_own(self):
        (rule,) = self.pod["affinity"]["podAntiAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"]
        self.assertEqual(rule["topologyKey"], "kubernetes.io/hostname")
        self.assertEqual(rule["labelSelector"]["matchLabels"], self.template["metadata"]["labels"])

    def test_each_index_leaves_a_bundle_with_its_number_among_the_results(self):
        program, verb, suite, out, folder = self.container["command"]
        self.assertEqual((program, verb, out), ("ringside", "run", "--out"))
        self.assertTrue(os.path.isfile(os.path.join(TOP, "scenarios", f"{suite}.toml")))
        self.assertEqual(folder, "/results/$(NODE_NAME)-$(JOB_COMPLETION_INDEX)")
        self.assertIn("NODE_NAME", [one["name"] for one in self.container["env"]])
        self.assertIn("persistentVolumeClaim", self.volume_at("/results"))


if __name__ == "__main__":
    unittest.main()
