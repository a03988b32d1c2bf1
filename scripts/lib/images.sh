# shellcheck shell=bash
# Step `images`: shipmate/ros:local, in which the demo's and the tests' ROS nodes run. No image is downloaded
# where no ROS is sourced: shipmate/debian:local is bootstrapped from this machine's own distribution, and the ROS
# that set-up brought along is copied onto it.

IMAGE_BASE=shipmate/debian:local
IMAGE_ROS=shipmate/ros:local

# Every image carries the hash of what it was made from.
_image_input() { docker image inspect --format '{{index .Config.Labels "org.shipmate.input"}}' "$1" 2>/dev/null || true; }

_docker_build() {
  # Without the buildx plug-in, a newer client still has the classic builder, but wants to be asked for it.
  if docker buildx version >/dev/null 2>&1; then docker build "$@"; else DOCKER_BUILDKIT=0 docker build "$@"; fi
}

# The main archive of this machine's distribution, where apt finds it: the mirror that the user chose.
_main_archive() {
  # shellcheck disable=SC1091
  (. /etc/os-release && apt-get indextargets --format "\$(ORIGIN)|\$(CODENAME)|\$(COMPONENT)|\$(REPO_URI)" 'Created-By: Packages' |
    awk -F '|' -v id="$ID" -v suite="$VERSION_CODENAME" \
      'tolower($1) == id && $2 == suite && $3 == "main" { print "deb", $4, suite, "main"; exit }')
}

_bootstrap_debian() {
  local input=$1 source=$2 codename=$3 tmp=$CACHE/tmp/debian
  as_root rm -rf --one-file-system "$tmp"
  mkdir -p "$tmp"
  # How this machine reaches its mirrors (proxies, certificates, retries), for the bootstrap alone.
  apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv|Check-)' >"$tmp/apt.conf" || true
  # By way of a file: through a pipe, Docker would take the first half of an interrupted bootstrap for an image.
  as_root env TMPDIR="$tmp" mmdebstrap --variant=minbase --mode=root \
    --include=python3,libstdc++6,libgcc-s1,zlib1g,ca-certificates,procps,iproute2 \
    --aptopt="$tmp/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="rm -f \"\$1/etc/apt/apt.conf.d/99mmdebstrap\"" \
    "$codename" - "$source" >"$tmp/rootfs.tar"
  docker import --change 'CMD ["bash"]' --change "LABEL org.shipmate.input=$input" "$tmp/rootfs.tar" "$IMAGE_BASE"
  as_root rm -rf --one-file-system "$tmp"
}

_make_debian_image() {
  local codename source input
  # shellcheck disable=SC1091
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  input=$(hash_of "$codename" "$(declare -f _bootstrap_debian)")
  if [ "$(_image_input "$IMAGE_BASE")" = "$input" ]; then
    already "$IMAGE_BASE"
    return 0
  fi
  have mmdebstrap || fail "there is no mmdebstrap" "Run the step before: scripts/setup.sh --only apt images"
  source=$(_main_archive)
  if [ -z "$source" ]; then
    wake_sudo
    logged apt-update "See the log; 'sudo apt-get update' must work." as_root apt-get update
    source=$(_main_archive)
  fi
  [ -n "$source" ] || fail "no apt source of this distribution's main archive ('$codename') was found" \
    "'apt-get indextargets' lists what apt knows; the images are bootstrapped from it."
  detail "$IMAGE_BASE from $source"
  wake_sudo
  logged image-debian "The machine's own apt sources are used: does 'sudo apt-get update' work?" \
    _bootstrap_debian "$input" "$source" "$codename"
}

_build_wheels_image() {
  local input=$1 stage=$CACHE/tmp/ros-image
  rm -rf "$stage"
  mkdir -p "$stage"
  "$ROS_PREFIX/bin/python" "$SHIPMATE_ROOT/scripts/lib/stage_ros.py" "$SHIPMATE_INTERFACES" "$stage"
  _docker_build --tag "$IMAGE_ROS" --file "$SHIPMATE_ROOT/images/ros/Dockerfile" \
    --build-arg "PYTHON_SITE=$(cd "$ROS_PREFIX" && echo lib/python3*/site-packages)" \
    --build-arg "INPUT=$input" "$stage"
  rm -rf "$stage"
}

