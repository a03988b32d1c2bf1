#!/usr/bin/env bash
# Fuzzes what reads the network: each target in fuzz/ for a while, beginning with captured announcements.
# Called by `make fuzz`. Brings a nightly toolchain and cargo-fuzz if they are missing; needs neither ROS nor Docker.
#   SHIPMATE_FUZZ_SECONDS   how long each target runs (60)
# What it finds is kept in fuzz/artifacts, and what leads to new code in fuzz/corpus, for the next time.
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

SECONDS_EACH=${SHIPMATE_FUZZ_SECONDS:-60}

# The sanitizers of cargo-fuzz are nightly's.
need_nightly() {
  if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then return; fi
  have rustup || fail "fuzzing needs a nightly Rust, and rustup is not here to bring it" "Install rustup from https://rustup.rs, then again."
  logged fuzz-nightly "Is the network reachable?" rustup toolchain install nightly --profile minimal
}

need_cargo_fuzz() {
  if have cargo-fuzz; then return; fi
  logged fuzz-install "Alone: cargo install --locked cargo-fuzz" cargo install --locked cargo-fuzz
}

# fuzz_target NAME LENGTH [SEEDS]
fuzz_target() {
  local name=$1 length=$2
  shift 2
  mkdir -p "fuzz/corpus/$name"
  cargo +nightly fuzz run "$name" "fuzz/corpus/$name" "$@" -- \
    -max_len="$length" -max_total_time="$SECONDS_EACH" -print_final_stats=1 -verbosity=0 -rss_limit_mb=512 -malloc_limit_mb=64
}

heading "Fuzzing"
need_nightly
need_cargo_fuzz
stage "announcement" fuzz_target announcement 2048 tests/corpus/announcements
stage "heard" fuzz_target heard 4096
stage "goal_status" fuzz_target goal_status 4096
