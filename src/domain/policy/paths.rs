//! Paths of the machine, as text: nothing here looks at a disk.

/// Sockets through which a container could command the engine, and with it the machine. `/var/run`
/// is a link to `/run`, so [`normal`] makes one of both.
const ENGINE_SOCKETS: [&str; 5] = [
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/docker/metrics.sock",
];

/// An absolute path without `.`, `..`, doubled or trailing slashes. `..` takes the part before it
/// away, as it would if no part were a link.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if let ["var", "run", ..] = parts.as_slice() {
        parts.remove(0);
    }
    format!("/{}", parts.join("/"))
}

/// Whether `path` is `folder` or lies below it. Both are normal.
pub fn is_within(path: &str, folder: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    folder == "/" || path.strip_prefix(folder).is_some_and(below)
}

/// The engine's socket that `path` is or holds, unless it is among `listed` itself.
pub fn engine_socket_in(path: &str, listed: &[&str]) -> Option<&'static str> {
    let unlisted = |socket: &&str| is_within(socket, path) && !listed.contains(socket);
    ENGINE_SOCKETS.into_iter().find(unlisted)
}

/// Whether `path` fits `glob`, in which `*` stands for anything but a slash.
pub fn matches(glob: &str, path: &str) -> bool {
    match glob.split_once('*') {
        None => glob == path,
        Some((start, rest)) => path.strip_prefix(start).is_some_and(|path| {
            let end = path.find('/').unwrap_or(path.len());
            (0..=end)
                .filter(|&skip| path.is_char_boundary(skip))
                .any(|skip| matches(rest, &path[skip..]))
        }),
    }
}
