//! What containers wrote and write.

use std::time::Duration;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::StopContainerOptions;
use futures::{Stream, StreamExt};
use shipmate::domain::log::{LogLine, LogQuery, LogStream};
use shipmate::domain::time::WallTime;
use shipmate::edge::docker::{Deadlines, Engine, EngineError};

use crate::support::proxy::Proxy;
use crate::support::{IMAGE, World, docker};

type Said = Result<LogLine, EngineError>;

/// A line longer than what the engine notes in one piece: 100 KiB.
const LONG: &str = "head -c 102400 /dev/zero | /bin/busybox tr '\\0' x; echo";

const fn last(tail: u32) -> LogQuery {
    LogQuery {
        tail,
        since: WallTime(0),
    }
}

const ALL: LogQuery = last(1_000_000);

async fn read(world: &World, id: &str, query: LogQuery) -> Vec<LogLine> {
    world.engine.read_logs(id, &query).await.unwrap().lines
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

async fn next(lines: &mut (impl Stream<Item = Said> + Unpin)) -> Option<Said> {
    let next = tokio::time::timeout(Duration::from_secs(30), lines.next());
    next.await.expect("a line or the end comes within 30 s")
}

/// Everything up to the end of the stream.
async fn rest(lines: impl Stream<Item = Said>) -> Vec<LogLine> {
    let mut lines = std::pin::pin!(lines);
    let mut all = Vec::new();
    while let Some(line) = next(&mut lines).await {
        all.push(line.unwrap());
    }
    all
}

/// A container that has written and ended.
async fn ended(world: &World, script: &str) -> String {
    let id = world.run(&world.script("main", script)).await.unwrap();
    world.ended(&id).await;
    id
}

#[tokio::test]
async fn lines_come_with_stream_moment_and_order() {
    let world = World::new().await;
    let script = "echo one; sleep 0.3; echo two >&2; sleep 0.3; echo; /bin/busybox printf three";
    let id = ended(&world, script).await;
    let page = world.engine.read_logs(&id, &ALL).await.unwrap();
    assert!(!page.truncated);
    assert_eq!(texts(&page.lines), ["one", "two", "", "three"]);
    let streams: Vec<LogStream> = page.lines.iter().map(|line| line.stream).collect();
    use LogStream::{Stderr, Stdout};
    assert_eq!(streams, [Stdout, Stderr, Stdout, Stdout]);
    let moments: Vec<i64> = page.lines.iter().map(|line| line.at.0).collect();
    assert!(moments.is_sorted() && moments[2] - moments[0] >= 300_000_000);
    assert!(moments[0] > 1_500_000_000_000_000_000);
}

#[tokio::test]
async fn as_many_of_the_latest_as_asked_for() {
    let world = World::new().await;
    let id = ended(&world, "for n in 1 2 3 4 5; do echo $n; done").await;
    for (tail, expected) in [
        (0, &[][..]),
        (1, &["5"]),
        (4, &["2", "3", "4", "5"]),
        (5, &["1", "2", "3", "4", "5"]),
        (6, &["1", "2", "3", "4", "5"]),
        (u32::MAX, &["1", "2", "3", "4", "5"]),
    ] {
        assert_eq!(texts(&read(&world, &id, last(tail)).await), expected);
        let followed = rest(world.engine.follow_logs(&id, &last(tail))).await;
        assert_eq!(texts(&followed), expected, "followed, {tail}");
    }
}

/// The engine itself knows only whole seconds here.
#[tokio::test]
async fn since_a_moment_is_exact() {
    let world = World::new().await;
    let id = ended(&world, "for n in 1 2 3; do echo $n; sleep 0.02; done").await;
    let all = read(&world, &id, ALL).await;
    for (since, expected) in [
        (all[1].at.0, &["2", "3"][..]),
        (all[1].at.0 + 1, &["3"]),
        (all[2].at.0 + 1, &[]),
        (all[2].at.0 + 1_000_000_000_000_000, &[]),
        (1, &["1", "2", "3"]),
        (-1, &["1", "2", "3"]),
    ] {
        let query = LogQuery {
            since: WallTime(since),
            ..ALL
        };
        assert_eq!(texts(&read(&world, &id, query).await), expected);
        let followed = rest(world.engine.follow_logs(&id, &query)).await;
        assert_eq!(texts(&followed), expected);
    }
    let both = LogQuery {
        tail: 1,
        since: all[1].at,
    };
    assert_eq!(texts(&read(&world, &id, both).await), ["3"]);
    let followed = rest(world.engine.follow_logs(&id, &both)).await;
    assert_eq!(texts(&followed), ["3"]);
}

/// The engine counts 16 KiB pieces of a long line, so `tail` of the engine begins within one.
#[tokio::test]
async fn a_long_line_is_cut_at_its_end_and_never_at_its_beginning() {
    let world = World::new().await;
    let script = format!("echo before; {LONG}; echo after");
    let id = ended(&world, &script).await;
    for (tail, count) in [(1, 1), (2, 2), (3, 3), (4, 3), (8, 3)] {
        let expected = &["before", "long", "after"][3 - count..];
        let lines = read(&world, &id, last(tail)).await;
        let followed = rest(world.engine.follow_logs(&id, &last(tail))).await;
        for lines in [lines, followed] {
            let seen: Vec<&str> = lines
                .iter()
                .map(|line| match line.text.as_str() {
                    long if long.starts_with("xxx") => "long",
                    text => text,
                })
                .collect();
            assert_eq!(seen, expected, "the last {tail}");
        }
    }
    let long = &read(&world, &id, last(2)).await[0].text;
    assert!(long.len() > 16 << 10 && long.len() < 17 << 10);
    assert!(long.trim_start_matches('x').contains("goes on"));
}

/// While a container writes, what comes first may still not be half of a line.
#[tokio::test]
async fn following_begins_with_a_whole_line() {
    let world = World::new().await;
    let script = "n=0; while true; do n=$((n+1)); echo begin $n; \
                  head -c 50000 /dev/zero | /bin/busybox tr '\\0' x; echo; done";
    let id = world.run(&world.script("main", script)).await.unwrap();
    world.wrote(&id, "xxx").await;
    for tail in 0..12 {
        let mut lines = Box::pin(world.engine.follow_logs(&id, &last(tail)));
        let mut all = Vec::new();
        for _ in 0..tail + 4 {
            all.push(next(&mut lines).await.expect("it goes on").unwrap().text);
        }
        let is_long = |text: &String| text.starts_with("xxx");
        for pair in all.windows(2) {
            assert_ne!(is_long(&pair[0]), is_long(&pair[1]), "one line is in two");
        }
        let cut = all.iter().filter(|text| is_long(text));
        assert!(
            { cut }.all(|text| text.ends_with("goes on)")),
            "after {tail}"
        );
    }
}

#[tokio::test]
async fn what_is_no_text_is_replaced_and_colours_go() {
    let world = World::new().await;
    let script = "/bin/busybox printf 'a\\377\\000b\\033[31mred\\033[0m\\r\\n\\001\\002\\n'";
    let id = ended(&world, script).await;
    assert_eq!(texts(&read(&world, &id, ALL).await), ["a\u{fffd}bred", ""]);
}

#[tokio::test]
async fn one_mebibyte_is_given_the_latest() {
    let world = World::new().await;
    let id = ended(
        &world,
        "yes 'forty bytes of text, and then a line end' | head -n 60000",
    )
    .await;
    let page = world.engine.read_logs(&id, &ALL).await.unwrap();
    assert!(page.truncated);
    let size: usize = page.lines.iter().map(|line| line.text.len()).sum();
    assert!(size > 1 << 18 && size <= 1 << 20, "{size}");
    let (first, last) = (&page.lines[0], page.lines.last().unwrap());
    assert!(first.at < last.at && first.text == last.text);
}

#[tokio::test]
async fn a_terminals_output_is_read_too() {
    let world = World::new().await;
    let spec = world.script("main", "");
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(
            [
                "sh",
                "-c",
                &format!("echo one; {LONG}; echo two >&2; /bin/busybox printf end"),
            ]
            .map(str::to_owned)
            .to_vec(),
        ),
        tty: Some(true),
        labels: Some(spec.labels.clone().into_iter().collect()),
        ..Default::default()
    };
    let options = None::<bollard::query_parameters::CreateContainerOptions>;
    let id = docker().create_container(options, body).await.unwrap().id;
    world.engine.start(&id).await.unwrap();
    world.ended(&id).await;
    for tail in [9, 3, 2] {
        let lines = read(&world, &id, last(tail)).await;
        let followed = rest(world.engine.follow_logs(&id, &last(tail))).await;
        assert_eq!(lines, followed);
        assert!(lines.iter().all(|line| line.stream == LogStream::Stdout));
        let expected = &["one", "xxx", "two", "end"];
        let expected = &expected[expected.len().saturating_sub(tail as usize)..];
        let seen: Vec<&str> = lines.iter().map(|line| &line.text[..3]).collect();
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn one_that_was_not_started_has_written_nothing() {
    let world = World::new().await;
    let id = world
        .engine
        .create(&world.script("main", "echo never"))
        .await
        .unwrap();
    assert_eq!(read(&world, &id, ALL).await, []);
    assert_eq!(rest(world.engine.follow_logs(&id, &ALL)).await, []);
}

#[tokio::test]
async fn one_that_does_not_exist_is_an_error() {
    let world = World::new().await;
    let error = world.engine.read_logs("no-such", &ALL).await.unwrap_err();
    assert!(error.to_string().contains("no-such"), "{error}");
    for tail in [0, 3, u32::MAX] {
        let mut lines = Box::pin(world.engine.follow_logs("no-such", &last(tail)));
        assert_eq!(next(&mut lines).await, Some(Err(error.clone())));
        assert_eq!(next(&mut lines).await, None);
    }
}

#[tokio::test]
async fn following_goes_on_until_the_end() {
    let world = World::new().await;
    let script = "trap 'echo heard; /bin/busybox printf bye; exit 0' INT; echo up; \
                  while true; do sleep 0.1; done";
    let id = world.run(&world.script("main", script)).await.unwrap();
    world.wrote(&id, "up").await;
    let mut lines = Box::pin(world.engine.follow_logs(&id, &last(1)));
    assert_eq!(next(&mut lines).await.unwrap().unwrap().text, "up");
    docker()
        .stop_container(&id, None::<StopContainerOptions>)
        .await
        .unwrap();
    assert_eq!(texts(&rest(lines).await), ["heard", "bye"]);
}

/// Without earlier lines only what is written from now on comes, and all of it.
#[tokio::test]
async fn nothing_from_before_comes_unless_wanted() {
    let world = World::new().await;
    let script = "n=0; while true; do n=$((n+1)); echo $n; sleep 0.1; done";
    let id = world.run(&world.script("main", script)).await.unwrap();
    world.wrote(&id, "5").await;
    let number = |line: &LogLine| line.text.parse::<u32>().unwrap();
    let before = number(&read(&world, &id, last(1)).await[0]);
    let mut lines = Box::pin(world.engine.follow_logs(&id, &last(0)));
    let first = number(&next(&mut lines).await.unwrap().unwrap());
    assert!(first > before, "{first} was written before {before}");
    for expected in first + 1..first + 5 {
        let line = next(&mut lines).await.unwrap().unwrap();
        assert_eq!(number(&line), expected);
    }
}

/// What was left unfinished when the program ended is not joined with what follows a restart.
#[tokio::test]
async fn every_run_of_a_container_begins_a_line() {
    let world = World::new().await;
    let script = "echo run; /bin/busybox printf unfinished";
    let id = ended(&world, script).await;
    let first = read(&world, &id, ALL).await;
    world.engine.start(&id).await.unwrap();
    let followed = rest(world.engine.follow_logs(&id, &ALL)).await;
    assert_eq!(texts(&followed), ["run", "unfinished", "run", "unfinished"]);
    let later = LogQuery {
        tail: u32::MAX,
        since: WallTime(first[1].at.0 + 1),
    };
    let later = rest(world.engine.follow_logs(&id, &later)).await;
    assert_eq!(later, followed[2..]);
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_not_waited_for() {
    let world = World::new().await;
    let silent = Proxy::silent();
    let deadlines = Deadlines {
        question: Duration::from_millis(300),
        ..Default::default()
    };
    let engine = Engine::connect(&silent.address(), &world.owner, deadlines).unwrap();
    let read = engine.read_logs("any", &ALL).await.unwrap_err();
    let mut lines = Box::pin(engine.follow_logs("any", &last(3)));
    let followed = next(&mut lines).await.unwrap().unwrap_err();
    for error in [read, followed] {
        assert!(matches!(error, EngineError::Deadline { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_engine_that_is_lost_ends_the_stream_with_an_error() {
    let world = World::new().await;
    let proxy = Proxy::open();
    let engine = Engine::connect(&proxy.address(), &world.owner, Default::default()).unwrap();
    let script = "echo up; sleep 1000";
    let id = world.run(&world.script("main", script)).await.unwrap();
    world.wrote(&id, "up").await;
    let mut lines = Box::pin(engine.follow_logs(&id, &last(1)));
    assert_eq!(next(&mut lines).await.unwrap().unwrap().text, "up");
    proxy.cut();
    let error = next(&mut lines).await.unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
    assert_eq!(next(&mut lines).await, None);
}
