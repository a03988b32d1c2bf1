//! Tells the code what the ROS that it is compiled against has.

/// Whose endpoints come without the hash of their type.
const WITHOUT_TYPE_HASHES: [&str; 3] = ["foxy", "galactic", "humble"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ROS_DISTRO");
    println!("cargo:rustc-check-cfg=cfg(type_hashes)");
    let distro = std::env::var("ROS_DISTRO").unwrap_or_default();
    if !WITHOUT_TYPE_HASHES.contains(&distro.as_str()) {
        println!("cargo:rustc-cfg=type_hashes");
    }
}
