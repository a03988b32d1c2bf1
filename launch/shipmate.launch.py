"""Starts the node /shipmate beside a robot's stack.

    ros2 launch shipmate shipmate.launch.py
    ros2 launch shipmate shipmate.launch.py namespace:=robot_1 params_file:=/etc/shipmate.yaml
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """One node, whose end leaves every deployment running; it finds them again when it comes back."""
    arguments = [
        DeclareLaunchArgument(
            "namespace",
            default_value="",
            description="Namespace of the node; robots on one network run one each under a namespace of their own.",
        ),
        DeclareLaunchArgument(
            "params_file",
            default_value=PathJoinSubstitution([FindPackageShare("shipmate"), "config", "shipmate.yaml"]),
            description="The node's parameters.",
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            description="debug, info, warn, error or fatal.",
        ),
        DeclareLaunchArgument(
            "respawn",
            default_value="true",
            description="Start the node again when it ends by itself.",
        ),
    ]
    node = Node(
        package="shipmate",
        executable="shipmate",
        name="shipmate",
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file")],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        # Colours in the terminal. No shell and no prefix in between, so that signals reach the node itself.
        emulate_tty=True,
        # The node ends within two seconds. Ctrl-C reaches it from the terminal; where launch alone gets the signal
        # (`docker stop`, a supervisor), launch passes on nothing until this time is over, and then SIGTERM.
        sigterm_timeout="3",
        respawn=LaunchConfiguration("respawn"),
        respawn_delay=2.0,
    )
    return LaunchDescription([*arguments, node])
