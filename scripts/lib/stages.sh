# shellcheck shell=bash
# Stages of a check: each with a heading and its time; the first that fails ends the run and is named.

# stage NAME COMMAND...
stage() {
  local name=$1 began=$SECONDS rc=0
  shift
  heading "$name"
  set +e
  (
    set -e
    "$@"
  )
  rc=$?
  set -e
  if [ "$rc" -ne 0 ]; then
    [ "$rc" -eq 130 ] && exit 130
    fail "stage '$name' after $((SECONDS - began)) s (exit code $rc)" "Alone: $*"
  fi
  detail "passed in $((SECONDS - began)) s"
}
