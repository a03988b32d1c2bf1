#!/usr/bin/env bash
# What the live dependency graph costs, beside asking each node through rclpy: scripts/bench_graph.py does the
# measuring and says how. Called by `make bench-graph` after the set-up; nothing else should run meanwhile.
#   SHIPMATE_GRAPH_SIZES   how many nodes ("50 200 1000")
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/env.sh
. "$here/env.sh"

heading "The dependency graph"
# In place of this shell, so that signals reach it: it tidies up itself.
exec "$SHIPMATE_PYTHON" "$here/bench_graph.py" "$@"
