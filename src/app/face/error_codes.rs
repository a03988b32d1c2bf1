//! The service `~/list_error_codes`.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::deployment::error_code::ErrorCode;
use crate::edge::ros::action_server::respond;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::ListErrorCodes;
use crate::edge::ros::{RosError, ServiceRequest, messages, msg};

/// The service.
pub struct Service {
    requests: mpsc::Receiver<ServiceRequest<ListErrorCodes::Service>>,
}

impl Service {
    /// Puts the service up.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(node: &mut RosNode) -> Result<Self, RosError> {
        Ok(Self {
            requests: node.service("~/list_error_codes", || ListErrorCodes::Response {
                message: super::BUSY.to_owned(),
                ..ListErrorCodes::Response::default()
            })?,
        })
    }

    /// Serves until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while let Some(Some(request)) = stop.run_until_cancelled(self.requests.recv()).await {
            let response = list(&request.message.codes);
            respond(request, response);
        }
    }
}

/// Those that are asked for, and what is wrong with the question.
fn list(wanted: &[String]) -> ListErrorCodes::Response {
    let unknown: Vec<&str> = { wanted.iter() }
        .map(String::as_str)
        .filter(|code| ErrorCode::of(code).is_none())
        .collect();
    let message = match unknown.is_empty() {
        true => String::new(),
        false => format!("there is no code {}", unknown.join(", ")),
    };
    let mut codes: Vec<msg::ErrorCode> = { ErrorCode::ALL.into_iter() }
        .filter(|code| wanted.is_empty() || wanted.iter().any(|it| it == code.as_str()))
        .map(message_of)
        .collect();
    codes.sort_by(|a, b| a.code.cmp(&b.code));
    ListErrorCodes::Response {
        success: unknown.is_empty(),
        message: messages::text(&message),
        codes,
    }
}

fn message_of(code: ErrorCode) -> msg::ErrorCode {
    msg::ErrorCode {
        code: code.as_str().to_owned(),
        description: code.description().to_owned(),
        recommended_action: code.recommended_action().to_owned(),
        raised: code.raised(),
    }
}
