#!/usr/bin/env bash
# The dependency graph of many random worlds: tests/e2e/test_graph_truth.py. Called by `make graph-worlds` after the
# set-up; scripts/test.sh looks at a few of them.
#   SHIPMATE_GRAPH_WORLDS    how many (30)
#   SHIPMATE_GRAPH_SEED      the same number gives the same worlds; it is printed
#   SHIPMATE_GRAPH_AT_ONCE   how many at once (2)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/env.sh
. "$here/env.sh"
cd "$SHIPMATE_ROOT"

heading "Random worlds"
export SHIPMATE_GRAPH_WORLDS=${SHIPMATE_GRAPH_WORLDS:-30}
# In place of this shell, so that signals reach it: it tidies up itself.
exec "$SHIPMATE_PYTHON" -m pytest tests/e2e/test_graph_truth.py "$@"
