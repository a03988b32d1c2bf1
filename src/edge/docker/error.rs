//! What can go wrong with an engine, each said in a sentence that a person can act on.

/// Why the engine did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers at the engine's address.
    #[error(
        "Docker does not answer at {address} ({cause}): start it with `sudo systemctl start docker`"
    )]
    Unreachable {
        /// Where the engine should be.
        address: String,
        /// What was seen instead.
        cause: String,
    },
    /// The engine's socket may not be opened.
    #[error(
        "this user may not talk to Docker at {address}: add it to the group docker with \
         `sudo usermod -aG docker $USER` and log in again"
    )]
    NotPermitted {
        /// Where the engine is.
        address: String,
    },
    /// The image is neither on the engine nor in its registry.
    #[error(
        "the image {image} does not exist: correct its name or tag, or, if its registry hides it, \
         log in with `docker login`"
    )]
    ImageNotFound {
        /// The image's reference.
        image: String,
    },
    /// The image's registry cannot be talked to.
    #[error(
        "the registry of the image {image} cannot be reached ({cause}): check its address and this \
         machine's network"
    )]
    RegistryUnreachable {
        /// The image's reference.
        image: String,
        /// The engine's words.
        cause: String,
    },
    /// The image's registry wants other credentials.
    #[error(
        "the registry of the image {image} refused ({cause}): log in with `docker login` as the \
         user that runs shipmate"
    )]
    RegistryDenied {
        /// The image's reference.
        image: String,
        /// The engine's words.
        cause: String,
    },
    /// A pull stopped making progress.
    #[error(
        "nothing of the image {image} arrived for {seconds} s: check the network and its registry, \
         then deploy again"
    )]
    PullStalled {
        /// The image's reference.
        image: String,
        /// How long nothing arrived.
        seconds: u64,
    },
    /// A build ended with an error.
    #[error(
        "the image {image} could not be built, correct what its last lines name:\n{last_lines}"
    )]
    BuildFailed {
        /// The name that the image was to get.
        image: String,
        /// The last lines of the build's output.
        last_lines: String,
    },
    /// The container's name belongs to another one.
    #[error(
        "the container name {name} is taken by the container {holder}: remove it with \
         `docker rm -f {holder}`, or deploy under another name"
    )]
    NameTaken {
        /// The wanted name.
        name: String,
        /// The id of the container that has it.
        holder: String,
    },
    /// The network's name belongs to one that shipmate did not make.
    #[error(
        "the network name {name} is taken by the network {holder}, which this shipmate did not \
         make: remove it with `docker network rm {name}`, or deploy under another name"
    )]
    NetworkTaken {
        /// The wanted name.
        name: String,
        /// The id of the network that has it.
        holder: String,
    },
    /// The engine has no addresses left for another network.
    #[error(
        "Docker has no addresses left for another network ({cause}): remove unused ones with \
         `docker network prune`, or give it more with \"default-address-pools\" in \
         /etc/docker/daemon.json"
    )]
    NetworksExhausted {
        /// The engine's words.
        cause: String,
    },
    /// The port on the machine is taken.
    #[error(
        "the port {port} of this machine is in use ({cause}): stop what listens there, or choose \
         another host port"
    )]
    PortInUse {
        /// The port; 0 when the engine did not name it.
        port: u16,
        /// The engine's words.
        cause: String,
    },
    /// The engine's disk is full.
    #[error(
        "the engine's disk is full ({cause}): free space, for example with `docker system prune`"
    )]
    DiskFull {
        /// The engine's words.
        cause: String,
    },
    /// The program to run is not in the image, or cannot be run.
    #[error("the command {command} cannot be run ({cause}): correct the command, or the image")]
    CommandNotFound {
        /// The program.
        command: String,
        /// Why it cannot be run.
        cause: String,
    },
    /// A path of the machine is not there.
    #[error("the path {path} does not exist on this machine: create it, or correct the manifest")]
    PathNotFound {
        /// The path.
        path: String,
    },
    /// A device of the machine is not there.
    #[error("the device {device} is not on this machine: connect it, or correct the manifest")]
    DeviceNotFound {
        /// The device file, or `gpu`.
        device: String,
    },
    /// The engine took too long.
    #[error(
        "Docker did not {what} within {seconds} s: see what keeps it busy with \
         `journalctl -u docker`, then try again"
    )]
    Deadline {
        /// What it was asked to do.
        what: String,
        /// How long it had.
        seconds: u64,
    },
    /// The engine refused for a reason that has no name here.
    #[error("Docker refused to {what}: {cause}")]
    Refused {
        /// What it was asked to do.
        what: String,
        /// The engine's words.
        cause: String,
    },
}
