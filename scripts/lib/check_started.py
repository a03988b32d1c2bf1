"""Starts the installed node as `ros2 run` would, and waits until it is on the ROS graph; then ends it by SIGINT.

    check_started.py PREFIX

Without a Docker engine and in a state folder of its own, so that nothing that runs on this machine is touched.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    prefix = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            HOME=folder,
            XDG_STATE_HOME=folder,
            XDG_DATA_HOME=folder,
            DOCKER_HOST=f"unix://{folder}/no-engine.sock",
            ROS_DOMAIN_ID=str(60 + os.getpid() % 40),
        )
        import rclpy
        import shipmate.msg  # noqa: F401  (from the workspace: its generated Python must load)

        node = subprocess.Popen([prefix / "lib/shipmate/shipmate", "--ros-args", "-r", "__ns:=/colcon"])
        try:
            rclpy.init()
            observer = rclpy.create_node("observer")
            deadline = time.monotonic() + 20
            while ("shipmate", "/colcon") not in observer.get_node_names_and_namespaces():
                if node.poll() is not None:
                    print(f"the node ended by itself with {node.returncode}")
                    return 1
                if time.monotonic() > deadline:
                    print("the node did not show up on the ROS graph within 20 s")
                    return 1
                time.sleep(0.1)
            print("the node is on the graph as /colcon/shipmate")
            node.send_signal(signal.SIGINT)
            code = node.wait(timeout=10)
            print(f"it ended with {code} on SIGINT")
            return 0 if code == 0 else 1
        finally:
            if node.poll() is None:
                node.kill()
                node.wait()


if __name__ == "__main__":
    sys.exit(main())
