# shellcheck shell=bash
# Step `ros`: a ROS 2 on a machine that has none, from PyPI's wheels. The virtual environment is the prefix:
# include/, lib/ and share/ament_index/ lie in it as they do in /opt/ros/jazzy.
# With a ROS of the user's own, only a small environment with pytest is made beside it.

# What r2r 0.9.7 compiles against. Anything else panics deep inside a build script.
R2R_DISTROS="foxy galactic humble iron jazzy lyrical rolling"

# Refuses a sourced ROS that r2r cannot be compiled against, before anything is installed or compiled.
check_ros_distro() {
  [ "$(ros_kind)" = sourced ] || return 0
  local known
  for known in $R2R_DISTROS; do
    [ "$ROS_DISTRO" = "$known" ] && return 0
  done
  fail "ROS '$ROS_DISTRO' is sourced, and shipmate's Rust client library (r2r 0.9.7) does not support it" \
    "Supported: $R2R_DISTROS." \
    "Either source one of those (source /opt/ros/jazzy/setup.bash) in a new shell," \
    "or start a shell with no ROS sourced: set-up then brings ROS 2 Jazzy along in $CACHE." \
    "It is probably sourced in your ~/.bashrc; for one command:" \
    "  env -u ROS_DISTRO -u AMENT_PREFIX_PATH -u CMAKE_PREFIX_PATH -u PYTHONPATH -u LD_LIBRARY_PATH make demo"
}

# The system's own Python, never pyenv's or conda's: its minor version is that of a container image which is
# bootstrapped from the same distribution, and compiled modules must match it.
system_python() {
  [ -x /usr/bin/python3 ] || fail "there is no /usr/bin/python3" "Install it: sudo apt-get install python3 python3-venv"
  echo /usr/bin/python3
}

_install_wheels() {
  local packages=$SHIPMATE_ROOT/scripts/lib/ros-packages.txt
  rm -rf "$ROS_PREFIX"
  "$(system_python)" -m venv "$ROS_PREFIX"
  # A user-wide PYTHONPATH would leak foreign packages into the decision what is installed already.
  env -u PYTHONPATH "$ROS_PREFIX/bin/python" -m pip install --disable-pip-version-check \
    --only-binary :all: --no-binary empy --no-input -r "$packages"
  _ROS_WHEELS_BOOTSTRAP_COMPLETE=1 "$ROS_PREFIX/bin/python" "$SHIPMATE_ROOT/scripts/lib/mend_ros_wheels.py"
}

# _install_test_packages PYTHON: into an environment that may have been made before they were listed.
_install_test_packages() {
  env -u PYTHONPATH _ROS_WHEELS_BOOTSTRAP_COMPLETE=1 "$1" -m pip install --disable-pip-version-check --no-input \
    -r "$SHIPMATE_ROOT/scripts/lib/test-packages.txt"
}

# _ensure_test_packages PYTHON: those of test-packages.txt; the mark is renewed when the list changes.
_ensure_test_packages() {
  local mark stamp
  mark=${1%/bin/*}/.shipmate-test-packages
  stamp=$(hash_of "$SHIPMATE_ROOT/scripts/lib/test-packages.txt")
  [ "$(cat "$mark" 2>/dev/null)" = "$stamp" ] && return 0
  logged test-packages "No route to PyPI? Try: pip download pytest-xdist" _install_test_packages "$1"
  printf '%s\n' "$stamp" >"$mark"
}

_install_test_tools() {
  rm -rf "$CACHE/tools"
  # Sees the sourced ROS through PYTHONPATH and the system's packages, as ROS' own Python does.
  "$(system_python)" -m venv --system-site-packages "$CACHE/tools"
  "$CACHE/tools/bin/python" -m pip install --disable-pip-version-check --no-input pytest pytest-timeout pyyaml
}

step_ros() {
  heading "ROS 2"
  local stamp
  if [ "$(ros_kind)" = sourced ]; then
    detail "your own: $ROS_DISTRO (ROS_DISTRO and AMENT_PREFIX_PATH are set)"
    if [ -f "$CACHE/tools/complete" ] && "$CACHE/tools/bin/python" -c 'import pytest_timeout, yaml' 2>/dev/null; then
      already "pytest beside it"
    else
      logged test-tools "No route to PyPI? Try: pip download pytest" _install_test_tools
      touch "$CACHE/tools/complete"
    fi
    _ensure_test_packages "$CACHE/tools/bin/python"
    return 0
  fi
  if [ "$(uname -m)" != x86_64 ]; then
    fail "ROS 2 is on PyPI for x86_64 only, and this machine is $(uname -m)" \
      "Install ROS 2 from its own packages (docs.ros.org, 'ros-base' is enough) and source its setup.bash."
  fi
  # The mark is written last: an environment that was interrupted half-way is made again. It cannot be made
  # elsewhere and renamed, since its own path is written into its scripts and CMake files.
  stamp=$(hash_of "$("$(system_python)" -VV 2>&1)" "$SHIPMATE_ROOT/scripts/lib/ros-packages.txt" \
    "$SHIPMATE_ROOT/scripts/lib/mend_ros_wheels.py")
  if [ "$(cat "$ROS_PREFIX/.shipmate-complete" 2>/dev/null)" = "$stamp" ]; then
    already "ROS 2 Jazzy in $ROS_PREFIX"
    _ensure_test_packages "$ROS_PREFIX/bin/python"
    return 0
  fi
  detail "ROS 2 Jazzy from PyPI into $ROS_PREFIX (350 MB)"
  logged ros "No route to PyPI? See the log; then run this again, it starts this step anew." _install_wheels
  printf '%s\n' "$stamp" >"$ROS_PREFIX/.shipmate-complete"
  _ensure_test_packages "$ROS_PREFIX/bin/python"
}
