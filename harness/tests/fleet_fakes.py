"""Stand-ins for ssh, scp and Slurm, first on PATH: hosts are folders, a node is this machine."""
import os
import stat

# ssh OPTIONS HOST COMMAND: in the folder of the host; one that has none does not answer.
SSH = """
while [[ $1 == -* ]]; do case "$1" in -o) shift 2 ;; *) shift ;; esac; done
cd "$FAKE_HOSTS/$1" 2>/dev/null || { echo "ssh: connect to host $1: no route" >&2; exit 255; }
exec bash -c "$2"
"""

# scp -r -q OPTIONS FROM... TO, where HOST:PATH is below the folder of the host.
SCP = """
paths=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -o) shift 2 ;;
    -*) shift ;;
    *:*) paths+=("$FAKE_HOSTS/${1%%:*}/${1#*:}"); shift ;;
    *) paths+=("$1"); shift ;;
  esac
done
exec cp -r "${paths[@]}"
"""

# Notes its arguments, a line each, and runs the tasks of the array at once; a node whose file is
# there is lost before its task has begun.
SBATCH = """
{ printf '%s\\n' "$@"; echo; } >>"$FAKE_SLURM/sbatch"
number=$(( $(cat "$FAKE_SLURM/number" 2>/dev/null || echo 40) + 1 ))
echo "$number" >"$FAKE_SLURM/number"
for word in "$@"; do
  case "$word" in
    --array=*) rounds="${word#--array=}"; rounds="${rounds%%%*}" ;;
    --nodelist=*) node="${word#--nodelist=}" ;;
    --chdir=*) cd "${word#--chdir=}" || exit 1 ;;
  esac
done
[[ $node != refused ]] || { echo "sbatch: error: Invalid account" >&2; exit 1; }
for round in ${rounds//,/ }; do
  if [[ -e $FAKE_SLURM/lost-$node-$round ]]; then
    echo "${number}_$round|NODE_FAIL|None" >>"$FAKE_SLURM/queue"
  else
    SLURM_ARRAY_TASK_ID=$round bash "${@: -2:1}" "${@: -1}" >/dev/null
    echo "${number}_$round|COMPLETED|None" >>"$FAKE_SLURM/queue"
  fi
done
echo "$number;cluster"
"""

SRUN = """
echo "$*" >>"$FAKE_SLURM/srun"
while [[ $1 == --* ]]; do
  case "$1" in --chdir=*) cd "${1#--chdir=}" || exit 1 ;; esac
  shift
done
exec "$@"
"""

SQUEUE = 'cat "$FAKE_SLURM/queue" 2>/dev/null || true'
SINFO = 'cat "$FAKE_SLURM/nodes"'
SCONTROL = """printf 'a\\nb\\n'"""

SCRIPTS = {
    "ssh": SSH,
    "scp": SCP,
    "sbatch": SBATCH,
    "srun": SRUN,
    "squeue": SQUEUE,
    "sinfo": SINFO,
    "scontrol": SCONTROL,
}


class Fakes:
    """In a folder: the scripts, the hosts that answer, and the nodes that Slurm knows."""

    def __init__(self, folder, hosts=(), nodes=()):
        self.folder = folder
        self.tools = os.path.join(folder, "tools")
        self.hosts = os.path.join(folder, "hosts")
        self.slurm = os.path.join(folder, "slurm")
        for path in (self.tools, self.slurm, *(os.path.join(self.hosts, host) for host in hosts)):
            os.makedirs(path)
        for name, script in SCRIPTS.items():
            self.add(name, script)
        self.write("nodes", "".join(f"{node}|fast,big|idle\n" for node in nodes))

    def add(self, name, script):
        path = os.path.join(self.tools, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/usr/bin/env bash\n{script}\n")
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def write(self, name, text):
        with open(os.path.join(self.slurm, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.slurm, name), encoding="utf-8") as file:
            return file.read()

    def environment(self):
        return dict(
            os.environ,
            PATH=self.tools + os.pathsep + os.environ["PATH"],
            FAKE_HOSTS=self.hosts,
            FAKE_SLURM=self.slurm,
        )
