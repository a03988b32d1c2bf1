//! From what the domain shows to shipmate's messages.

use r2r::diagnostic_msgs::msg::{DiagnosticStatus, KeyValue};
use r2r::shipmate::msg;

use super::action_server::time;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::container::ImageProgress;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::Status;
use crate::domain::deployment::view::{
    BindingView, ComponentView, Condition, DependencyView, DeploymentView, EndpointView,
    ExecutableView,
};
use crate::domain::events::ChangeEvent;
use crate::domain::health::Health;
use crate::domain::manifest::{Package, ParameterKind, Problem, Protocol, Runtime, Scalar, Scope};
use crate::domain::time::WallTime;

/// The only device there is.
const TARGET: &str = "local";
/// Where a published port is reached from the machine itself.
const HOST: &str = "127.0.0.1";

/// A deployment.
pub fn deployment(view: &DeploymentView) -> msg::Deployment {
    let (status, status_name) = status(view.condition.status);
    msg::Deployment {
        id: view.id.clone(),
        name: view.name.clone(),
        package: view.package.clone(),
        version: view.version.clone(),
        group: view.group.clone(),
        parameters: view.parameters.iter().map(parameter).collect(),
        phase: view.phase as u8,
        phase_name: view.phase.name().to_owned(),
        status,
        status_name,
        reason: reason(&view.condition),
        error_codes: view
            .error_codes
            .iter()
            .map(|code| code.as_str().to_owned())
            .collect(),
        components: view.components.iter().map(component).collect(),
        dependencies: view.dependencies.iter().map(dependency).collect(),
        endpoints: view.endpoints.iter().map(endpoint).collect(),
        created_at: time(view.created_at),
        updated_at: time(view.updated_at),
    }
}

/// What a deployment needs of another one.
pub fn dependency(view: &DependencyView) -> msg::Dependency {
    msg::Dependency {
        alias: view.alias.clone(),
        package: view.package.clone(),
        version: view.version.clone(),
        condition: view.condition.name().to_owned(),
        deployment_id: view.deployment.clone(),
        deployment_name: view.name.clone(),
        met: view.unmet.is_none(),
        reason: text(view.unmet.as_deref().unwrap_or_default()),
        bindings: view.bindings.iter().map(binding).collect(),
    }
}

fn binding(view: &BindingView) -> msg::Binding {
    msg::Binding {
        name: view.name.clone(),
        value: text(&view.value),
        secret: view.secret,
    }
}

fn parameter((name, value): &(String, String)) -> msg::Parameter {
    msg::Parameter {
        name: name.clone(),
        value: text(value),
    }
}

fn component(view: &ComponentView) -> msg::Component {
    let (status, status_name) = status(view.condition.status);
    let runtime = match view.runtime {
        Runtime::Device => "device",
        Runtime::Cloud => "cloud",
    };
    msg::Component {
        name: view.name.clone(),
        runtime: runtime.to_owned(),
        target: TARGET.to_owned(),
        status,
        status_name,
        reason: reason(&view.condition),
        executables: view.executables.iter().map(executable).collect(),
    }
}

fn executable(view: &ExecutableView) -> msg::Executable {
    let (status, status_name) = status(view.condition.status);
    let (how, when) = view
        .first_failure
        .as_ref()
        .map_or(("", ""), |(how, when)| (how, when));
    msg::Executable {
        name: view.name.clone(),
        container_name: view.container_name.clone(),
        container_id: view.container_id.clone(),
        image: view.image.clone(),
        status,
        status_name,
        reason: reason(&view.condition),
        error_code: view
            .condition
            .code
            .map_or_else(String::new, |c| c.as_str().to_owned()),
        exit_code: view.exit_code.unwrap_or(-1),
        exit_signal: view.exit_signal.unwrap_or_default().to_owned(),
        out_of_memory: view.out_of_memory,
        first_failure: text(how),
        first_failure_at: engine_time(when),
        restart_count: view.restarts,
        last_output: text(&view.last_output),
    }
}

/// A moment in the engine's words, such as `2026-11-23T12:32:26.700881445Z`; zero when it says none.
fn engine_time(text: &str) -> r2r::builtin_interfaces::msg::Time {
    let nanoseconds =
        ::time::OffsetDateTime::parse(text, &::time::format_description::well_known::Rfc3339)
            .ok()
            .and_then(|moment| i64::try_from(moment.unix_timestamp_nanos()).ok());
    time(WallTime(nanoseconds.unwrap_or_default()))
}

