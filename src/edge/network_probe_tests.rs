#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn check(port: u16, path: &str, status: Option<u16>) -> HttpCheck {
    HttpCheck {
        port,
        path: path.to_owned(),
        status,
    }
}

/// A server that gives the same answer to one question, and hands back the question.
async fn server(answer: Vec<u8>, hang_up: bool) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut question = Vec::new();
        while !question.ends_with(b"\r\n\r\n") && client.read_buf(&mut question).await.unwrap() > 0
        {
        }
        client.write_all(&answer).await.ok();
        if !hang_up {
            // Until the other side does.
            client.read_to_end(&mut Vec::new()).await.ok();
        }
        String::from_utf8(question).unwrap()
    });
    (port, served)
}

async fn answered(answer: &[u8], status: Option<u16>) -> Result<(), String> {
    let (port, served) = server(answer.to_vec(), true).await;
    let result = http(HERE, &check(port, "/ready?a=b", status)).await;
    served.await.unwrap();
    result.map_err(|error| error.replace(&port.to_string(), "PORT"))
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_port_that_listens_and_one_that_does_not() {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(tcp(HERE, port).await, Ok(()));
    let port = free_port().await;
    let missing = Err(format!("nothing listens on port {port}"));
    assert_eq!(tcp(HERE, port).await, missing);
    assert_eq!(http(HERE, &check(port, "/", None)).await, missing);
}

/// Made on purpose here; the kernel does it by chance.
#[tokio::test]
async fn a_connection_with_itself_is_none() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((HERE, 0).into()).unwrap();
    let own = socket.local_addr().unwrap();
    let stream = socket.connect(own).await.unwrap();
    assert!(is_its_own_other_end(&stream));
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let other = TcpStream::connect(listener.local_addr().unwrap()).await;
    assert!(!is_its_own_other_end(&other.unwrap()));
}

#[tokio::test]
async fn the_status_decides() {
    for (line, status, good) in [
        ("200 OK", None, true),
        ("204 No Content", None, true),
        ("302 Found\r\nLocation: /elsewhere", None, true),
        ("399 Odd", None, true),
        ("400 Bad Request", None, false),
        ("503 Unavailable", None, false),
        ("503 Unavailable", Some(503), true),
        ("200 OK", Some(503), false),
        ("100 Continue\r\n\r\nHTTP/1.1 200 OK", None, true),
    ] {
        let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n");
        let result = answered(answer.as_bytes(), status).await;
        assert_eq!(result.is_ok(), good, "{line} {status:?}: {result:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let (gone, says) = (
        b"HTTP/1.0 503 Gone\r\n\r\n",
        "GET /ready?a=b was answered with 503",
    );
    let said = |wanted: &str| Err(format!("{says}, not {wanted}"));
    assert_eq!(answered(gone, None).await, said("200 to 399"));
    assert_eq!(answered(gone, Some(200)).await, said("200"));
    for (answer, part) in [
        (
            &b""[..],
            "port PORT hung up without an answer to GET /ready?a=b",
        ),
        (b"HTTP/1.1 200", "hung up without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "something that is not HTTP"),
    ] {
        let error = answered(answer, None).await.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_path_that_is_none() {
    let (port, _served) = server(Vec::new(), true).await;
    let error = http(HERE, &check(port, "/with space", None))
        .await
        .unwrap_err();
    assert!(
        error.contains("\"/with space\" cannot be asked for"),
        "{error}"
    );
}

#[tokio::test]
async fn the_question_is_whole_and_says_that_it_is_the_only_one() {
    let (port, served) = server(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), true).await;
    http(HERE, &check(port, "/ready?a=b", None)).await.unwrap();
    let question = served.await.unwrap().to_lowercase();
    assert!(
        question.starts_with("get /ready?a=b http/1.1\r\n"),
        "{question}"
    );
    let host = format!("\r\nhost: 127.0.0.1:{port}\r\n");
    for header in [host.as_str(), "\r\nconnection: close\r\n"] {
        assert!(question.contains(header), "{question}");
    }
}

/// The body may never end: it is not waited for, and the connection ends with the answer.
#[tokio::test]
async fn only_the_head_is_read_and_then_it_hangs_up() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbegin";
    let (port, served) = server(answer.to_vec(), false).await;
    assert_eq!(http(HERE, &check(port, "/", None)).await, Ok(()));
    served.await.unwrap();
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    answer.extend((0..90).flat_map(|n| format!("X-{n}: {}\r\n", "a".repeat(2000)).into_bytes()));
    let (port, served) = server(answer, false).await;
    let error = http(HERE, &check(port, "/", None)).await.unwrap_err();
    assert!(error.contains("not HTTP"), "{error}");
    served.await.unwrap();
}

#[tokio::test]
async fn a_dropped_question_hangs_up() {
    let (port, served) = server(Vec::new(), false).await;
    let check = check(port, "/", None);
    let asked = http(HERE, &check);
    let limit = Duration::from_millis(200);
    tokio::time::timeout(limit, asked).await.unwrap_err();
    let question = tokio::time::timeout(Duration::from_secs(30), served).await;
    assert!(question.unwrap().unwrap().starts_with("GET / "));
}
