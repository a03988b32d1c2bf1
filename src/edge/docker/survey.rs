//! What an engine says of itself and of all that runs on it, whoever started that.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerInspectResponse, SystemInfo};
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions, ListNetworksOptions};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Engine, EngineError, Failure};
use crate::domain::container::labels;
use crate::domain::doctor::facts::{EngineAbout, Environment, RunningContainer, RunningContainers};
use crate::domain::doctor::variables::is_about_ros;

/// How many containers are inspected at once.
const AT_ONCE: usize = 8;
/// How many containers are looked at.
const MOST: usize = 200;
/// The address pools of an IPv4 network are subnets of at most so many bits.
const BITS: u32 = 32;

impl Engine {
    /// What the engine is and how it is set up.
    pub async fn about(&self) -> Result<EngineAbout, EngineError> {
        let known = self.ping().await?;
        let client = self.client()?;
        let info = self.asked("say how it is set up", client.info()).await?;
        Ok(EngineAbout {
            api_version: known.api_version,
            ..about_of(info)
        })
    }

    /// How many of its networks take an address pool; the machine's own and overlays do not.
    pub async fn count_networks(&self) -> Result<usize, EngineError> {
        let drivers = self.drivers().await?;
        Ok(drivers
            .values()
            .filter(|driver| *driver == "bridge")
            .count())
    }

    /// How many images have lost their name to a newer one.
    pub async fn count_nameless_images(&self) -> Result<usize, EngineError> {
        let client = self.client()?;
        let filter = ("dangling".to_owned(), vec!["true".to_owned()]);
        let options = ListImagesOptions {
            filters: Some(HashMap::from([filter])),
            ..Default::default()
        };
        let found = self.asked("list images", client.list_images(Some(options)));
        Ok(found.await?.len())
    }

    /// What runs, whoever started it; of its variables only those that are about ROS.
    pub async fn running(&self) -> Result<RunningContainers, EngineError> {
        let client = self.client()?;
        let options = None::<ListContainersOptions>;
        let found = self.asked("list containers", client.list_containers(options));
        let mut ids: Vec<String> = { found.await?.into_iter() }
            .filter_map(|summary| summary.id)
            .collect();
        let left_out = ids.len().saturating_sub(MOST);
        ids.truncate(MOST);
        let drivers = self.drivers().await?;
        let looked = stream::iter(ids).map(|id| async move { self.find(&id).await });
        let mut containers: Vec<RunningContainer> = { looked.buffer_unordered(AT_ONCE) }
            // One that has ended meanwhile is not missed.
            .try_filter_map(async |found| Ok(found.map(|it| running_of(it, &drivers))))
            .try_collect()
            .await?;
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(RunningContainers {
            containers,
            left_out,
        })
    }

    /// The drivers of its networks, by the networks' names.
    async fn drivers(&self) -> Result<BTreeMap<String, String>, EngineError> {
        let client = self.client()?;
        let options = None::<ListNetworksOptions>;
        let found = self.asked("list networks", client.list_networks(options));
        let named = |network: bollard::models::Network| Some((network.name?, network.driver?));
        Ok(found.await?.into_iter().filter_map(named).collect())
    }

