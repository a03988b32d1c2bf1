//! A deployment as it is shown: phase, statuses, reasons, codes.

mod condition;
mod neighbours;
mod shown;

use super::containers::container_name;
use super::executable::ExecutableState;
use super::restart::{describe, signal_of};
use super::{Deployment, ExecutableKey};
use crate::domain::manifest::{Component, Executable};
pub use condition::Condition;
use condition::error_codes;
pub use shown::{
    BindingView, ComponentView, DependencyView, DeploymentView, EndpointView, ExecutableView,
    SECRET, UpdateView,
};

impl Deployment {
    /// How it is shown. `unreachable` says why the engine cannot be asked, when it cannot.
    pub fn view(&self, prefix: &str, unreachable: Option<&str>) -> DeploymentView {
        let components: Vec<ComponentView> = self
            .order
            .package
            .components
            .iter()
            .enumerate()
            .map(|(index, component)| self.component_view(index, component, prefix, unreachable))
            .collect();
        let condition = self.condition(&components);
        DeploymentView {
            id: self.order.id.clone(),
            name: self.order.name.clone(),
            package: self.order.package.name.clone(),
            version: self.order.package.version.to_string(),
            group: self.order.group.clone(),
            parameters: self.parameter_views(),
            masks: self.masks(),
            phase: self.phase,
            error_codes: error_codes(&condition, &components),
            condition,
            dependencies: self.dependency_views(),
            endpoints: self.endpoint_views(prefix),
            components,
            created_at: self.order.created_at,
            updated_at: self.updated_at,
            wanted: self.wanted,
            over: self.is_over(),
            canceled: self.canceled,
            update: self.update_view(),
        }
    }

    fn component_view(
        &self,
        index: usize,
        component: &Component,
        prefix: &str,
        unreachable: Option<&str>,
    ) -> ComponentView {
        let states = self
            .executables
            .get(index)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let executables: Vec<ExecutableView> = states
            .iter()
            .enumerate()
            .filter_map(|(executable, state)| {
                let key = ExecutableKey {
                    component: index,
                    executable,
                };
                self.executable_view(&key, state, prefix, unreachable)
            })
            .collect();
        ComponentView {
            name: component.name.clone(),
            runtime: component.runtime,
            condition: Condition::combined(
                executables.iter().map(|e| (e.name.as_str(), &e.condition)),
            ),
            executables,
        }
    }

    fn executable_view(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        prefix: &str,
        unreachable: Option<&str>,
    ) -> Option<ExecutableView> {
        let (component, executable) = self.manifest_of(key)?;
        let image = self.image_of(key);
        let (last_exit, first_failure) = (state.last_exit.as_ref(), state.first_failure.as_ref());
        Some(ExecutableView {
            name: executable.name.clone(),
            container_name: self.shown_name(prefix, component, executable, state),
            container_id: state
                .container
                .as_ref()
                .map_or_else(String::new, |c| c.id.clone()),
            condition: self.executable_condition(key, state, &image, unreachable),
            image,
            exit_code: last_exit.map(|exit| exit.code),
            exit_signal: last_exit.and_then(|exit| signal_of(exit.code)),
            out_of_memory: last_exit.is_some_and(|exit| exit.out_of_memory),
            restarts: state.restarts,
            first_failure: first_failure.map(|exit| (describe(exit), exit.ended_at.clone())),
            last_output: first_failure
                .map(|exit| exit.last_output.clone())
                .unwrap_or_default(),
            progress: state.progress.clone(),
        })
    }

    /// What its container is called, also when somebody renamed it; or what it will be called.
    fn shown_name(
        &self,
        prefix: &str,
        component: &Component,
        executable: &Executable,
        state: &ExecutableState,
    ) -> String {
        let known = state.container.as_ref().map(|c| c.name.clone());
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            container_name(prefix, &self.order.name, &component.name, &executable.name)
        })
    }
}
