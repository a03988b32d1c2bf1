# shellcheck shell=sh
# Sourced by any shell (sh, bash, zsh): `. scripts/env.sh`. After it
#   python3   imports rclpy and shipmate.action, shipmate.srv, shipmate.msg
#   shipmate  is on the PATH, once it was built
#   cargo     finds ROS and the generated interfaces
# A ROS that is sourced already (ROS_DISTRO and AMENT_PREFIX_PATH set) is used; otherwise the one that
# scripts/setup.sh put into the user's cache. Sourcing it again renews what it set before.

# Where this file lies. Plain sh cannot tell; there, start in the checkout or set SHIPMATE_ROOT.
if [ -n "${BASH_VERSION:-}" ]; then
  # shellcheck disable=SC3028,SC3054
  _shipmate_here=${BASH_SOURCE[0]}
elif [ -n "${ZSH_VERSION:-}" ]; then
  # Hidden from other shells, which cannot parse it.
  eval '_shipmate_here=${(%):-%x}'
else
  _shipmate_here=${SHIPMATE_ROOT:-$PWD}/scripts/env.sh
fi
SHIPMATE_ROOT=$(cd "$(dirname "$_shipmate_here")/.." && pwd -P)
export SHIPMATE_ROOT
unset _shipmate_here

_shipmate_cache=${SHIPMATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shipmate}

# _shipmate_front LIST DIR: DIR in front of the colon-separated LIST; no empty entries (an empty one means the
# current folder), no second DIR, no interfaces of another key or checkout.
_shipmate_front() {
  printf '%s' "$1" | tr ':' '\n' | {
    _shipmate_list=$2
    while IFS= read -r _shipmate_entry || [ -n "$_shipmate_entry" ]; do
      case $_shipmate_entry in
        '' | "$2" | "$_shipmate_cache"/interfaces/*) ;;
        *) _shipmate_list=$_shipmate_list:$_shipmate_entry ;;
      esac
    done
    printf '%s' "$_shipmate_list"
  }
}

case "${ROS_DISTRO:+set}:${AMENT_PREFIX_PATH:-}:" in
  set::* | :*) _shipmate_ros=wheels ;;
  *":$_shipmate_cache/ros-jazzy:"*) _shipmate_ros=wheels ;;
  *) _shipmate_ros=sourced ;;
esac

if [ "$_shipmate_ros" = wheels ]; then
  if [ ! -f "$_shipmate_cache/ros-jazzy/.shipmate-complete" ]; then
    echo "scripts/env.sh: no ROS is sourced and none is set up yet: run scripts/setup.sh (or make setup)" >&2
  fi
  ROS_DISTRO=jazzy
  ROS_VERSION=2
  ROS_PYTHON_VERSION=3
  AMENT_PREFIX_PATH=$(_shipmate_front "${AMENT_PREFIX_PATH:-}" "$_shipmate_cache/ros-jazzy")
  # Rust binaries carry no search path of their own for ROS' libraries, just as with /opt/ros.
  LD_LIBRARY_PATH=$(_shipmate_front "${LD_LIBRARY_PATH:-}" "$_shipmate_cache/ros-jazzy/lib")
  # The environment's python3, cmake, ninja: the ones that fit the prefix.
  PATH=$(_shipmate_front "$PATH" "$_shipmate_cache/ros-jazzy/bin")
  # Without it, every start of Python restarts itself once to set what is set here.
  _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
  # The only middleware among the wheels; a name that the user's shell carries for another ROS would fail.
  RMW_IMPLEMENTATION=rmw_fastrtps_cpp
  SHIPMATE_PYTHON=$_shipmate_cache/ros-jazzy/bin/python3
  export ROS_VERSION ROS_PYTHON_VERSION _ROS_WHEELS_BOOTSTRAP_COMPLETE RMW_IMPLEMENTATION
else
  # pytest lies in a small environment beside the user's ROS.
  SHIPMATE_PYTHON=$_shipmate_cache/tools/bin/python3
fi
export SHIPMATE_PYTHON

# shellcheck source=scripts/lib/interface-key.sh
. "$SHIPMATE_ROOT/scripts/lib/interface-key.sh"
# Identity of the ROS: interfaces that were generated for another one have another layout.
SHIPMATE_INTERFACES=$_shipmate_cache/interfaces/$(shipmate_interface_key "$SHIPMATE_ROOT" "$_shipmate_ros $ROS_DISTRO")
export SHIPMATE_INTERFACES
if [ -d "$SHIPMATE_INTERFACES" ]; then
  AMENT_PREFIX_PATH=$(_shipmate_front "$AMENT_PREFIX_PATH" "$SHIPMATE_INTERFACES")
  LD_LIBRARY_PATH=$(_shipmate_front "${LD_LIBRARY_PATH:-}" "$SHIPMATE_INTERFACES/lib")
  # lib/python3.X/site-packages, or Debian's dist-packages. Not by a pattern: zsh stops at one that matches nothing.
  _shipmate_python=$(find "$SHIPMATE_INTERFACES" -maxdepth 5 -type d -name '*-packages' | head -n 1)
  PYTHONPATH=$(_shipmate_front "${PYTHONPATH:-}" "$_shipmate_python")
  export PYTHONPATH
else
  echo "scripts/env.sh: the interfaces (msg/, srv/, action/) are not built yet, or changed since: run scripts/setup.sh" >&2
fi
export ROS_DISTRO AMENT_PREFIX_PATH LD_LIBRARY_PATH

# Fast DDS takes shared memory between participants of one host, and a container on the host's network counts as
# such, although it has a /dev/shm of its own: they would see each other and hear nothing. Over UDP they do.
FASTDDS_BUILTIN_TRANSPORTS=${FASTDDS_BUILTIN_TRANSPORTS:-UDPv4}
export FASTDDS_BUILTIN_TRANSPORTS

PATH=$(_shipmate_front "$PATH" "${CARGO_TARGET_DIR:-$SHIPMATE_ROOT/target}/release")
export PATH

unset _shipmate_cache _shipmate_ros _shipmate_python
unset -f _shipmate_front shipmate_interface_key
