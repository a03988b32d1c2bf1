//! Graphs that are drawn in tests.

use std::sync::Arc;

use crate::domain::dependency_graph::{
    DependencyGraph, EdgeKind, Flow, GraphEdge, GraphNode, NodeKind,
};

pub(super) fn node(name: &str, status: &str) -> GraphNode {
    let kind = NodeKind::Deployment {
        package: name.to_lowercase(),
        version: "1.0.0".into(),
        phase: "Succeeded".into(),
        status: status.into(),
        reason: String::new(),
    };
    GraphNode {
        id: format!("id-{name}").into(),
        name: name.into(),
        kind,
        ros_nodes: vec![],
    }
}

pub(super) fn edge(kind: EdgeKind, source: &str, target: &str, name: &str) -> Arc<GraphEdge> {
    Arc::new(GraphEdge {
        kind,
        source: format!("id-{source}").into(),
        target: format!("id-{target}").into(),
        name: name.into(),
        domain_id: 0,
        type_name: match kind {
            EdgeKind::Dependency => "^1.0".into(),
            _ => "".into(),
        },
        source_endpoints: vec![],
        target_endpoints: vec![],
        flow: Flow::Yes,
        problems: vec![],
        messages_per_second: None,
        bytes_per_second: None,
    })
}

/// The seed's example.
pub(super) fn three() -> DependencyGraph {
    use EdgeKind::*;
    let (c, s, t) = ("COMMAND CENTER", "SIMULATOR", "TURTLE");
    DependencyGraph {
        ros_details: true,
        nodes: [c, s, t].map(|n| node(n, "Running")).to_vec(),
        edges: vec![
            edge(Dependency, c, s, "sim"),
            edge(Dependency, t, s, "sim"),
            edge(Topic, s, c, "/sim/pose"),
            edge(Topic, s, c, "/sim/sensors"),
            edge(Service, s, c, "/register_sim_turtle"),
            edge(Service, s, c, "/teleport_turtle"),
            edge(Action, t, c, "/turtle_0/goto_action"),
        ],
        remarks: vec![],
    }
}

/// Any number of deployments with edges between them at random.
pub(super) fn many(count: usize, edges: usize) -> DependencyGraph {
    let names: Vec<String> = (0..count)
        .map(|n| format!("robot_{n}_<\"driver\">&"))
        .collect();
    let mut graph = DependencyGraph {
        ros_details: true,
        nodes: names
            .iter()
            .map(|n| node(n, ["Running", "Error", "Pending", ""][n.len() % 4]))
            .collect(),
        ..Default::default()
    };
    let kinds = [
        EdgeKind::Topic,
        EdgeKind::Service,
        EdgeKind::Action,
        EdgeKind::Dependency,
    ];
    for n in 0..edges {
        let (from, to) = (n * 7 % count, (n * 13 + n / count + 1) % count);
        graph.edges.push(edge(
            kinds[n % 4],
            &names[from],
            &names[to],
            &format!("/robot_{from}/sensors/front/camera_{n}/image_raw"),
        ));
    }
    graph
}

/// Topics of a mobile robot: who publishes them, and who subscribes to them.
const TOPICS: &[(&str, &str, &[&str])] = &[
    (
        "/front/image_raw",
        "camera_front",
        &["rectifier", "recorder"],
    ),
    ("/rear/image_raw", "camera_rear", &["rectifier"]),
    ("/left/image_raw", "camera_left", &["rectifier"]),
    ("/right/image_raw", "camera_right", &["rectifier"]),
    ("/front/camera_info", "camera_front", &["rectifier"]),
    ("/front/scan", "lidar_front", &["cloud_merger"]),
    ("/rear/scan", "lidar_rear", &["cloud_merger"]),
    ("/imu/data", "imu", &["odometry_filter"]),
    ("/gps/fix", "gps", &["odometry_filter", "fleet_client"]),
    ("/wheels/odom", "wheel_odometry", &["odometry_filter"]),
    ("/battery_state", "battery", &["mission", "user_interface"]),
    ("/range", "ultrasonic", &["obstacle_map"]),
    (
        "/images_rect",
        "rectifier",
        &["detector", "segmenter", "depth"],
    ),
    ("/detections", "detector", &["tracker", "user_interface"]),
    ("/tracks", "tracker", &["behaviour", "local_planner"]),
    ("/semantic_labels", "segmenter", &["obstacle_map"]),
    ("/depth/points", "depth", &["obstacle_map"]),
    (
        "/points",
        "cloud_merger",
        &["ground_filter", "localization"],
    ),
    ("/points_no_ground", "ground_filter", &["obstacle_map"]),
    (
        "/obstacles",
        "obstacle_map",
        &["local_planner", "safety_stop"],
    ),
    (
        "/odometry/filtered",
        "odometry_filter",
        &["localization", "local_planner"],
    ),
    ("/map", "map_server", &["localization", "route_planner"]),
    (
        "/pose",
        "localization",
        &["route_planner", "local_planner", "fleet_client"],
    ),
    ("/route", "route_planner", &["behaviour", "user_interface"]),
    ("/local_path", "local_planner", &["trajectory"]),
    ("/cmd_vel_nav", "trajectory", &["velocity_mux"]),
    ("/cmd_vel_joy", "joystick", &["velocity_mux"]),
    ("/stop", "safety_stop", &["velocity_mux"]),
    ("/cmd_vel", "velocity_mux", &["base_driver"]),
    ("/wheels/states", "base_driver", &["wheel_odometry"]),
    ("/joint_states", "arm_driver", &["arm_planner", "recorder"]),
    ("/gripper/state", "gripper", &["arm_planner"]),
    ("/markers", "tracker", &["recorder"]),
    (
        "/diagnostics_agg",
        "diagnostics",
        &["user_interface", "fleet_client"],
    ),
];

