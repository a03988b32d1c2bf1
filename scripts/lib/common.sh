# shellcheck shell=bash
# Where things are, and small tools that every step uses. Sourced by bash scripts of this folder's parent.

SHIPMATE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# One place of truth with env.sh: a cache folder of the user, outside the checkout, because CMake refuses a ROS
# prefix that lies inside the source tree.
CACHE=${SHIPMATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shipmate}
LOG_DIR=$CACHE/logs
ROS_PREFIX=$CACHE/ros-jazzy
mkdir -p "$LOG_DIR"

# shellcheck source=scripts/lib/ui.sh
. "$SHIPMATE_ROOT/scripts/lib/ui.sh"
# shellcheck source=scripts/lib/interface-key.sh
. "$SHIPMATE_ROOT/scripts/lib/interface-key.sh"

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND...: with sudo where we are not root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo -- "$@"
  else
    fail "'$1' needs root, and there is no sudo here" "Run scripts/setup.sh as root, or install sudo."
  fi
}

# Asks for the password before a step hides the terminal behind a log file.
wake_sudo() {
  if [ "$(id -u)" -ne 0 ] && have sudo; then
    sudo -v || fail "sudo was refused" "This step needs root: ask an administrator, or run scripts/setup.sh as root."
  fi
}

# Which ROS is used: 'sourced' (the user's own) or 'wheels' (ours, from PyPI).
ros_kind() {
  if [ -n "${ROS_DISTRO:-}" ] && [ -n "${AMENT_PREFIX_PATH:-}" ]; then
    case ":$AMENT_PREFIX_PATH:" in
      *":$ROS_PREFIX:"*) echo wheels ;;
      *) echo sourced ;;
    esac
  else
    echo wheels
  fi
}

# hash_of ITEM...: one hash over files (name and contents, wherever the checkout lies) and plain words.
hash_of() {
  local item
  for item in "$@"; do
    if [ -f "$item" ]; then
      printf '%s\n' "${item##*/}"
      cat "$item"
    else
      printf '%s\n' "$item"
    fi
  done | sha256sum | cut -c 1-16
}
