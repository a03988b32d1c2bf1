//! What of the environment says how nodes join the ROS graph, and the environment itself.

use std::collections::HashMap;

use super::Findings;
use super::interpolate::{Piece, pieces};
use super::service::{Executable, Setting};
use super::write::{Map, Value, text as value, word};

const DOMAIN: &str = "ROS_DOMAIN_ID";
const RMW: &str = "RMW_IMPLEMENTATION";

/// Takes out of all environments what is the component's; the `ros` of the component.
pub fn settings(executables: &mut [Executable], findings: &mut Findings) -> Option<Value> {
    for executable in executables.iter_mut() {
        findings.service.clone_from(&executable.service);
        follow_surroundings(executable, findings);
    }
    let domain = common(executables, DOMAIN)
        .filter(|text| text.parse::<u8>().is_ok_and(|domain| domain <= 101));
    let rmw = common(executables, RMW).filter(|text| is_rmw(text));
    let mut ros = Vec::new();
    for (key, name, common) in [("domain_id", DOMAIN, domain), ("rmw", RMW, rmw)] {
        match common {
            Some(text) => {
                for executable in executables.iter_mut() {
                    executable.environment.retain(|known| known.name != name);
                }
                let written = if name == DOMAIN {
                    word(text.parse::<u8>().unwrap_or_default())
                } else {
                    value(text)
                };
                ros.push((key, written));
            }
            None => note_differences(name, key, executables, findings),
        }
    }
    (!ros.is_empty()).then(|| Map::short(ros))
}

/// A domain that Compose takes from its surroundings is shipmate's own.
fn follow_surroundings(executable: &mut Executable, findings: &mut Findings) {
    let from_outside = |setting: &Setting| {
        let Some(raw) = &setting.raw else {
            return true;
        };
        let pieces = pieces(raw).0;
        matches!(pieces.as_slice(), [Piece::Variable(variable)] if variable.name == DOMAIN)
    };
    let environment = &mut executable.environment;
    let found = environment
        .iter()
        .position(|setting| setting.name == DOMAIN && from_outside(setting));
    if let Some(index) = found {
        let setting = environment.remove(index);
        let what = "Compose takes it from its surroundings, and so does shipmate: containers get the node's own domain, unless the component's `ros.domain_id` says another";
        findings.note("environment.ROS_DOMAIN_ID", setting.place, what);
    }
}

/// The value of a variable that all executables have, and that is plain text.
fn common(executables: &[Executable], name: &str) -> Option<String> {
    let mut values = executables.iter().map(|executable| {
        let mut settings = executable.environment.iter();
        let setting = settings.find(|setting| setting.name == name)?;
        setting.raw.as_deref().filter(|raw| !raw.contains('$'))
    });
    let first = values.next()??;
    values
        .all(|value| value == Some(first))
        .then(|| first.to_owned())
}

fn is_rmw(text: &str) -> bool {
    let rest = text.strip_prefix("rmw_").unwrap_or_default();
    (1..=60).contains(&rest.len())
        && rest
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn note_differences(name: &str, key: &str, executables: &[Executable], findings: &mut Findings) {
    for executable in executables {
        findings.service.clone_from(&executable.service);
        let settings = executable.environment.iter();
        for setting in settings.filter(|setting| setting.name == name) {
            let what = format!(
                "it stays in the environment, since the services do not agree on it or it is not plain; a component's `ros.{key}` is for all of its executables"
            );
            findings.note(&format!("environment.{name}"), setting.place, what);
        }
    }
}

/// The environment of an executable, with parameters.
pub fn environment(executable: &mut Executable, services: &Services, findings: &mut Findings) {
    findings.service.clone_from(&executable.service);
    let mut variables = Vec::new();
    for setting in &executable.environment {
        let key = format!("environment.{}", setting.name);
        let place = setting.place;
        let raw = match &setting.raw {
            Some(raw) => raw.clone(),
            None => {
                let what = "Compose takes it from its surroundings; it became a parameter that a goal has to set";
                findings.note(&key, place, what);
                format!("${{{}}}", setting.name)
            }
        };
        if matches!(setting.name.as_str(), "DISPLAY" | "WAYLAND_DISPLAY") {
            let what = "windows on the machine's screen: the policy has to allow the socket's path (/tmp/.X11-unix), and the X server the container's user (`xhost`)";
            findings.note(&key, place, what);
        }
        note_services(&key, place, &raw, services, findings);
        let template = findings.template(&key, place, &raw);
        variables.push((setting.name.clone(), value(template)));
    }
    if !variables.is_empty() {
        executable
            .values
            .insert("environment", Map::long(variables));
    }
}

/// What every service is called as an executable, and whether it is on the machine's network.
pub type Services = HashMap<String, (String, bool)>;

/// Finds where another service is addressed by its name. On networks of containers that works, once
/// it has an endpoint there; otherwise it is said.
pub fn note_services(
    key: &str,
    place: crate::domain::yaml::Place,
    text: &str,
    services: &Services,
    findings: &mut Findings,
) {
    let here = services.get(&findings.service);
    let on_host = here.is_some_and(|(_, on_host)| *on_host);
    for (colon, _) in text.match_indices(':') {
        let digits = text[colon + 1..]
            .split(|c: char| !c.is_ascii_digit())
            .next();
        let Some(port) = digits.and_then(|digits| digits.parse::<u16>().ok()) else {
            continue;
        };
        let before = &text[..colon];
        let start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && !"_.-".contains(c))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let name = &before[start..];
        match services.get(name) {
            None => {}
            Some((executable, false)) if !on_host && port > 0 => {
                findings.addressed.insert((name.to_owned(), port));
                if executable != name {
                    let what = format!("`{name}` is called `{executable}` now: write this name");
                    findings.note(key, place, what);
                }
            }
            Some(_) => {
                let what = format!(
                    "`{name}` is another service, and one of both is on the host's network, where containers do not find each other by name: write `localhost` on the host's network, and `host.docker.internal` elsewhere, and publish the port"
                );
                findings.note(key, place, what);
            }
        }
    }
}