/// Its services and actions: who serves them, and who uses them.
const SERVED: &[(EdgeKind, &str, &str, &str)] = &[
    (
        EdgeKind::Action,
        "/navigate_to_pose",
        "behaviour",
        "mission",
    ),
    (
        EdgeKind::Action,
        "/follow_path",
        "local_planner",
        "behaviour",
    ),
    (EdgeKind::Action, "/move_arm", "arm_planner", "mission"),
    (
        EdgeKind::Action,
        "/follow_joint_trajectory",
        "arm_driver",
        "arm_planner",
    ),
    (EdgeKind::Action, "/grip", "gripper", "mission"),
    (
        EdgeKind::Service,
        "/compute_route",
        "route_planner",
        "behaviour",
    ),
    (EdgeKind::Service, "/load_map", "map_server", "mission"),
    (
        EdgeKind::Service,
        "/set_pose",
        "localization",
        "user_interface",
    ),
    (
        EdgeKind::Service,
        "/start_recording",
        "recorder",
        "user_interface",
    ),
    (
        EdgeKind::Service,
        "/reset_odometry",
        "odometry_filter",
        "mission",
    ),
    (EdgeKind::Dependency, "map", "localization", "map_server"),
    (EdgeKind::Dependency, "planner", "mission", "behaviour"),
    (EdgeKind::Dependency, "arm", "arm_planner", "arm_driver"),
    (EdgeKind::Dependency, "base", "velocity_mux", "base_driver"),
    (EdgeKind::Dependency, "cloud", "fleet_client", "mission"),
];

/// What talks to nobody.
const ALONE: [&str; 2] = ["log_shipper", "speech"];

/// A mobile robot with an arm: 40 deployments, of which not all are well.
pub(super) fn robot() -> DependencyGraph {
    let mut graph = DependencyGraph {
        ros_details: true,
        ..DependencyGraph::default()
    };
    for (topic, from, to) in TOPICS {
        let edges = to.iter().map(|to| edge(EdgeKind::Topic, from, to, topic));
        graph.edges.extend(edges);
    }
    let served = { SERVED.iter() }.map(|(kind, name, from, to)| edge(*kind, from, to, name));
    graph.edges.extend(served);
    Arc::make_mut(&mut graph.edges[14]).flow = Flow::No;
    Arc::make_mut(&mut graph.edges[20]).flow = Flow::Partly;
    let ends = graph.edges.iter().flat_map(|it| [&it.source, &it.target]);
    let mut names: Vec<&str> = ends.map(|id| id.trim_start_matches("id-")).collect();
    names.extend(ALONE);
    names.sort_unstable();
    names.dedup();
    graph.nodes = names.iter().map(|name| node(name, "Running")).collect();
    for (name, phase, status) in [
        ("depth", "Failed to start", "Error"),
        ("gps", "Provisioning", "Pending"),
        ("speech", "Succeeded", "Error"),
        ("joystick", "Deployment stopped", ""),
    ] {
        let node = graph.nodes.iter_mut().find(|it| it.name == name);
        if let Some(NodeKind::Deployment {
            phase: its_phase,
            status: its_status,
            ..
        }) = node.map(|it| &mut it.kind)
        {
            (*its_phase, *its_status) = (phase.to_owned(), status.to_owned());
        }
    }
    graph
}
