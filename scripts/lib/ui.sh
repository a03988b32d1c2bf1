# shellcheck shell=bash
# How the scripts speak: headings, progress on long steps, and failures that say what to do.
# Sourced; needs LOG_DIR for `logged`.

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
detail() { printf '   %s\n' "$*"; }
already() { printf '   already done: %s\n' "$*"; }

# fail WHAT [HINT...]: what went wrong, then what to do about it, one line each.
fail() {
  printf '\nFAILED: %s\n' "$1" >&2
  shift
  local hint
  for hint in "$@"; do printf '   %s\n' "$hint" >&2; done
  exit 1
}

# Prints a sign of life for as long as the script lives: seconds, lines of the log, the last of them.
# Redrawn in place on a terminal; every 15 s elsewhere, so that a CI log stays readable.
_heartbeat() {
  local log=$1 began=$SECONDS every=15 columns last lines
  if [ -t 1 ]; then every=1; fi
  columns=$(tput cols 2>/dev/null || echo 100)
  while sleep "$every"; do
    kill -0 "$$" 2>/dev/null || return 0
    lines=$(wc -l <"$log")
    last=$(tail -n 1 "$log" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]' | cut -c "1-$((columns > 50 ? columns - 40 : 40))")
    if [ -t 1 ]; then
      printf '\r\033[K   %4d s, %5d lines: %s' "$((SECONDS - began))" "$lines" "$last"
    else
      printf '   %4d s, %5d lines: %s\n' "$((SECONDS - began))" "$lines" "$last"
    fi
  done
}

_HEARTBEAT_PID=
stop_heartbeat() {
  if [ -n "$_HEARTBEAT_PID" ]; then
    # The loop spends its life in `sleep`; both go.
    { pkill -P "$_HEARTBEAT_PID" && kill "$_HEARTBEAT_PID" && wait "$_HEARTBEAT_PID"; } 2>/dev/null || true
    _HEARTBEAT_PID=
    if [ -t 1 ]; then printf '\r\033[K'; fi
  fi
}

# attempt NAME COMMAND...: runs the command with its output in LOG_DIR/NAME.log and a sign of life on the screen;
# its exit code is in ATTEMPT_RC. The command stays in the foreground, because bash gives background jobs of a
# script an ignored SIGINT: Ctrl-C would not stop them.
attempt() {
  ATTEMPT_LOG=$LOG_DIR/$1.log
  shift
  : >"$ATTEMPT_LOG"
  _heartbeat "$ATTEMPT_LOG" 2>/dev/null &
  _HEARTBEAT_PID=$!
  # Not in an `if` or `||`: bash would switch `set -e` off inside the command.
  set +e
  (
    set -e
    "$@"
  ) >"$ATTEMPT_LOG" 2>&1 </dev/null
  ATTEMPT_RC=$?
  set -e
  stop_heartbeat
  if [ "$ATTEMPT_RC" -eq 130 ] || [ "$ATTEMPT_RC" -eq 143 ]; then exit "$ATTEMPT_RC"; fi
}

# logged NAME HINT COMMAND...: `attempt`, and a failure ends the script with the log's last lines and the hint.
logged() {
  local name=$1 hint=$2
  shift 2
  attempt "$name" "$@"
  [ "$ATTEMPT_RC" -eq 0 ] && return 0
  printf '\n--- the last lines of %s\n' "$ATTEMPT_LOG" >&2
  tail -n 30 "$ATTEMPT_LOG" >&2
  printf -- '---\n' >&2
  fail "step '$name' (exit code $ATTEMPT_RC; full log: $ATTEMPT_LOG)" "$hint"
}
