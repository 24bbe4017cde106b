# shellcheck shell=bash
# What ci/bench, ci/test and .ci/run share: sourced, not run. Progress goes to stderr.
# After sourcing, the working directory is the top of the repository.
set -euo pipefail

# shellcheck disable=SC2034  # the sourcing scripts use it
readonly python=/usr/bin/python3  # another python3 may stand first on PATH without matplotlib
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

# Prints the comment block below the first line of a script: its help.
print_help() { sed -n -e '2,/^$/s/^# \{0,1\}//p' "$1"; }

# A bare chroot has no /proc, no /sys, and a /dev/shm on disk. Mounts what is missing, as root, until
# this script ends; elsewhere says what to do and stops.
provide_kernel_folders() {
  local missing=()
  [[ -e /proc/self/stat ]] || missing+=("proc /proc")
  [[ -e /sys/devices ]] || missing+=("sysfs /sys")
  [[ -d /dev/shm && $(stat --file-system --format %T /dev/shm) == tmpfs ]] ||
    missing+=("tmpfs /dev/shm")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  trap unmount_kernel_folders EXIT
  local what type place
  for what in "${missing[@]}"; do
    read -r type place <<<"$what"
    say "$place is missing here: mounting it until this ends."
    if ! { mkdir -p "$place" && mount -t "$type" "$type" "$place"; }; then
      say "It cannot be mounted. As root: mount -t $type $type $place"
      [[ $place == /dev/shm && -d /dev/shm ]] || exit 6
      say "Going on with the /dev/shm that there is."
      continue
    fi
    mounted_here=("$place" "${mounted_here[@]}")
  done
}

mounted_here=()
unmount_kernel_folders() {
  local place
  for place in "${mounted_here[@]}"; do umount "$place" || true; done
}

# run_quietly LOG COMMAND...: runs it with its output in LOG, and shows LOG only if it fails.
run_quietly() {
  local log="$1"
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    return 1
  }
}

# configure_and_build DIR TARGET [CMAKE_ARG...]: false when it fails, with the errors on stderr.
# Callers put it into a condition, where bash ignores "set -e": hence the "|| return".
configure_and_build() {
  local dir="$1" target="$2" quiet=()
  shift 2
  mkdir -p "$dir" || return
  [[ -t 2 ]] || quiet=(-- --quiet)
  say "Configuring $dir ..."
  run_quietly "$dir/configure.log" cmake -S . -B "$dir" -G Ninja "$@" || return
  say "Building $target in $dir with $(nproc) jobs ..."
  cmake --build "$dir" --target "$target" --parallel "$(nproc)" "${quiet[@]}" >&2 </dev/null
}
