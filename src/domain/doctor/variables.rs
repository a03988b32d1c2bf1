//! What variables say about ROS, whoever has them: this process or a container.

use super::facts::Environment;

/// The domain of who has none.
pub const DOMAIN: u8 = 0;
/// What is measured about shared memory holds for it; it is the default as well.
const FAST_DDS: &str = "rmw_fastrtps";

/// Variables that are about ROS. All others stay where they are: they may be secret.
pub fn is_about_ros(name: &str) -> bool {
    const NAMES: [&str; 4] = [
        "AMENT_PREFIX_PATH",
        "CYCLONEDDS_URI",
        "RMW_IMPLEMENTATION",
        "ZENOH_ROUTER_CONFIG_URI",
    ];
    const BEGINNINGS: [&str; 3] = ["ROS_", "FASTDDS_", "FASTRTPS_"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|it| name.starts_with(it))
}

/// What a variable says, if it says something.
pub fn said<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let value = environment.get(name)?.trim();
    (!value.is_empty()).then_some(value)
}

/// The domain; what is written there, when it is none.
pub fn domain(environment: &Environment) -> Result<u8, &str> {
    match said(environment, "ROS_DOMAIN_ID") {
        None => Ok(DOMAIN),
        Some(text) => text.parse().ok().filter(|it| *it <= 232).ok_or(text),
    }
}

/// How far it looks, and the variable that says so.
pub fn range(environment: &Environment) -> Option<(&str, &str)> {
    const OLD: &str = "ROS_LOCALHOST_ONLY";
    const NEW: &str = "ROS_AUTOMATIC_DISCOVERY_RANGE";
    // The old one counts before the new one, when it is on.
    match said(environment, OLD) {
        Some(value @ "1") => Some((OLD, value)),
        _ => said(environment, NEW).map(|value| (NEW, value)),
    }
}

/// Whether it looks no further than itself.
pub fn is_local(environment: &Environment) -> bool {
    matches!(range(environment), Some((_, "1" | "LOCALHOST" | "OFF")))
}

/// Whether it is Fast DDS, as far as the variables say.
pub fn is_fast_dds(environment: &Environment) -> bool {
    said(environment, "RMW_IMPLEMENTATION").is_none_or(|name| name.starts_with(FAST_DDS))
}

/// Whether it offers shared memory to others of its machine.
pub fn shares_memory(environment: &Environment) -> bool {
    let transports = said(environment, "FASTDDS_BUILTIN_TRANSPORTS").unwrap_or_default();
    // With the range LOCALHOST the variable is passed over.
    let udp_only = transports.starts_with("UDP") && !is_local(environment);
    is_fast_dds(environment) && !udp_only
}

/// The variable with the profiles of Fast DDS, and the file.
pub fn profiles(environment: &Environment) -> Option<(&'static str, &str)> {
    [
        "FASTDDS_DEFAULT_PROFILES_FILE",
        "FASTRTPS_DEFAULT_PROFILES_FILE",
    ]
    .into_iter()
    .find_map(|name| Some((name, said(environment, name)?)))
}

/// The files that variables name.
pub fn files(environment: &Environment) -> Vec<String> {
    let cyclone = said(environment, "CYCLONEDDS_URI").unwrap_or_default();
    let cyclone = cyclone.split(',').filter_map(|part| {
        let part = part.trim();
        let path = part.strip_prefix("file://").unwrap_or(part);
        path.starts_with('/').then(|| path.to_owned())
    });
    let profiles = profiles(environment).map(|(_, path)| path.to_owned());
    profiles.into_iter().chain(cyclone).collect()
}
