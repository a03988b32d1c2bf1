//! Tells the code what the ROS that it is compiled against has.

/// Whose endpoints come without the hash of their type.
const WITHOUT_TYPE_HASHES: [&str; 3] = ["foxy", "galactic", "humble"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ROS_DISTRO");
    println!("cargo:rerun-if-env-changed=AMENT_PREFIX_PATH");
    println!("cargo:rustc-check-cfg=cfg(type_hashes)");
    println!("cargo:rustc-check-cfg=cfg(visualization_msgs)");
    let distro = std::env::var("ROS_DISTRO").unwrap_or_default();
    if !WITHOUT_TYPE_HASHES.contains(&distro.as_str()) {
        println!("cargo:rustc-cfg=type_hashes");
    }
    let prefixes = std::env::var_os("AMENT_PREFIX_PATH").unwrap_or_default();
    let markers = |prefix: std::path::PathBuf| prefix.join("share/visualization_msgs").is_dir();
    if std::env::split_paths(&prefixes).any(markers) {
        println!("cargo:rustc-cfg=visualization_msgs");
    }
}
