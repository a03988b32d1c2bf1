# shellcheck shell=sh
# The key of the generated interfaces: a hash over every file that they are made of and the ROS that they are
# made with. It is part of the install prefix's path because r2r decides by AMENT_PREFIX_PATH's text alone
# whether its bindings are stale: a changed message at an unchanged path would go unseen.
# Plain sh, as env.sh is sourced by any shell.

# shipmate_interface_key CHECKOUT ROS_IDENTITY
shipmate_interface_key() {
  (
    cd "$1" || exit 1
    {
      printf '%s\n' "$2"
      find msg srv action cmake/interfaces.cmake examples/turtle_interfaces -type f \
        \( -name '*.msg' -o -name '*.srv' -o -name '*.action' -o -name '*.cmake' -o -name CMakeLists.txt \) \
        2>/dev/null | LC_ALL=C sort | while IFS= read -r file; do
        printf '%s\n' "$file"
        cat "$file"
      done
    } | sha256sum | cut -c 1-12
  )
}
