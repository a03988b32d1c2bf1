//! The parts of an image's reference that matter here.

/// The reference with the tag that is meant when none is written; without one the engine would
/// pull every tag that there is.
pub(super) fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    match image.contains('@') || last.contains(':') {
        true => image.to_owned(),
        false => format!("{image}:latest"),
    }
}

/// The name under which credentials for the image's registry are kept. As in Docker, the first
/// part is a registry if it looks like a host; else the image is Docker Hub's.
pub(super) fn registry(image: &str) -> &str {
    const HUB: &str = "https://index.docker.io/v1/";
    match image.split_once('/') {
        Some(("docker.io" | "index.docker.io", _)) => HUB,
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => HUB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tag_is_latest() {
        for (image, full) in [
            ("ros", "ros:latest"),
            ("ros:jazzy", "ros:jazzy"),
            ("localhost:5000/ros", "localhost:5000/ros:latest"),
            ("localhost:5000/ros:jazzy", "localhost:5000/ros:jazzy"),
            ("ros@sha256:00", "ros@sha256:00"),
        ] {
            assert_eq!(with_tag(image), full);
        }
    }

    #[test]
    fn the_registry_is_told_from_a_user_of_docker_hub() {
        for (image, host) in [
            ("ros", "https://index.docker.io/v1/"),
            ("osrf/ros:jazzy", "https://index.docker.io/v1/"),
            ("docker.io/library/ros", "https://index.docker.io/v1/"),
            ("ghcr.io/a/b", "ghcr.io"),
            ("localhost/a", "localhost"),
            ("robot:5000/a:1", "robot:5000"),
        ] {
            assert_eq!(registry(image), host);
        }
    }
}
