//! An update as it is shown, and what it does in words.

use super::Update;
use crate::domain::deployment::Deployment;
use crate::domain::deployment::view::UpdateView;

impl Deployment {
    /// How far the latest update is, as it is shown.
    pub(in crate::domain::deployment) fn update_view(&self) -> Option<UpdateView> {
        let under_way = self.update.is_some();
        let end = match &self.update {
            Some(_) => self.update_end(None, false),
            None => self.last_update.clone(),
        }?;
        Some(UpdateView {
            revision: end.revision,
            under_way,
            doing: self.updating(),
            rolled_back: end.rolled_back,
            canceled: end.canceled,
        })
    }

    /// What an update does, in words; empty when there is none.
    pub fn updating(&self) -> String {
        let label = self.order.package.label();
        match &self.update {
            None => String::new(),
            Some(Update::Preparing { next }) => {
                let label = next.package.label();
                let preparation = &self.preparation;
                match &preparation.waits {
                    _ if preparation.images.is_none() => {
                        format!("the images of {label} are fetched, for an update")
                    }
                    Some(waits) => format!("to be updated to {label}: {waits}"),
                    None if preparation.guarding => {
                        format!("to be updated to {label} as soon as no goal is executing")
                    }
                    None => format!("about to be updated to {label}"),
                }
            }
            Some(Update::Changing { .. }) => format!("what differs is replaced, for {label}"),
            Some(Update::RollingBack(end)) => {
                let why = end.rolled_back.as_deref().unwrap_or_default();
                format!("{label} comes back, because its update failed: {why}")
            }
        }
    }
}