fn endpoint(view: &EndpointView) -> msg::Endpoint {
    let (container_host, network) = view.in_network.clone().unwrap_or_default();
    msg::Endpoint {
        name: view.name.clone(),
        component: view.component.clone(),
        protocol: protocol(view.protocol).to_owned(),
        external: view.external,
        port: view.port,
        host: view.host_port.map_or_else(String::new, |_| HOST.to_owned()),
        host_port: view.host_port.unwrap_or_default(),
        scheme: view.scheme.clone(),
        container_host,
        network,
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// How far the images of a deployment are.
pub fn progress(view: &DeploymentView) -> Vec<msg::Progress> {
    let mut all = Vec::new();
    for component in &view.components {
        for executable in &component.executables {
            if let Some(progress) = &executable.progress {
                all.push(one_progress(component, executable, progress));
            }
        }
    }
    all
}

fn one_progress(
    component: &ComponentView,
    executable: &ExecutableView,
    progress: &ImageProgress,
) -> msg::Progress {
    let activity = if progress.building {
        "building"
    } else {
        "pulling"
    };
    msg::Progress {
        component: component.name.clone(),
        executable: executable.name.clone(),
        image: executable.image.clone(),
        activity: activity.to_owned(),
        step: text(&progress.step),
        layers_done: progress.layers_done,
        layers_total: progress.layers_total,
        bytes_done: progress.bytes_done,
        bytes_total: progress.bytes_total,
    }
}

/// A change of a phase or a status.
pub fn event(event: &ChangeEvent, now: WallTime) -> msg::DeploymentEvent {
    let (previous_phase, previous_phase_name) = event.previous_phase.map_or_else(none, phase);
    let (phase, phase_name) = phase(event.phase);
    let (previous_status, previous_status_name) = status(event.previous_status);
    let (status, status_name) = status(event.status);
    let action = event.code.map_or("", |code| code.recommended_action());
    msg::DeploymentEvent {
        header: header(now),
        deployment_id: event.deployment_id.clone(),
        deployment_name: event.deployment_name.clone(),
        component: event.component.clone(),
        executable: event.executable.clone(),
        previous_phase,
        previous_phase_name,
        phase,
        phase_name,
        previous_status,
        previous_status_name,
        status,
        status_name,
        reason: text(&event.reason),
        error_code: event
            .code
            .map_or_else(String::new, |c| c.as_str().to_owned()),
        recommended_action: action.to_owned(),
        last_output: text(&event.last_output),
    }
}

/// A header without a frame.
pub fn header(now: WallTime) -> r2r::std_msgs::msg::Header {
    r2r::std_msgs::msg::Header {
        stamp: time(now),
        frame_id: String::new(),
    }
}

/// How something is, for `/diagnostics`.
pub fn diagnostic(health: &Health, node: &str) -> DiagnosticStatus {
    DiagnosticStatus {
        level: health.level as u8,
        // Viewers sort by what stands before the colon.
        name: text(&format!(
            "{}: {}",
            node.trim_start_matches('/'),
            health.name
        )),
        message: text(&health.message),
        hardware_id: node.to_owned(),
        values: health
            .values
            .iter()
            .map(|(key, value)| KeyValue {
                key: (*key).to_owned(),
                value: text(value),
            })
            .collect(),
    }
}

/// A package of the catalogue.
pub fn package(catalogued: &CataloguedPackage) -> msg::Package {
    let package = &catalogued.package;
    msg::Package {
        name: package.name.clone(),
        version: package.version.to_string(),
        description: text(&package.description),
        singleton: package.singleton.scope().is_some(),
        singleton_scope: package.singleton.scope().map_or("", Scope::name).to_owned(),
        manifest: text(&catalogued.text),
        parameters: parameters(package),
        executables: executables(package),
        registered_at: time(catalogued.registered_at),
    }
}

fn parameters(package: &Package) -> Vec<msg::ParameterDescription> {
    package
        .parameters
        .iter()
        .map(|(name, parameter)| msg::ParameterDescription {
            name: name.clone(),
            type_: kind(parameter.kind).to_owned(),
            description: text(&parameter.description),
            required: parameter.required,
            secret: parameter.secret,
            default_value: parameter.default.as_ref().map_or_else(String::new, yaml),
        })
        .collect()
}

fn kind(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::String => "string",
        ParameterKind::Integer => "integer",
        ParameterKind::Number => "number",
        ParameterKind::Boolean => "boolean",
    }
}

/// A value as it would stand in YAML: texts in quotes, as JSON writes them.
fn yaml(value: &Scalar) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| value.to_string())
}

fn executables(package: &Package) -> Vec<String> {
    let names = |c: &crate::domain::manifest::Component| {
        let component = c.name.clone();
        let names: Vec<String> = c
            .executables
            .iter()
            .map(|e| format!("{component}/{}", e.name))
            .collect();
        names
    };
    package.components.iter().flat_map(names).collect()
}

/// A problem of a manifest.
pub fn problem(problem: &Problem) -> msg::ManifestProblem {
    msg::ManifestProblem {
        file: text(&problem.file),
        line: problem.line,
        column: problem.column,
        path: text(&problem.path),
        message: text(&problem.message),
    }
}

/// A deployment where there is none.
pub fn no_deployment() -> msg::Deployment {
    msg::Deployment::default()
}

fn phase(phase: Phase) -> (u8, String) {
    (phase as u8, phase.name().to_owned())
}

pub(super) fn status(status: Option<Status>) -> (u8, String) {
    status.map_or_else(none, |status| (status as u8, status.name().to_owned()))
}

fn none() -> (u8, String) {
    (0, String::new())
}

fn reason(condition: &Condition) -> String {
    text(&condition.reason)
}

/// A ROS string cannot hold a NUL.
pub fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
