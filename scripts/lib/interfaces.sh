# shellcheck shell=bash
# Step `interfaces`: shipmate's messages, services and actions (and the examples') for C, C++ and Python, in one
# install prefix of the cache whose name is their key.

# _build_interface_package SOURCE BUILD PREFIX [CMAKE-OPTION...]
_build_interface_package() {
  local source=$1 build=$2 prefix=$3
  shift 3
  rm -rf "$build"
  cmake -S "$source" -B "$build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -Wno-dev \
    -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_PREFIX_PATH="${AMENT_PREFIX_PATH//:/;}" \
    -DPython3_EXECUTABLE="$INTERFACE_PYTHON" "$@"
  cmake --build "$build"
  cmake --install "$build"
  rm -rf "$build"
}

_build_interfaces() {
  local tmp=$CACHE/interfaces/.making
  rm -rf "$tmp"
  mkdir -p "$tmp"
  _build_interface_package "$SHIPMATE_ROOT" "$tmp/build" "$tmp/prefix" -DSHIPMATE_INTERFACES_ONLY=ON
  if [ -f "$SHIPMATE_ROOT/examples/turtle_interfaces/CMakeLists.txt" ]; then
    _build_interface_package "$SHIPMATE_ROOT/examples/turtle_interfaces" "$tmp/build" "$tmp/prefix"
  fi
  # Renamed when it is whole: nobody ever sees half a prefix. What ament installs can be moved.
  mv -T "$tmp/prefix" "$SHIPMATE_INTERFACES"
  rm -rf "$tmp"
}

step_interfaces() {
  heading "ROS interfaces"
  # shellcheck source=scripts/env.sh
  . "$SHIPMATE_ROOT/scripts/env.sh" 2>/dev/null
  if [ -d "$SHIPMATE_INTERFACES" ]; then
    # Marks it as used: what nobody used for a month is removed below.
    touch "$SHIPMATE_INTERFACES"
    already "$SHIPMATE_INTERFACES"
    return 0
  fi
  INTERFACE_PYTHON=$ROS_PREFIX/bin/python3
  if [ "$(ros_kind)" = sourced ]; then
    INTERFACE_PYTHON=$(system_python)
    have cmake || fail "there is no cmake" "Install it: sudo apt-get install cmake"
  fi
  detail "from msg/, srv/ and action/ into $SHIPMATE_INTERFACES"
  logged interfaces "The first 'error' in the log tells which file of msg/, srv/ or action/ is at fault." _build_interfaces
  find "$CACHE/interfaces" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
  # shellcheck source=scripts/env.sh
  . "$SHIPMATE_ROOT/scripts/env.sh"
}
