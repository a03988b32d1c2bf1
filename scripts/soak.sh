#!/usr/bin/env bash
# A long life of the node in a few minutes: scripts/soak.py does things to it in a random order and then looks for
# what was left behind. Called by `make soak` after the set-up, and by scripts/test.sh for a short one.
#   SHIPMATE_SOAK_OPERATIONS  how many operations (300)
#   SHIPMATE_SOAK_SEED        the same number gives the same operations; it is printed
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/env.sh
. "$here/env.sh"

heading "The soak"
# In place of this shell, so that signals reach it: it tidies up itself.
exec "$SHIPMATE_PYTHON" "$here/soak.py" "$@"
