#!/usr/bin/env bash
# The demo: builds the images of the three packages in examples/ and lets scripts/demo.py deploy them.
# Called by `make demo` after the set-up; `scripts/demo.sh help` tells the other commands.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/env.sh
. "$here/env.sh"

DEMO_PACKAGES=(simulator command_center turtle)

# build_image NAME: Docker's cache makes it quick when nothing has changed.
build_image() {
  # Without the buildx plug-in, a newer client still has the classic builder, but wants to be asked for it.
  if ! docker buildx version >/dev/null 2>&1; then export DOCKER_BUILDKIT=0; fi
  docker build --tag "shipmate/$1:local" "$SHIPMATE_ROOT/examples/$1"
}

build_images() {
  local package
  heading "The images"
  for package in "${DEMO_PACKAGES[@]}"; do
    logged "demo-image-$package" "Is the base image there? scripts/setup.sh --only images builds it." build_image "$package"
    detail "shipmate/$package:local"
  done
}

command=${1:-start}
if [ $# -gt 0 ]; then shift; fi
case $command in
  help | -h) command=--help ;;
  images)
    build_images
    exit
    ;;
  start) build_images ;;
esac
exec "$SHIPMATE_PYTHON" "$here/demo.py" "$command" "$@"
