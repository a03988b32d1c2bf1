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
cd "$SHIPMATE_ROOT"
find_cargo
# shellcheck source=scripts/env.sh
. "$here/env.sh"

end_to_end() { "$SHIPMATE_PYTHON" -m pytest tests "$@"; }

began=$SECONDS
"$here/lint.sh"
# The domain must compile and pass without ROS: that is what keeps it pure. A target folder of its own, or each of
# the two feature sets would throw away what the other compiled.
stage "domain, without ROS" cargo test --release --locked --no-default-features --lib --target-dir target/domain
stage "Rust, with ROS" cargo test --release --locked
if compgen -G 'tests/test_*.py' >/dev/null || compgen -G 'tests/**/test_*.py' >/dev/null; then
  stage "end to end, against Docker and the ROS graph" end_to_end "$@"
else
  heading "end to end"
  detail "there are no tests/test_*.py yet: skipped"
fi
stage "colcon workspace" "$here/test-colcon.sh"
printf '\nAll tests passed in %d s.\n' "$((SECONDS - began))"
