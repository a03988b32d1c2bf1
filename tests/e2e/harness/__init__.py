"""What the end-to-end tests stand on: a real node, a real engine, a real ROS graph, all for one test."""
