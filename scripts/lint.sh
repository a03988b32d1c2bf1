#!/usr/bin/env bash
# What can be said about the code without running it. Also the first stages of scripts/test.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
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

check_shell() { shellcheck -x -P "$SHIPMATE_ROOT" scripts/*.sh scripts/lib/*.sh .ci/run; }

stage "rustfmt" cargo fmt --check
stage "clippy" cargo clippy --release --all-targets --locked -- -D warnings
if have shellcheck; then stage "shellcheck" check_shell; else detail "shellcheck is not installed: skipped"; fi
if have cargo-deny; then stage "cargo-deny" cargo deny --all-features check; else detail "cargo-deny is not installed ('make deny' installs it): skipped"; fi
