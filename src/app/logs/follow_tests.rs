#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::sync::Mutex;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::Semaphore;

use super::super::test_world::{change, change_driver, snapshot};
use super::super::{Wanted, pick};
use super::*;
use crate::domain::deployment::status::Status;
use crate::domain::log::LogStream;
use crate::domain::time::WallTime;

type Said = Result<LogLine, EngineError>;

fn line(at: i64, text: &str) -> LogLine {
    LogLine {
        at: WallTime(at),
        stream: LogStream::Stdout,
        text: text.to_owned(),
    }
}

fn error_line(at: i64, text: &str) -> LogLine {
    LogLine {
        stream: LogStream::Stderr,
        ..line(at, text)
    }
}

fn lost() -> EngineError {
    EngineError::Unreachable {
        address: "the test".to_owned(),
        cause: "it is over".to_owned(),
    }
}

/// An engine that gives each reader the next of what was prepared; then containers that are silent.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<VecDeque<BoxStream<'static, Said>>>>,
    asked: Arc<Mutex<Vec<(String, LogQuery)>>>,
    pace: Arc<Mutex<Option<Pace>>>,
}

impl Fake {
    fn answers(&self, said: impl Stream<Item = Said> + Send + 'static) {
        self.answers.lock().unwrap().push_back(said.boxed());
    }

    fn ends_after(&self, lines: impl IntoIterator<Item = LogLine>) {
        let lines: Vec<Said> = lines.into_iter().map(Ok).collect();
        self.answers(stream::iter(lines));
    }

    fn pace(&self) -> Pace {
        self.pace
            .lock()
            .unwrap()
            .get_or_insert_with(Pace::new)
            .clone()
    }

    fn asked(&self) -> Vec<(String, LogQuery)> {
        self.asked.lock().unwrap().clone()
    }

    fn follow(&self, query: LogQuery, snapshots: &watch::Receiver<Snapshot>) -> Following {
        let wanted = Wanted {
            deployment: "arm".to_owned(),
            component: "left".to_owned(),
            executable: "driver".to_owned(),
            query,
        };
        let picked = pick::pick(&snapshots.borrow(), &wanted).unwrap();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let fake = self.clone();
        let open = move |id: &str, query: &LogQuery| {
            fake.asked.lock().unwrap().push((id.to_owned(), *query));
            let next = fake.answers.lock().unwrap().pop_front();
            next.unwrap_or_else(|| stream::pending().boxed())
        };
        Following::begin(&picked, query, snapshots, open, (permit, self.pace()))
    }
}

const TAIL: LogQuery = LogQuery {
    tail: 3,
    since: WallTime(0),
};

/// A snapshot in which the driver runs in a container.
fn running(container: &str) -> watch::Sender<Snapshot> {
    let mut snapshot = snapshot();
    change_driver(&mut snapshot, |driver| {
        driver.container_id = container.to_owned();
        driver.condition.status = Some(Status::Running);
    });
    watch::Sender::new(snapshot)
}

