//! Asks programs behind network ports whether they are there. Neither question has a deadline of
//! its own: to drop the future is to hang up.

use std::error::Error;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use futures::future::{Either, select};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::domain::probe::HttpCheck;

/// More than this of an answer's head is not read.
const HEAD_LIMIT: usize = 64 << 10;

/// Whether something takes connections on a TCP port.
///
/// # Errors
/// In words, what is missing.
pub async fn tcp(address: IpAddr, port: u16) -> Result<(), String> {
    connect(address, port).await.map(drop)
}

/// Whether an HTTP server answers a GET as it should. Redirects are answers; nothing but the head
/// of the answer is read.
///
/// # Errors
/// In words, what is missing.
pub async fn http(address: IpAddr, check: &HttpCheck) -> Result<(), String> {
    let stream = connect(address, check.port).await?;
    let request = request(address, check)?;
    let status = ask(stream, request)
        .await
        .map_err(|e| unanswered(check, &e))?;
    judge(check, status)
}

async fn connect(address: IpAddr, port: u16) -> Result<TcpStream, String> {
    let nobody = || format!("nothing listens on port {port}");
    match TcpStream::connect((address, port)).await {
        Ok(stream) if is_its_own_other_end(&stream) => Err(nobody()),
        Ok(stream) => Ok(stream),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Err(nobody()),
        Err(error) => Err(format!(
            "port {port} of {address} cannot be reached ({error})"
        )),
    }
}

/// On this machine the kernel may choose the very port that is asked for as the asking one, and
/// then connect it with itself.
fn is_its_own_other_end(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => local == peer,
        _ => false,
    }
}

fn request(address: IpAddr, check: &HttpCheck) -> Result<Request<String>, String> {
    Request::get(&check.path)
        .header(HOST, SocketAddr::new(address, check.port).to_string())
        .header(USER_AGENT, concat!("shipmate/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(String::new())
        .map_err(|error| format!("{:?} cannot be asked for ({error})", check.path))
}

/// Asks, and turns the connection's wheels until there is an answer. No task does it, so nothing
/// is left of it when this is dropped.
async fn ask(stream: TcpStream, request: Request<String>) -> hyper::Result<StatusCode> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .handshake(TokioIo::new(stream))
        .await?;
    let answer = Box::pin(sender.send_request(request));
    let answer = match select(answer, connection).await {
        Either::Left((answer, _)) => answer,
        // Whatever the connection ended with, the answer is there by now, or an error in its place.
        Either::Right((_, answer)) => answer.await,
    };
    answer.map(|answer| answer.status())
}

fn judge(check: &HttpCheck, status: StatusCode) -> Result<(), String> {
    let status = status.as_u16();
    let (good, wanted) = match check.status {
        Some(wanted) => (status == wanted, wanted.to_string()),
        None => ((200..=399).contains(&status), "200 to 399".to_owned()),
    };
    match good {
        true => Ok(()),
        false => Err(format!(
            "GET {} was answered with {status}, not {wanted}",
            check.path
        )),
    }
}

fn unanswered(check: &HttpCheck, error: &hyper::Error) -> String {
    let HttpCheck { port, path, .. } = check;
    let cause = error
        .source()
        .map_or(error.to_string(), ToString::to_string);
    if error.is_parse() {
        format!("port {port} answered GET {path} with something that is not HTTP ({cause})")
    } else {
        format!("port {port} hung up without an answer to GET {path} ({cause})")
    }
}

#[cfg(test)]
#[path = "network_probe_tests.rs"]
mod tests;
