// What runs on a node, in the folder of the fleet that it lies in.
#pragma once

namespace ringside::harness {

/// job.sh NAME…: runs these instances one after the other. It checks what has travelled before
/// each.
inline constexpr const char* kJobScript = R"bash(#!/usr/bin/env bash
# job.sh NAME...: runs these instances of the fleet, one after the other. Each leaves its exit code
# in state/NAME.exit, what it said in state/NAME.log, and what it measured in bundles/NAME.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 6

# Whole or not at all.
put_state() { printf '%s\n' "$2" >"state/.$1" && mv -f "state/.$1" "state/$1"; }

# Sets node and shard; "-" is the whole suite.
look_up() {
  local name
  while read -r name node shard; do [[ $name == "$1" ]] && return 0; done <instances
  echo "job.sh: no instance of this fleet is called '$1'; the file instances names them all"
  return 2
}

measure() {
  local name="$1" node shard plugin options=()
  look_up "$name" || return
  if ! sha256sum --check --quiet --strict sha256; then
    echo "job.sh: what lies here is not what was sent (see above); start the fleet anew"
    return 6
  fi
  [[ $shard == - ]] || options+=(--shard "$shard")
  for plugin in plugins/*; do [[ -f $plugin ]] && options+=(--plugin "$plugin"); done
  if [[ -e bundles/$name ]]; then
    mkdir -p lost && mv "bundles/$name" "lost/$name-$(date -u +%Y%m%dT%H%M%SZ)-$$" || return 6
  fi
  options+=(--out "bundles/$name" --no-report)
  RINGSIDE_NODE="$node" bin/ringside run scenario.toml "${options[@]}"
}

status=2
for instance in "$@"; do
  put_state "$instance.started" "$$"
  measure "$instance" >>"state/$instance.log" 2>&1 </dev/null
  status=$?
  put_state "$instance.exit" "$status"
done
exit "$status"
)bash";

/// slurm.sh STEM: one task of the array of a node, its number being the round. Slurm's own binding
/// is off, for workers are pinned one by one; the mask of the job holds all the same.
inline constexpr const char* kSlurmScript = R"bash(#!/usr/bin/env bash
# slurm.sh STEM: a task of a job array runs the instance STEM-rROUND.
exec srun --ntasks=1 --cpu-bind=none bash job.sh "$1-r$SLURM_ARRAY_TASK_ID"
)bash";

}  // namespace ringside::harness
