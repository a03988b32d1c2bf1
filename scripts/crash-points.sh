#!/usr/bin/env bash
# Builds the node with the places where a test can kill it, as shipmate-crash-points beside the node itself. Only
# shipmate's own code is compiled, and not optimised, as that takes seconds; all else is what the node has too.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/node.sh
. "$here/lib/node.sh"
cd "$SHIPMATE_ROOT"
find_cargo
# shellcheck source=scripts/env.sh
. "$here/env.sh"

built=${CARGO_TARGET_DIR:-$SHIPMATE_ROOT/target}/release
cargo build --release --locked --features crash-points --config profile.release.package.shipmate.opt-level=0
# Cargo puts both under one name. A node that runs keeps its file when this one takes its place.
cp "$built/shipmate" "$built/shipmate-crash-points.new"
mv "$built/shipmate-crash-points.new" "$built/shipmate-crash-points"
# The node itself, which is there already, gets its name back.
cargo build --release --locked
