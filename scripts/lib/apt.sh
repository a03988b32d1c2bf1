# shellcheck shell=bash
# Step `apt`: the distribution's packages that the other steps need; only what is missing, nothing is upgraded.

# apt_install PACKAGE...: brings the missing ones.
apt_install() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    already "$*"
    return 0
  fi
  detail "missing: ${missing[*]}"
  wake_sudo
  # One foreign source that is down must not stop us: what counts is whether the packages are found afterwards.
  attempt apt-update as_root apt-get -o DPkg::Lock::Timeout=300 update
  logged apt-install \
    "'sudo apt-get update' and 'sudo apt-get install ${missing[*]}' must work on this machine." \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install --yes --no-install-recommends "${missing[@]}"
}

step_apt() {
  heading "Packages of the distribution"
  if ! have apt-get || ! have dpkg-query; then
    detail "this is not Debian or Ubuntu: nothing is installed. Needed: a C and C++ compiler, make, CMake, libclang,"
    detail "python3 with its headers and venv, mmdebstrap, Docker."
    return 0
  fi
  # libclang-dev: bindgen reads ROS' headers with it. python3-dev: the Python side of the interfaces is C.
  local packages=(build-essential libclang-dev python3 python3-dev python3-venv procps)
  if [ "$(ros_kind)" = sourced ]; then
    packages+=(cmake)
  else
    packages+=(mmdebstrap)
  fi
  apt_install "${packages[@]}"
}
