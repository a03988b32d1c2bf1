# The ROS interfaces: every file of msg/, srv/ and action/.

find_package(builtin_interfaces REQUIRED)
find_package(std_msgs REQUIRED)
find_package(rosidl_default_generators REQUIRED)

file(GLOB SHIPMATE_INTERFACE_FILES
  RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}"
  CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_SOURCE_DIR}/msg/*.msg"
  "${CMAKE_CURRENT_SOURCE_DIR}/srv/*.srv"
  "${CMAKE_CURRENT_SOURCE_DIR}/action/*.action")
list(SORT SHIPMATE_INTERFACE_FILES)

rosidl_generate_interfaces(${PROJECT_NAME}
  ${SHIPMATE_INTERFACE_FILES}
  DEPENDENCIES builtin_interfaces std_msgs)
