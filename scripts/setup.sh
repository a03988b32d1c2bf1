#!/usr/bin/env bash
# From a bare machine to everything that shipmate's demo and tests need. Each step is skipped when it is done, and
# a step that was interrupted is begun anew, so running this again is always safe.
#
#   scripts/setup.sh                      all steps
#   scripts/setup.sh --only STEP [STEP]   some of them
set -euo pipefail

ALL_STEPS=(apt docker ros interfaces images node)

usage() {
  cat <<'TEXT'
usage: scripts/setup.sh [--only STEP [STEP...]]

steps, in their order:
  apt         packages of the distribution (with sudo, if you are not root)
  docker      a Docker engine that answers; installed and started if there is none
  ros         ROS 2: yours if it is sourced, otherwise Jazzy from PyPI in the cache folder
  interfaces  shipmate's messages, services and actions
  images      the container images in which the demo's and the tests' ROS nodes run
  node        shipmate itself (cargo build --release)

The cache folder is $SHIPMATE_CACHE, or ~/.cache/shipmate. Logs of the steps are in its logs/.
TEXT
}

steps=("${ALL_STEPS[@]}")
case ${1:-} in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  --only)
    shift
    for step in "$@"; do
      case " ${ALL_STEPS[*]} " in
        *" $step "*) ;;
        *)
          printf "unknown step '%s'; there are: %s\n" "$step" "${ALL_STEPS[*]}" >&2
          exit 2
          ;;
      esac
    done
    # In their own order, whatever the order in which they were named.
    steps=()
    for step in "${ALL_STEPS[@]}"; do
      case " $* " in *" $step "*) steps+=("$step") ;; esac
    done
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
if [ "${#steps[@]}" -eq 0 ]; then
  usage >&2
  exit 2
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
for part in apt docker ros interfaces images node; do
  # shellcheck source=/dev/null
  . "$here/lib/$part.sh"
done

on_signal() {
  trap - INT TERM HUP
  stop_heartbeat
  printf '\nInterrupted. Nothing half-made is kept; run the same command again to go on.\n' >&2
  exit 130
}
trap on_signal INT TERM HUP
trap stop_heartbeat EXIT

# Before anything is installed or compiled.
check_ros_distro
case " ${steps[*]} " in *" node "*)
  find_cargo
  check_rust_version
  ;;
esac

# Two set-ups at once would undo each other's work; the kernel drops the lock when we end, however we end.
if [ -z "${SHIPMATE_SETUP_LOCKED:-}" ]; then
  exec 9>"$CACHE/setup.lock"
  if ! flock --nonblock 9; then
    say "Another set-up is running on $CACHE; waiting for it to end (Ctrl-C to give up)."
    flock 9
  fi
fi

began=$SECONDS
for step in "${steps[@]}"; do
  step_began=$SECONDS
  "step_$step"
  if [ $((SECONDS - step_began)) -ge 3 ]; then detail "($((SECONDS - step_began)) s)"; fi
done
printf '\nSet up in %d s.\n' "$((SECONDS - began))"