_make_wheels_image() {
  local input
  _make_debian_image
  input=$(hash_of "$(docker image inspect --format '{{.Id}}' "$IMAGE_BASE")" "$(cat "$ROS_PREFIX/.shipmate-complete")" \
    "${SHIPMATE_INTERFACES##*/}" "$SHIPMATE_ROOT/images/ros/Dockerfile" "$SHIPMATE_ROOT/scripts/lib/stage_ros.py")
  if [ "$(_image_input "$IMAGE_ROS")" = "$input" ]; then
    already "$IMAGE_ROS"
    return 0
  fi
  detail "$IMAGE_ROS: ROS 2 Jazzy and the interfaces on $IMAGE_BASE"
  logged image-ros "The log tells which instruction of images/ros/Dockerfile failed." _build_wheels_image "$input"
}

# With a ROS of the user's own: the official image of that distribution plus the interfaces.
_build_sourced_image() {
  local input=$1 base=$2 stage=$CACHE/tmp/ros-image site
  site=$(cd "$SHIPMATE_INTERFACES" && find . -maxdepth 5 -type d -name '*-packages' | head -n 1)
  rm -rf "$stage"
  mkdir -p "$stage"
  "$(system_python)" "$SHIPMATE_ROOT/scripts/lib/stage_ros.py" --interfaces-only "$SHIPMATE_INTERFACES" "$stage"
  _docker_build --tag "$IMAGE_ROS" --file "$SHIPMATE_ROOT/images/ros-base/Dockerfile" \
    --build-arg "BASE=$base" --build-arg "DISTRO=$ROS_DISTRO" --build-arg "PYTHON_SITE=${site#./}" \
    --build-arg "ROS_SITE=lib/$(basename "$(dirname "$site")")/site-packages" \
    --build-arg "INPUT=$input" "$stage"
  rm -rf "$stage"
}

# ATTEMPT_RC says whether that worked.
_make_sourced_image() {
  local base=${SHIPMATE_ROS_IMAGE:-ros:$ROS_DISTRO-ros-base} input refused
  ATTEMPT_RC=0
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    # Not every run shall wait for a registry that cannot be reached.
    refused=$CACHE/no-image-$(hash_of "$base")
    if [ -n "$(find "$refused" -mmin -1440 2>/dev/null)" ]; then
      detail "$base could not be pulled less than a day ago (to try again: rm $refused)"
      ATTEMPT_RC=1
      return 0
    fi
    detail "pulling $base, for ten minutes at most"
    attempt image-pull timeout 600 docker pull "$base"
    if [ "$ATTEMPT_RC" -ne 0 ]; then
      touch "$refused"
      detail "$base cannot be pulled: $(tail -n 1 "$ATTEMPT_LOG" | cut -c 1-150)"
      return 0
    fi
  fi
  input=$(hash_of "$(docker image inspect --format '{{.Id}}' "$base")" "${SHIPMATE_INTERFACES##*/}" \
    "$SHIPMATE_ROOT/images/ros-base/Dockerfile" "$SHIPMATE_ROOT/scripts/lib/stage_ros.py")
  if [ "$(_image_input "$IMAGE_ROS")" = "$input" ]; then
    already "$IMAGE_ROS"
    return 0
  fi
  detail "$IMAGE_ROS: the interfaces on $base"
  attempt image-ros _build_sourced_image "$input" "$base"
  if [ "$ATTEMPT_RC" -ne 0 ]; then
    detail "the interfaces of this machine do not run in $base: $(tail -n 1 "$ATTEMPT_LOG" | cut -c 1-150)"
  fi
}

step_images() {
  heading "Container images"
  # shellcheck source=scripts/env.sh
  . "$SHIPMATE_ROOT/scripts/env.sh" 2>/dev/null
  [ -d "$SHIPMATE_INTERFACES" ] || fail "the interfaces are not built yet" "Run: scripts/setup.sh --only ros interfaces images"
  _docker_answers || fail "no Docker engine answers: $DOCKER_SAYS" "Run: scripts/setup.sh --only docker images"
  if [ "$(ros_kind)" = wheels ]; then
    _make_wheels_image
    return 0
  fi
  _make_sourced_image
  if [ "$ATTEMPT_RC" -ne 0 ]; then
    detail "instead: ROS 2 Jazzy from PyPI on this machine's own distribution"
    # A set-up of its own, which knows nothing of the sourced ROS; the lock is ours already.
    env -u ROS_DISTRO -u AMENT_PREFIX_PATH -u CMAKE_PREFIX_PATH -u PYTHONPATH -u LD_LIBRARY_PATH -u RMW_IMPLEMENTATION \
      SHIPMATE_SETUP_LOCKED=1 "$SHIPMATE_ROOT/scripts/setup.sh" --only apt ros interfaces images
  fi
}
