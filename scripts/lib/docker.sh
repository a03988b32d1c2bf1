# shellcheck shell=bash
# Step `docker`: an engine that answers. One that runs is used, wherever DOCKER_HOST or the client's context say
# it is; otherwise the distribution's own is installed and started.

DOCKER_SAYS=

# The engine's version, or why it does not answer, is in DOCKER_SAYS. Bounded: a remote engine may be unreachable for minutes.
_docker_answers() {
  have docker || return 1
  DOCKER_SAYS=$(timeout 15 docker version --format '{{.Server.Version}}' 2>&1)
}

_docker_denied() { case $DOCKER_SAYS in *"permission denied"*) return 0 ;; *) return 1 ;; esac; }

_fail_denied() {
  fail "Docker's engine runs, but its socket is not open to '$(id -un)'" \
    "Either join its group (whoever is in it can become root):" \
    "  sudo usermod -aG docker $(id -un) && newgrp docker" \
    "or run this as root."
}

_start_by_systemd() {
  logged docker-start "See: systemctl status docker; journalctl -u docker" as_root systemctl start docker
}

# Where no init system can do it: in a session of its own, so that neither Ctrl-C nor the end of the terminal
# reaches it.
_start_by_hand() {
  local log=$LOG_DIR/dockerd.log pid_file=/var/run/docker.pid pid engine
  pid=$(cat "$pid_file" 2>/dev/null || true)
  if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
    detail "removing $pid_file, left by an engine that was killed: a new one would refuse to start"
    as_root rm -f "$pid_file"
  fi
  wake_sudo
  # Without the lock (9): the engine outlives this script.
  if [ "$(id -u)" -eq 0 ]; then
    setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
  else
    # shellcheck disable=SC2024  # the log is the user's own
    sudo -- setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
  fi
  engine=$!
  local deadline=$((SECONDS + 60))
  until _docker_answers || _docker_denied; do
    if ! kill -0 "$engine" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      printf -- '--- the last lines of %s\n' "$log" >&2
      tail -n 30 "$log" >&2
      fail "Docker's engine did not start" \
        "Start one yourself and run this again, or set DOCKER_HOST to one that runs."
    fi
    sleep 0.3
  done
  # Not ours to wait for when this script ends.
  disown "$engine" 2>/dev/null || true
}

step_docker() {
  heading "Docker engine"
  local context
  if _docker_answers; then
    already "engine $DOCKER_SAYS answers"
    return 0
  fi
  if _docker_denied; then _fail_denied; fi
  if [ -n "${DOCKER_HOST:-}" ]; then
    fail "DOCKER_HOST is '$DOCKER_HOST', and no engine answers there: $DOCKER_SAYS" \
      "Start that engine, or unset DOCKER_HOST: then this machine's own is used, and installed if need be."
  fi
  if have docker; then
    context=$(docker context show 2>/dev/null || echo default)
    if [ "$context" != default ]; then
      fail "Docker's context is '$context', and no engine answers there: $DOCKER_SAYS" \
        "Start that engine, or: docker context use default"
    fi
  fi
  # Debian keeps it in /usr/sbin, which is not on every user's PATH.
  PATH=$PATH:/usr/sbin:/sbin
  if ! have dockerd; then
    have apt-get || fail "there is no Docker engine on this machine" "Install one: docs.docker.com/engine/install"
    apt_install docker.io ca-certificates iptables
    hash -r
  fi
  # The package may have started it.
  if ! _docker_answers && ! _docker_denied; then
    detail "starting it"
    if [ -d /run/systemd/system ]; then _start_by_systemd; else _start_by_hand; fi
  fi
  if ! _docker_answers; then
    if _docker_denied; then _fail_denied; fi
    fail "Docker's engine was started, and does not answer: $DOCKER_SAYS" "Try: docker version"
  fi
  detail "engine $DOCKER_SAYS answers"
}
