//! A ROS domain of its own for each test, and nodes in it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use shipmate::domain::probe::{Answer, RosCheck, Whereabouts};
use shipmate::domain::time::Monotonic;
use shipmate::edge::ros::graph::GraphClient;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long something may take that happens at all.
const PATIENCE: Duration = Duration::from_secs(30);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The present.
pub fn now() -> Monotonic {
    Monotonic(START.elapsed())
}

/// A domain that no other test uses now, with a client that looks at it.
pub struct Place {
    pub domain: u8,
    pub client: GraphClient,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    /// Names of containers begin with it; it stands in the locked file, so that they are found when
    /// the test is killed.
    pub prefix: String,
    lock: File,
}

impl Place {
    /// Locks the file of a free domain, as tests/e2e/harness/place.py does.
    pub fn new() -> Self {
        let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
        let folder = std::env::temp_dir().join(format!("shipmate-tests-{uid}"));
        std::fs::create_dir_all(&folder).unwrap();
        let first = u8::try_from(std::process::id() % 100).unwrap();
        let (domain, lock) = (0..100)
            .map(|i| 1 + (first + i) % 100)
            .find_map(|domain| lock(&folder, domain).map(|file| (domain, file)))
            .expect("every ROS domain from 1 to 100 is used by a test on this machine");
        let prefix = format!("g{:x}d{domain}", std::process::id());
        (&lock).write_all(prefix.as_bytes()).unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self {
            domain,
            client: GraphClient::new(tasks.clone(), stop.clone(), now),
            stop,
            tasks,
            prefix,
            lock,
        }
    }

    /// A container that was started at this moment.
    pub fn since(&self, since: Monotonic) -> Whereabouts {
        Whereabouts {
            hostname: hostname(),
            host_network: true,
            domain: self.domain,
            since,
            ..Whereabouts::default()
        }
    }

    /// A node; see peer.py.
    pub fn peer(&self, namespace: &str, name: &str, words: &[&str]) -> Peer {
        let python = std::env::var_os("SHIPMATE_PYTHON").expect("`. scripts/env.sh` first");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ros_graph/peer.py");
        let mut child = Command::new("setpriv")
            // When the test is killed, the kernel kills the node too.
            .args(["--pdeathsig", "KILL"])
            .args([python.as_os_str(), script.as_os_str()])
            .args([namespace, name])
            .args(words)
            .env("ROS_DOMAIN_ID", self.domain.to_string())
            .env("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let peer = Peer(child);
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "ready"), "the node did not start");
        peer
    }

    /// Asks again at each change, until the answer is a yes or a no, as it is expected.
    pub async fn eventually(&self, holds: bool, check: &RosCheck, at: &Whereabouts) -> Answer {
        let until = Instant::now() + PATIENCE;
        let mut changes = self.client.changes(self.domain);
        loop {
            changes.borrow_and_update();
            let answer = self.client.check(check, at).await;
            if (answer == Answer::Yes) == holds {
                return answer;
            }
            assert!(Instant::now() < until, "{check:?} is still {answer:?}");
            // Not every change is one of the graph: a rate changes without any.
            let _ = tokio::time::timeout(Duration::from_millis(500), changes.changed()).await;
        }
    }

    /// Ends everything, and sees that it does.
    pub async fn leave(self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait())
            .await
            .expect("the threads did not end");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
        let _ = self.lock.set_len(0);
    }
}

fn lock(folder: &Path, domain: u8) -> Option<File> {
    let users = std::env::var("ROS_DOMAIN_ID").ok();
    if users == Some(domain.to_string()) {
        return None;
    }
    let path = folder.join(format!("domain-{domain}"));
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.try_lock().ok()?;
    // What a killed test has left there, tests/e2e tidies up.
    let is_tidy = file.metadata().unwrap().len() == 0;
    is_tidy.then_some(file)
}

/// The machine's, which the nodes of the tests have, too.
pub fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    name.trim().to_owned()
}

/// A node in a process of its own; it is killed at the end.
pub struct Peer(Child);

impl Peer {
    /// Ends it in order.
    pub fn stop(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// Lets it reach the goals that it works on.
    pub fn end_work(&self) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-USR1", &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it without asking, so that its trace stays on the graph.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
