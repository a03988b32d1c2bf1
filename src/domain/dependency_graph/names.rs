//! Names that every node has and nobody looks for, and those below an action.

use crate::domain::graph::Endpoint;

/// What comes behind an action's name in that of the service that takes its goals.
const SEND_GOAL: &str = "/_action/send_goal";
/// Types of the services that every node serves.
const OF_EVERY_NODE: [&str; 2] = ["rcl_interfaces/srv/", "type_description_interfaces/srv/"];
const SERVED_BY_EVERY_NODE: [&str; 7] = [
    "describe_parameters",
    "get_parameter_types",
    "get_parameters",
    "get_type_description",
    "list_parameters",
    "set_parameters",
    "set_parameters_atomically",
];

/// The action whose goals this service takes, if it is an action's.
pub fn action(service: &str) -> Option<&str> {
    service.strip_suffix(SEND_GOAL)
}

/// The action's type, from that of the service that takes its goals.
pub fn action_type(service_type: &str) -> &str {
    service_type
        .strip_suffix("_SendGoal")
        .unwrap_or(service_type)
}

/// Whether a topic or service is a part of an action.
pub fn is_of_action(name: &str) -> bool {
    name.contains("/_action/")
}

/// Whether nobody looks for a topic.
pub fn is_hidden_topic(name: &str) -> bool {
    matches!(name, "/rosout" | "/parameter_events") || has_hidden_part(name)
}

/// Whether nobody looks for this end of a service.
pub fn is_hidden_service(name: &str, end: &Endpoint) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    let usual = OF_EVERY_NODE
        .iter()
        .any(|begins| end.type_name.starts_with(begins));
    (usual && SERVED_BY_EVERY_NODE.contains(&last)) || has_hidden_part(name)
}

/// ROS hides names of which a part begins with an underscore.
fn has_hidden_part(name: &str) -> bool {
    name.contains("/_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_known_by_the_service_that_takes_its_goals() {
        assert_eq!(action("/arm/move/_action/send_goal"), Some("/arm/move"));
        assert_eq!(action("/arm/move/_action/get_result"), None);
        assert_eq!(action("/send_goal"), None);
        assert_eq!(action_type("a/action/Move_SendGoal"), "a/action/Move");
    }

    #[test]
    fn what_every_node_has_is_hidden() {
        assert!(is_hidden_topic("/rosout"));
        assert!(is_hidden_topic("/a/_b/c"));
        assert!(!is_hidden_topic("/robot/rosout"));
        assert!(!is_hidden_topic("/a_b"));
    }
}
