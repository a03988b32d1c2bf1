# The node: cargo, after the interfaces. r2r reads headers, libraries and the ament index of the interfaces from
# AMENT_PREFIX_PATH, so they must be installed somewhere before cargo runs, while colcon installs only afterwards:
# hence a staging prefix in the build folder.

find_program(CARGO cargo HINTS ENV CARGO_HOME "$ENV{HOME}/.cargo" PATH_SUFFIXES bin)
if(NOT CARGO)
  message(FATAL_ERROR
    "shipmate is written in Rust, and there is no cargo on the PATH or in ~/.cargo/bin. Install it from "
    "https://rustup.rs, or build the ROS interfaces alone: --cmake-args -DSHIPMATE_INTERFACES_ONLY=ON")
endif()

# A changed interface gets a staging prefix of another name, because r2r takes the text of AMENT_PREFIX_PATH as
# the key of its cached bindings and would not notice new contents at an old path.
set(interface_text "")
foreach(file IN LISTS SHIPMATE_INTERFACE_FILES)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  file(SHA256 "${CMAKE_CURRENT_SOURCE_DIR}/${file}" file_hash)
  string(APPEND interface_text "${file} ${file_hash}\n")
endforeach()
string(SHA256 interface_hash "${interface_text}")
string(SUBSTRING "${interface_hash}" 0 12 interface_hash)
set(staging "${CMAKE_CURRENT_BINARY_DIR}/interfaces-${interface_hash}")

# Everything that was declared so far is of the interfaces; all of it must be built before it can be staged.
get_property(interface_targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
list(FILTER interface_targets EXCLUDE REGEX "uninstall")

add_custom_command(
  OUTPUT "${staging}/staged"
  COMMAND "${CMAKE_COMMAND}" --install "${CMAKE_CURRENT_BINARY_DIR}" --prefix "${staging}" --component Unspecified
  COMMAND "${CMAKE_COMMAND}" -E touch "${staging}/staged"
  DEPENDS ${interface_targets}
  COMMENT "Staging the interfaces for cargo"
  VERBATIM)

if(DEFINED ENV{CARGO_TARGET_DIR})
  set(cargo_target "$ENV{CARGO_TARGET_DIR}")
else()
  set(cargo_target "${CMAKE_CURRENT_BINARY_DIR}/cargo")
endif()

set(ament_prefix_path "${staging}")
if(NOT "$ENV{AMENT_PREFIX_PATH}" STREQUAL "")
  string(APPEND ament_prefix_path ":$ENV{AMENT_PREFIX_PATH}")
endif()
# r2r's build script asks the type support libraries for the layout of the messages: it must load them.
set(library_path "${staging}/lib")
if(NOT "$ENV{LD_LIBRARY_PATH}" STREQUAL "")
  string(APPEND library_path ":$ENV{LD_LIBRARY_PATH}")
endif()

# Always run: cargo itself knows best what is out of date. From the source folder, whose .cargo/config.toml counts.
add_custom_target(shipmate_node ALL
  COMMAND "${CMAKE_COMMAND}" -E env "AMENT_PREFIX_PATH=${ament_prefix_path}" "LD_LIBRARY_PATH=${library_path}"
    "${CARGO}" build --release --locked --bin shipmate --target-dir "${cargo_target}"
  DEPENDS "${staging}/staged"
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
  USES_TERMINAL
  COMMENT "cargo build --release"
  VERBATIM)

# A component of its own keeps it out of the staging step, which runs before it exists.
install(PROGRAMS "${cargo_target}/release/shipmate" DESTINATION "lib/${PROJECT_NAME}" COMPONENT node)
foreach(folder launch config examples)
  if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
    install(DIRECTORY "${folder}" DESTINATION "share/${PROJECT_NAME}" COMPONENT node
      PATTERN "__pycache__" EXCLUDE
      PATTERN "*.pyc" EXCLUDE)
  endif()
endforeach()
