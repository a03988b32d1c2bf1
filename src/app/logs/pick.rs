//! Whose output is meant.

use std::sync::Arc;

use super::{Author, Wanted};
use crate::app::snapshot::Snapshot;
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::masks::Masks;

/// Executables of one deployment.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// The deployment.
    pub id: DeploymentId,
    /// Its name.
    pub name: String,
    /// Whether nothing of it is left.
    pub over: bool,
    /// Why the engine cannot be asked, when it cannot.
    pub unreachable: Option<String>,
    /// What is taken out of what they write.
    pub masks: Masks,
    /// The executables.
    pub places: Vec<Place>,
}

/// One executable.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its names.
    pub author: Arc<Author>,
    /// Its container's id; empty while there is none.
    pub container: String,
}

/// Finds the executables that are meant; says what there is when some are not there.
pub(super) fn pick(snapshot: &Snapshot, wanted: &Wanted) -> Result<Picked, String> {
    let view = snapshot.find_or_say(&wanted.deployment)?;
    let places = places(view);
    check_component(view, wanted)?;
    let fits = |wanted: &str, name: &str| wanted.is_empty() || wanted == name;
    let candidates =
        { places.into_iter() }.filter(|place| fits(&wanted.component, &place.author.component));
    let (meant, others): (Vec<Place>, Vec<Place>) =
        candidates.partition(|place| fits(&wanted.executable, &place.author.executable));
    if meant.is_empty() {
        return Err(unknown_executable(view, wanted, &others));
    }
    Ok(Picked {
        id: view.id.clone(),
        name: view.name.clone(),
        over: view.over,
        unreachable: snapshot.unreachable.clone(),
        masks: view.masks.clone(),
        places: meant,
    })
}

fn places(view: &DeploymentView) -> Vec<Place> {
    let mut places = Vec::new();
    for component in &view.components {
        for executable in &component.executables {
            places.push(Place {
                author: Arc::new(Author {
                    component: component.name.clone(),
                    executable: executable.name.clone(),
                }),
                container: executable.container_id.clone(),
            });
        }
    }
    places
}

fn check_component(view: &DeploymentView, wanted: &Wanted) -> Result<(), String> {
    let names: Vec<&str> = view.components.iter().map(|c| c.name.as_str()).collect();
    if wanted.component.is_empty() || names.contains(&wanted.component.as_str()) {
        return Ok(());
    }
    Err(format!(
        "{} has no component {:?}; it has: {}",
        view.name,
        wanted.component,
        names.join(", ")
    ))
}

fn unknown_executable(view: &DeploymentView, wanted: &Wanted, others: &[Place]) -> String {
    let names: Vec<String> = others
        .iter()
        .map(|place| format!("{}/{}", place.author.component, place.author.executable))
        .collect();
    let owner = match wanted.component.is_empty() {
        true => view.name.clone(),
        false => format!("{}/{}", view.name, wanted.component),
    };
    format!(
        "{owner} has no executable {:?}; there are: {}",
        wanted.executable,
        names.join(", ")
    )
}

#[cfg(test)]
#[path = "pick_tests.rs"]
mod tests;