async fn texts(following: &mut Following, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let batch = following.next().await.expect("it goes on");
        texts.extend(batch.lines.into_iter().map(|l| l.line.text));
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_it_ended_when_a_container_is_started_again() {
    let fake = Fake::default();
    fake.ends_after([line(10, "a"), line(20, "b")]);
    fake.ends_after([
        line(10, "a"),
        line(20, "b"),
        error_line(5, "older"),
        line(30, "c"),
    ]);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    assert_eq!(texts(&mut following, 2).await, ["a", "b"]);
    shown.send_modify(|s| change_driver(s, |driver| driver.restarts += 1));
    assert_eq!(texts(&mut following, 1).await, ["c"]);
    let again = LogQuery {
        tail: u32::MAX,
        since: WallTime(10),
    };
    let asked = fake.asked();
    assert_eq!(
        asked[..2],
        [("one".to_owned(), TAIL), ("one".to_owned(), again)]
    );
}

/// The container was started again by hand, so fast that nobody saw that it had ended.
#[tokio::test(start_paused = true)]
async fn one_that_is_said_to_run_is_looked_at_again() {
    let fake = Fake::default();
    fake.ends_after([line(10, "a")]);
    fake.ends_after([line(20, "b")]);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    let begin = Instant::now();
    assert_eq!(texts(&mut following, 2).await, ["a", "b"]);
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn another_container_is_read_from_its_beginning() {
    let fake = Fake::default();
    fake.ends_after([line(10, "a")]);
    fake.ends_after([line(5, "another clock")]);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    assert_eq!(texts(&mut following, 1).await, ["a"]);
    shown.send_modify(|s| change_driver(s, |driver| driver.container_id = "two".to_owned()));
    assert_eq!(texts(&mut following, 1).await, ["another clock"]);
    let all = LogQuery {
        tail: u32::MAX,
        since: WallTime(0),
    };
    assert_eq!(fake.asked()[1], ("two".to_owned(), all));
}

#[tokio::test(start_paused = true)]
async fn one_that_has_not_been_started_is_waited_for() {
    let fake = Fake::default();
    fake.ends_after([line(10, "a")]);
    let shown = running("");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    tokio::time::timeout(Duration::from_secs(9), following.next())
        .await
        .expect_err("there is nothing yet");
    assert_eq!(fake.asked(), []);
    shown.send_modify(|s| change_driver(s, |driver| driver.container_id = "one".to_owned()));
    assert_eq!(texts(&mut following, 1).await, ["a"]);
    assert_eq!(fake.asked()[0].1.tail, u32::MAX);
}

#[tokio::test(start_paused = true)]
async fn a_lost_engine_is_asked_again() {
    let fake = Fake::default();
    fake.answers(stream::iter([Ok(line(10, "a")), Err(lost())]));
    fake.answers(stream::iter([Err(lost())]));
    fake.ends_after([line(10, "a"), line(11, "b")]);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    assert_eq!(texts(&mut following, 2).await, ["a", "b"]);
    assert_eq!(fake.asked()[2].1.since, WallTime(10));
}

/// What could not be begun is begun anew, with the earlier lines.
#[tokio::test(start_paused = true)]
async fn the_earlier_lines_are_not_forgotten_over_a_failure() {
    let fake = Fake::default();
    fake.answers(stream::iter([Err(lost())]));
    fake.ends_after([line(10, "a")]);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    assert_eq!(texts(&mut following, 1).await, ["a"]);
    assert_eq!(fake.asked()[1], ("one".to_owned(), TAIL));
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nothing_is_left() {
    for silent in [true, false] {
        let fake = Fake::default();
        let last = stream::iter([Ok(line(10, "last"))]);
        match silent {
            true => fake.answers(last.chain(stream::pending())),
            false => fake.answers(last),
        }
        let shown = running("one");
        let mut following = fake.follow(TAIL, &shown.subscribe());
        shown.send_modify(|s| change(s, |view| view.over = true));
        // It may have been over before its task began.
        while let Some(batch) = following.next().await {
            assert_eq!(batch.lines[0].line.text, "last");
        }
    }
    let shown = running("one");
    let mut following = Fake::default().follow(TAIL, &shown.subscribe());
    shown.send_replace(Snapshot::default());
    assert_eq!(
        following.next().await,
        None,
        "it is not remembered any more"
    );
}

#[tokio::test(start_paused = true)]
async fn lines_are_gathered_but_not_for_long() {
    let fake = Fake::default();
    let many: Vec<Said> = (0..500).map(|n| Ok(line(n, "x"))).collect();
    fake.answers(stream::iter(many).chain(stream::pending()));
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    let begin = Instant::now();
    let mut sizes = Vec::new();
    let mut took = Vec::new();
    for _ in 0..3 {
        sizes.push(following.next().await.unwrap().lines.len());
        took.push(begin.elapsed());
    }
    assert_eq!(sizes, [LINES, LINES, 100]);
    assert!(took[0] < GATHER && took[1] >= GAP && took[2] <= GATHER + GAP * 2);
}

#[tokio::test(start_paused = true)]
async fn long_lines_make_small_batches() {
    let fake = Fake::default();
    let long = "x".repeat(BATCH / 4);
    fake.ends_after((0..20).map(|n| line(n, &long)));
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    assert_eq!(following.next().await.unwrap().lines.len(), 4);
}

/// A container that writes as fast as it can is read, and what cannot be sent is counted.
#[tokio::test(start_paused = true)]
async fn what_comes_too_fast_is_left_out_and_counted() {
    let fake = Fake::default();
    let read = Arc::new(AtomicU64::new(0));
    let counted = read.clone();
    let flood = stream::iter(0..).then(move |n| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            // 20 000 lines in a second.
            if n % 20 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(line(n, "x"))
        }
    });
    fake.answers(flood);
    let shown = running("one");
    let mut following = fake.follow(TAIL, &shown.subscribe());
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < PATIENCE * 4 {
        let batch = following.next().await.unwrap();
        sent += u64::try_from(batch.lines.len()).unwrap();
    }
    let (read, dropped) = (read.load(Ordering::Relaxed), following.dropped());
    let waiting = read - sent - dropped;
    assert!(waiting <= WAITING as u64 + 1, "{waiting} of {read} wait");
    assert!(
        dropped > sent / 2,
        "{dropped} are left out, {sent} were sent"
    );
}

/// Nobody takes what was read, for instance since a goal's feedback cannot be sent.
#[tokio::test(start_paused = true)]
async fn nobody_who_does_not_listen_stops_the_reading_for_ever() {
    let fake = Fake::default();
    fake.ends_after((0..1000).map(|n| line(n, "x")));
    fake.ends_after([]);
    let shown = running("one");
    let following = fake.follow(TAIL, &shown.subscribe());
    tokio::time::sleep(PATIENCE * 2).await;
    assert_eq!(following.dropped(), 1000 - WAITING as u64);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_ends_the_reading() {
    let fake = Fake::default();
    let (held, mut gone) = mpsc::channel::<()>(1);
    fake.answers(stream::pending().map(move |said: Said| {
        let _ = &held;
        said
    }));
    let shown = running("one");
    let following = fake.follow(TAIL, &shown.subscribe());
    while fake.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(following);
    assert_eq!(gone.recv().await, None, "the stream is dropped");
}

/// All feedback goes over one topic, of which a client keeps ten messages.
#[tokio::test(start_paused = true)]
async fn those_who_follow_at_once_do_not_send_at_once() {
    let fake = Fake::default();
    let shown = running("one");
    let mut all = Vec::new();
    for _ in 0..16 {
        fake.ends_after([line(1, "x")]);
        all.push(fake.follow(TAIL, &shown.subscribe()));
    }
    let sent = all.iter_mut().map(|following| async {
        following.next().await.unwrap();
        Instant::now()
    });
    let mut sent = futures::future::join_all(sent).await;
    sent.sort();
    for pair in sent.windows(2) {
        assert!(pair[1] - pair[0] >= GAP_OF_ALL - Duration::from_millis(1));
    }
}
