//! The service `~/doctor`.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::doctor::Doctor;
use crate::domain::doctor::{Finding, Level, is_well, summary};
use crate::edge::ros::action_server::respond;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::{RosError, ServiceRequest, messages, msg, srv};

/// The service.
pub struct Service {
    requests: mpsc::Receiver<ServiceRequest<srv::Doctor::Service>>,
    doctor: Doctor,
}

impl Service {
    /// Puts the service up.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(node: &mut RosNode, doctor: Doctor) -> Result<Self, RosError> {
        Ok(Self {
            requests: node.service("~/doctor", || srv::Doctor::Response {
                message: super::BUSY.to_owned(),
                ..srv::Doctor::Response::default()
            })?,
            doctor,
        })
    }

    /// Serves until it is told to stop, one request after the other: each looks at the whole machine.
    pub async fn run(mut self, stop: CancellationToken) {
        while let Some(Some(request)) = stop.run_until_cancelled(self.requests.recv()).await {
            let Some(findings) = stop.run_until_cancelled(self.doctor.examine()).await else {
                return;
            };
            respond(request, response(&findings));
        }
    }
}

fn response(findings: &[Finding]) -> srv::Doctor::Response {
    srv::Doctor::Response {
        success: is_well(findings),
        message: messages::text(&summary(findings)),
        findings: findings.iter().map(message_of).collect(),
    }
}

fn message_of(finding: &Finding) -> msg::Finding {
    let level = match finding.level {
        Level::Ok => msg::Finding::LEVEL_OK as u8,
        Level::Warning => msg::Finding::LEVEL_WARNING as u8,
        Level::Error => msg::Finding::LEVEL_ERROR as u8,
    };
    msg::Finding {
        level,
        level_name: finding.level.name().to_owned(),
        subject: messages::text(&finding.subject),
        text: messages::text(&finding.text),
        remedy: messages::text(&finding.remedy),
    }
}
