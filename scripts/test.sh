#!/usr/bin/env bash
# Every test, from a bare machine: set-up first (which starts Docker's engine where none runs), then the stages in
# the order of what is cheapest to fail. `scripts/test.sh` is what CI runs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
"$here/setup.sh"

# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/stages.sh
. "$here/lib/stages.sh"
# shellcheck source=scripts/lib/node.sh
. "$here/lib/node.sh"
# shellcheck source=scripts/lib/apt.sh
. "$here/lib/apt.sh"
cd "$SHIPMATE_ROOT"

heading "Packages that only the tests need"
# A tiny image, a real registry, and a checker of these scripts.
if have apt-get; then apt_install busybox-static docker-registry shellcheck; fi

find_cargo
# shellcheck source=scripts/env.sh
. "$here/env.sh"

# Tests that load the machine, or break an engine of their own, and measure meanwhile: after the others, one by one.
HEAVY=(tests/e2e/test_crash_matrix.py tests/e2e/test_engine_faults.py)

# Three at a time: most of a test is waiting. Each has a ROS domain, a state folder and a prefix of its own.
end_to_end() {
  "$SHIPMATE_PYTHON" -m pytest tests --numprocesses "${SHIPMATE_TEST_WORKERS:-3}" "${HEAVY[@]/#/--ignore=}" "$@"
}

heavy() {
  local file there=()
  for file in "${HEAVY[@]}"; do if [ -f "$file" ]; then there+=("$file"); fi; done
  "$SHIPMATE_PYTHON" -m pytest "${there[@]}"
}

began=$SECONDS
"$here/lint.sh"
# The domain must compile without ROS: that is what keeps it pure. Its tests run with all others below.
stage "the domain needs no ROS" cargo check --release --locked --no-default-features --lib
# Hardly optimised, as that compiles sooner; the next stage gives the node its name back.
stage "Rust, with ROS" cargo test --release --locked --config profile.release.package.shipmate.opt-level=1
stage "the node with crash points" "$here/crash-points.sh"
stage "end to end, against Docker and the ROS graph" end_to_end "$@"
stage "end to end, one by one" heavy
stage "a short soak" env SHIPMATE_SOAK_OPERATIONS="${SHIPMATE_SOAK_OPERATIONS:-70}" "$here/soak.sh"
stage "colcon workspace" "$here/test-colcon.sh"
printf '\nAll tests passed in %d s.\n' "$((SECONDS - began))"