    async fn asked<T>(
        &self,
        what: &str,
        question: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, EngineError> {
        self.within(what, self.deadlines().question, question)
            .await?
            .map_err(|failure| self.explain(&failure, what))
    }
}

fn about_of(info: SystemInfo) -> EngineAbout {
    let options = info.security_options.unwrap_or_default();
    // Each is a list such as `name=seccomp,profile=default`.
    let is_set = |name: &str| {
        let wanted = format!("name={name}");
        let parts = options.iter().flat_map(|it| it.split(','));
        parts.into_iter().any(|part| part == wanted)
    };
    EngineAbout {
        version: info.server_version.unwrap_or_default(),
        api_version: String::new(),
        root_dir: info.docker_root_dir.unwrap_or_default(),
        live_restore: info.live_restore_enabled.unwrap_or_default(),
        cgroup_version: { info.cgroup_version }.map_or(String::new(), |it| it.to_string()),
        cgroup_driver: { info.cgroup_driver }.map_or(String::new(), |it| it.to_string()),
        rootless: is_set("rootless"),
        user_namespaces: is_set("userns"),
        network_capacity: { info.default_address_pools }
            .filter(|pools| !pools.is_empty())
            .map(|pools| {
                let each = pools.into_iter();
                each.map(|pool| {
                    capacity(
                        &pool.base.unwrap_or_default(),
                        pool.size.unwrap_or_default(),
                    )
                })
                .fold(0, u64::saturating_add)
            }),
    }
}

/// How many networks of `size` bits there are in a pool such as `172.17.0.0/12`.
fn capacity(base: &str, size: i64) -> u64 {
    let length = base.rsplit_once('/').and_then(|(_, it)| it.parse().ok());
    let (Some(length), Ok(size)) = (length, u32::try_from(size)) else {
        return 0;
    };
    // IPv6 has plenty, and its networks take an IPv4 pool as well.
    if size > BITS {
        return 0;
    }
    size.checked_sub(length)
        .and_then(|bits| 1_u64.checked_shl(bits))
        .unwrap_or_default()
}

fn running_of(
    found: ContainerInspectResponse,
    drivers: &BTreeMap<String, String>,
) -> RunningContainer {
    let config = found.config.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let networks = found.network_settings.and_then(|it| it.networks);
    let driver = |name: String| {
        let driver = drivers.get(&name).cloned().unwrap_or_default();
        (name, driver)
    };
    RunningContainer {
        name: { found.name.unwrap_or_default() }
            .trim_start_matches('/')
            .to_owned(),
        is_shipmates: { config.labels.unwrap_or_default() }.contains_key(labels::OWNER),
        user: config.user.unwrap_or_default(),
        environment: ros_variables(&config.env.unwrap_or_default()),
        network_mode: host.network_mode.unwrap_or_default(),
        networks: networks
            .unwrap_or_default()
            .into_keys()
            .map(driver)
            .collect(),
        ipc_mode: host.ipc_mode.unwrap_or_default(),
    }
}

fn ros_variables(all: &[String]) -> Environment {
    let split = all.iter().filter_map(|it| it.split_once('='));
    split
        .filter(|(name, _)| is_about_ros(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_holds_as_many_networks_as_fit() {
        for (base, size, networks) in [
            ("172.17.0.0/12", 16, 16),
            ("10.0.0.0/8", 24, 65_536),
            ("10.0.0.0/24", 24, 1),
            ("10.0.0.0/24", 16, 0),
            ("fd00::/48", 64, 0),
            ("10.0.0.0", 24, 0),
            ("10.0.0.0/0", 32, 1 << 32),
            ("10.0.0.0/8", -1, 0),
        ] {
            assert_eq!(capacity(base, size), networks, "{base} {size}");
        }
    }

    #[test]
    fn of_variables_only_those_are_kept_that_are_about_ros() {
        let all = ["ROS_DOMAIN_ID=7", "PASSWORD=a", "FASTDDS_X=a=b", "ROS_SET="];
        let kept = ros_variables(&all.map(str::to_owned));
        let kept: Vec<_> = { kept.iter() }
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let expected = [
            ("FASTDDS_X", "a=b"),
            ("ROS_DOMAIN_ID", "7"),
            ("ROS_SET", ""),
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn security_options_are_read_word_by_word() {
        let info = |option: &str| SystemInfo {
            security_options: Some(vec![
                "name=seccomp,profile=default".to_owned(),
                option.to_owned(),
            ]),
            ..Default::default()
        };
        assert!(about_of(info("name=rootless")).rootless);
        assert!(about_of(info("name=userns")).user_namespaces);
        assert!(!about_of(info("name=cgroupns")).rootless);
    }
}
