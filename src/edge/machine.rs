//! What this machine is like: disks, interfaces, multicast, firewall, kernel settings. It is looked
//! at, never changed. Each may take its time; who asks waits no longer than it wants to.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::domain::doctor::facts::{Interface, Looked, Middleware, SharedMemory, Space};
use crate::domain::doctor::network::GROUP;

/// The kernel's flags of an interface.
const UP: u32 = 0x1;
const MULTICAST: u32 = 0x1000;
/// More of a program's output is not read.
const LONGEST_OUTPUT: u64 = 4 << 20;
/// A datagram to the machine itself is there at once.
const HEARD_WITHIN: Duration = Duration::from_millis(500);
/// Where programs for root may be, which is not on everybody's PATH.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
const MEMORY: &str = "/dev/shm";

/// The name of this host, as its processes announce it on the ROS graph; empty when it cannot be read.
pub fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// How full the disk is on which a folder lies, or will lie when it is made.
pub fn space(folder: &Path) -> Looked<Space> {
    let there = { folder.ancestors() }
        .find(|it| it.exists())
        .unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(there).map_err(|error| error.to_string())?;
    Ok(Space {
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

/// Interfaces with an IPv4 address, without the loopback; nothing is sent on them.
pub fn interfaces() -> Looked<Vec<Interface>> {
    let joined = std::fs::read_to_string("/proc/net/igmp").map_err(|e| format!("igmp: {e}"))?;
    let joined = joined_on(&joined, GROUP);
    let all = if_addrs::get_if_addrs().map_err(|error| error.to_string())?;
    let mut interfaces: Vec<Interface> = Vec::new();
    for found in all.into_iter().filter(|it| !it.is_loopback()) {
        let IpAddr::V4(address) = found.ip() else {
            continue;
        };
        // A further address of an interface may have a label, as `eth0:1`.
        let name = found.name.split(':').next().unwrap_or_default().to_owned();
        if interfaces.iter().any(|it| it.name == name) {
            continue;
        }
        let folder = Path::new("/sys/class/net").join(&name);
        let flags = match flags(&folder) {
            Ok(flags) => flags,
            // It went meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{name}: {error}")),
        };
        // It cannot be read of one that is switched off.
        let carrier = std::fs::read_to_string(folder.join("carrier")).unwrap_or_default();
        interfaces.push(Interface {
            address,
            is_up: flags & UP != 0,
            has_carrier: carrier.trim() == "1",
            can_multicast: flags & MULTICAST != 0,
            discovery_joined: joined.contains(&name),
            multicast_heard: None,
            name,
        });
    }
    Ok(interfaces)
}

fn flags(folder: &Path) -> io::Result<u32> {
    let text = std::fs::read_to_string(folder.join("flags"))?;
    let digits = text.trim().trim_start_matches("0x");
    u32::from_str_radix(digits, 16).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// The interfaces on which a program of this machine has joined a group, by `/proc/net/igmp`.
fn joined_on(text: &str, group: Ipv4Addr) -> BTreeSet<String> {
    // The kernel prints the address' bytes as a number of this machine's own order.
    let wanted = format!("{:08X}", u32::from_ne_bytes(group.octets()));
    let mut interface = String::new();
    let mut joined = BTreeSet::new();
    for line in text.lines().skip(1) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        match line.starts_with(char::is_whitespace) {
            true if first == wanted => {
                joined.insert(interface.clone());
            }
            true => {}
            false => {
                interface = words
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(':')
                    .to_owned()
            }
        }
    }
    joined
}

/// Whether a datagram to the group of announcements comes back that is sent on the interface with
/// this address; to a port of our own, so that nobody else hears it.
pub fn multicast_heard(address: Ipv4Addr) -> Looked<bool> {
    let heard = || -> io::Result<bool> {
        let receiver = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        receiver.join_multicast_v4(&GROUP, &address)?;
        let port = receiver.local_addr()?.port();
        // Linux sends to a group on the interface of the address that the socket is bound to.
        let sender = UdpSocket::bind((address, 0))?;
        sender.set_multicast_ttl_v4(0)?;
        let from = sender.local_addr()?;
        sender.send_to(b"shipmate doctor", (GROUP, port))?;
        let end = Instant::now() + HEARD_WITHIN;
        let mut buffer = [0; 32];
        while let Some(left) = left_until(end) {
            receiver.set_read_timeout(Some(left))?;
            match receiver.recv_from(&mut buffer) {
                Ok((_, who)) if who == from => return Ok(true),
                // Somebody else's; that it is not there yet is the next turn's matter.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    };
    heard().or_else(|error| match error.kind() {
        // A firewall that refuses what goes out says so to the sender.
        ErrorKind::PermissionDenied | ErrorKind::NetworkUnreachable => Ok(false),
        _ => Err(error.to_string()),
    })
}

fn left_until(end: Instant) -> Option<Duration> {
    let left = end.checked_duration_since(Instant::now())?;
    (!left.is_zero()).then_some(left)
}

/// Whether the routing table knows a way for multicast.
pub fn multicast_route() -> Looked<bool> {
    let text = std::fs::read_to_string("/proc/net/route").map_err(|e| e.to_string())?;
    Ok(routes(&text, GROUP))
}

/// By `/proc/net/route`, whose addresses are numbers of this machine's own order.
fn routes(text: &str, address: Ipv4Addr) -> bool {
    let address = u32::from_ne_bytes(address.octets());
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    text.lines().skip(1).any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let destination = words.get(1).copied().and_then(number);
        let mask = words.get(7).copied().and_then(number);
        matches!((destination, mask), (Some(to), Some(mask)) if address & mask == to)
    })
}

/// The largest receive and send buffer of a socket.
pub fn socket_buffers() -> Looked<(u64, u64)> {
    let read = |name: &str| {
        let path = format!("/proc/sys/net/core/{name}");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        { text.trim().parse() }.map_err(|e| format!("{path}: {e}"))
    };
    Ok((read("rmem_max")?, read("wmem_max")?))
}

/// /dev/shm, and whose files of Fast DDS are there.
pub fn shared_memory() -> Looked<SharedMemory> {
    let files = std::fs::read_dir(MEMORY).map_err(|error| format!("{MEMORY}: {error}"))?;
    let owners = files
        .filter_map(Result::ok)
        .filter(|file| {
            let name = file.file_name();
            let name = name.to_string_lossy();
            name.starts_with("fastrtps_") || name.starts_with("fastdds_")
        })
        // What is gone meanwhile is nobody's.
        .filter_map(|file| file.metadata().ok().map(|it| it.uid()))
        .collect();
    let space = space(Path::new(MEMORY))?;
    Ok(SharedMemory { space, owners })
}

/// Whether a file is there.
pub fn is_there(path: &str) -> Looked<bool> {
    Path::new(path)
        .try_exists()
        .map_err(|error| error.to_string())
}

/// Who runs this process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Which implementations of DDS for ROS are in these prefixes and folders of libraries.
pub fn middleware(prefixes: &str, libraries: &str) -> Middleware {
    let of_prefixes = std::env::split_paths(prefixes).map(|prefix| prefix.join("lib"));
    let mut known = Middleware::default();
    for folder in of_prefixes.chain(std::env::split_paths(libraries)) {
        // A prefix may be gone, or have no libraries.
        for file in std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
        {
            match implementation(&file.file_name().to_string_lossy()) {
                // Where this is a link, there is no choice.
                Some("rmw_implementation") => known.fixed = known.fixed.or(fixed(&file.path())),
                Some(name) => {
                    known.installed.insert(name.to_owned());
                }
                None => {}
            }
        }
    }
    known
}

fn fixed(library: &Path) -> Option<String> {
    let target = std::fs::read_link(library).ok()?;
    let name = target.file_name()?.to_string_lossy().into_owned();
    { implementation(&name) }
        .filter(|name| *name != "rmw_implementation")
        .map(str::to_owned)
}

/// The implementation whose library this is; others begin like it and do something else.
fn implementation(file: &str) -> Option<&str> {
    const OTHERS: [&str; 4] = [
        "rmw_dds_common",
        "rmw_fastrtps_shared_cpp",
        "rmw_security_common",
        "rmw_stats_shim",
    ];
    let name = file.strip_prefix("lib")?.strip_suffix(".so")?;
    let is_one = name.starts_with("rmw_") && !name.contains("__");
    let is_other = OTHERS.iter().any(|other| name.starts_with(other));
    (is_one && !is_other).then_some(name)
}

/// What a program prints that only reads; None when there is no such program. It is ended when
/// nobody waits for it any more.
pub async fn printed(program: &str, arguments: &[&str]) -> Option<Looked<String>> {
    let program = find(program)?;
    Some(run(&program, arguments).await)
}

fn find(program: &str) -> Option<PathBuf> {
    let folders = FOLDERS.iter().map(Path::new);
    folders
        .map(|folder| folder.join(program))
        .find(|it| it.is_file())
}

async fn run(program: &Path, arguments: &[&str]) -> Looked<String> {
    let told = |error: io::Error| format!("{}: {error}", program.display());
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(told)?;
    let (out, notes) = (child.stdout.take(), child.stderr.take());
    let (out, notes) = futures::join!(beginning(out), beginning(notes));
    let status = child.wait().await.map_err(told)?;
    match status.success() {
        true => Ok(out.map_err(told)?),
        false => {
            let notes = notes.unwrap_or_default();
            let first = notes.lines().next().unwrap_or_default();
            Err(format!("{}: {status}: {first}", program.display()))
        }
    }
}

/// What is beyond the limit is lost, and its writer told so by the closed pipe.
async fn beginning(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LONGEST_OUTPUT).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
