#!/usr/bin/env bash
# Does a colcon workspace that holds this checkout build, install and start shipmate? With the real colcon, in a
# workspace in the cache folder, with nothing of `scripts/env.sh` but the ROS itself: as a user of ROS would.
# Skipped when nothing that it depends on has changed since it passed; the Rust sources do not count, since
# the other tests have built and tried those. `scripts/test-colcon.sh --force` runs it all the same.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/ros.sh
. "$here/lib/ros.sh"
# shellcheck source=scripts/lib/node.sh
. "$here/lib/node.sh"
trap stop_heartbeat EXIT
cd "$SHIPMATE_ROOT"
find_cargo

# One workspace for each checkout, so that a second run compiles only what changed.
home=$CACHE/colcon/$(printf '%s' "$SHIPMATE_ROOT" | sha256sum | cut -c 1-8)
workspace=$home/workspace
colcon=$CACHE/colcon/venv/bin/colcon
mkdir -p "$home"
exec 8>"$home/lock"
flock 8

# shellcheck source=scripts/env.sh
. "$here/env.sh"
if [ "$(ros_kind)" = sourced ]; then python=$(system_python); else python=$ROS_PREFIX/bin/python3; fi

inputs() {
  find CMakeLists.txt cmake package.xml msg srv action launch config Cargo.toml Cargo.lock build.rs .cargo scripts/test-colcon.sh \
    -type f -not -name '*.pyc' | LC_ALL=C sort
}
mapfile -t files < <(inputs)
stamp=$(hash_of "${files[@]}" "$ROS_DISTRO" "$(cargo --version)")
if [ "${1:-}" != --force ] && [ "$(cat "$home/passed" 2>/dev/null)" = "$stamp" ]; then
  already "passed before, and nothing that counts has changed (scripts/test-colcon.sh --force runs it)"
  exit 0
fi

# The shell of someone who sourced ROS and nothing else. Ours would offer the interfaces that are to be built.
without_ours() {
  local entry kept=() list
  IFS=: read -r -a list <<<"${1:-}"
  for entry in "${list[@]}"; do
    case $entry in
      "$SHIPMATE_INTERFACES" | "$SHIPMATE_INTERFACES"/* | "$SHIPMATE_ROOT"/target/*) ;;
      *) kept+=("$entry") ;;
    esac
  done
  (IFS=: && printf '%s' "${kept[*]}")
}
AMENT_PREFIX_PATH=$(without_ours "$AMENT_PREFIX_PATH")
LD_LIBRARY_PATH=$(without_ours "${LD_LIBRARY_PATH:-}")
PYTHONPATH=$(without_ours "${PYTHONPATH:-}")
PATH=$(without_ours "$PATH")
export AMENT_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH PATH

install_colcon() {
  rm -rf "$CACHE/colcon/venv"
  "$(system_python)" -m venv "$CACHE/colcon/venv"
  "$CACHE/colcon/venv/bin/python" -m pip install --disable-pip-version-check --no-input 'setuptools<80' colcon-common-extensions
}

build_workspace() {
  local dependencies=$home/target
  # A new workspace: no leftovers that would hide a missing dependency or install rule.
  rm -rf "$workspace"
  mkdir -p "$workspace/src"
  ln -s "$SHIPMATE_ROOT" "$workspace/src/shipmate"
  # The crates that know nothing of ROS were compiled already; what does is compiled anew, for r2r goes by the
  # text of AMENT_PREFIX_PATH. In place, the two builds would take turns in throwing away each other's.
  if [ ! -d "$dependencies" ] && [ -d "$SHIPMATE_ROOT/target/release" ]; then
    mkdir -p "$dependencies.part"
    cp -a "$SHIPMATE_ROOT/target/release" "$dependencies.part/"
    mv -T "$dependencies.part" "$dependencies"
  fi
  cd "$workspace"
  # --cmake-force-configure and the like are not needed. The prefix is named for CMake as ROS' own setup.bash does.
  CARGO_TARGET_DIR=$dependencies CMAKE_PREFIX_PATH=$AMENT_PREFIX_PATH \
    "$colcon" --log-base log build --event-handlers console_direct+ console_cohesion- \
    --packages-select shipmate --cmake-args "-DPython3_EXECUTABLE=$python" -DBUILD_TESTING=OFF
}

check_installed() {
  local prefix=$workspace/install/shipmate file
  # What `ros2 run` and `ros2 launch` look for.
  [ -x "$prefix/lib/shipmate/shipmate" ] || { echo "no executable lib/shipmate/shipmate" && return 1; }
  [ -f "$prefix/share/ament_index/resource_index/packages/shipmate" ] || { echo "not in the ament index" && return 1; }
  for file in "$SHIPMATE_ROOT"/launch/*.launch.py "$SHIPMATE_ROOT"/config/*; do
    [ -e "$file" ] || continue
    file=${file#"$SHIPMATE_ROOT/"}
    [ -e "$prefix/share/shipmate/$file" ] || { echo "share/shipmate/$file was not installed" && return 1; }
  done
  # What the launch file names must be there as well.
  grep -ho '"config", "[^"]*"' "$prefix"/share/shipmate/launch/*.launch.py | cut -d '"' -f 4 | while read -r file; do
    [ -f "$prefix/share/shipmate/config/$file" ] || { echo "the launch file names config/$file, which does not exist" && return 1; }
  done
  "$python" -m py_compile "$prefix"/share/shipmate/launch/*.launch.py
  rm -rf "$prefix/share/shipmate/launch/__pycache__"

  # colcon's setup files read variables that nobody set.
  set +u
  # shellcheck source=/dev/null
  . "$workspace/install/setup.bash"
  set -u
  "$python" "$here/lib/check_started.py" "$prefix"
}

if ! "$colcon" --help >/dev/null 2>&1; then
  detail "colcon from PyPI"
  logged colcon-install "No route to PyPI?" install_colcon
fi
detail "colcon build in $workspace"
logged colcon-build "See also $workspace/log/latest_build" build_workspace
detail "starting what it installed"
logged colcon-check "The log tells what is missing from $workspace/install" check_installed
printf '%s\n' "$stamp" >"$home/passed"
