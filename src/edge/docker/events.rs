//! The engine's own account of what happens to this owner's containers.

use std::collections::{BTreeMap, HashMap};

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{Engine, EngineError, Failure};

/// What is told of containers. Others, such as those of programs run inside, would only be noise.
const ACTIONS: [&str; 10] = [
    "create", "start", "die", "oom", "destroy", "pause", "unpause", "rename", "stop", "kill",
];

/// What the engine adds to a container's labels in an event.
const ATTRIBUTES: [&str; 7] = [
    "image",
    "name",
    "exitCode",
    "signal",
    "oldName",
    "execDuration",
    "execID",
];

/// How many events may wait for the caller.
const UNREAD: usize = 4096;

/// News of containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerEvent {
    /// From here on nothing is missed: whoever lists the containers now and then follows the
    /// stream has seen everything.
    Connected,
    /// Something happened to a container.
    Changed {
        /// The container's id.
        id: String,
        /// Its name.
        name: String,
        /// What happened, in the engine's word, for example `die`.
        action: String,
        /// The exit code, with `die`.
        exit_code: Option<i32>,
        /// The number of the signal, with `kill`.
        signal: Option<i32>,
        /// When, in nanoseconds since 1970 by the engine's clock.
        time_nano: i64,
        /// The container's labels.
        labels: BTreeMap<String, String>,
    },
}

impl Engine {
    /// News of this owner's containers, from the moment on at which `Connected` comes. The stream
    /// ends after its first error; that it ended is an error too. Whether a silent engine lives is
    /// for [`ping`](Engine::ping) to say.
    pub fn events(
        &self,
    ) -> impl Stream<Item = Result<ContainerEvent, EngineError>> + Send + Unpin + use<> {
        let engine = self.clone();
        let news = stream::once(async move { engine.subscribe().await }).try_flatten();
        Box::pin(until_error(news))
    }

    /// The engine sends the head of its answer before it listens to itself, so an answer is no
    /// proof that nothing will be missed. Instead it is asked for everything since a moment that it
    /// named itself, shortly before: it keeps its last 256 events.
    async fn subscribe(
        &self,
    ) -> Result<impl Stream<Item = Result<ContainerEvent, EngineError>> + use<>, EngineError> {
        let client = self.client()?;
        let options = EventsOptions {
            since: Some(self.engine_time().await?),
            filters: Some(self.events_filter()),
            ..Default::default()
        };
        let engine = self.clone();
        let news = client.events(Some(options)).map(move |event| {
            event
                .map(changed)
                .map_err(|failure| engine.explain(&failure, "tell its events"))
        });
        let connected = stream::once(async { Ok(ContainerEvent::Connected) });
        let end = Err(self.hung_up());
        Ok(connected
            .chain(read_ahead(news))
            .chain(stream::once(async { end })))
    }

    /// The error of an event stream that ended.
    pub fn hung_up(&self) -> EngineError {
        self.shared.address.unreachable("its event stream ended")
    }

    fn events_filter(&self) -> HashMap<String, Vec<String>> {
        let mut filter = self.only_ours();
        filter.insert("type".to_owned(), vec!["container".to_owned()]);
        filter.insert("event".to_owned(), ACTIONS.map(str::to_owned).to_vec());
        filter
    }

    /// The time by the engine's own clock, as it wants it in questions.
    async fn engine_time(&self) -> Result<String, EngineError> {
        let what = "say its time";
        let client = self.client()?;
        let info = self
            .within(what, self.deadlines().question, client.info())
            .await?
            .map_err(|failure: Failure| self.explain(&failure, what))?;
        let text = info.system_time.unwrap_or_default();
        unix_time(&text).ok_or_else(|| EngineError::Refused {
            what: what.to_owned(),
            cause: format!("`{text}` is no time"),
        })
    }
}

/// Reads the news from now on, in a task that ends with the stream. Both the engine's memory of
/// events and its patience with a slow reader (a tenth of a second) are short, and the caller may
/// be busy with a long list meanwhile. When too much is unread the stream ends, as if the engine
/// had hung up: whoever begins anew has missed nothing.
fn read_ahead<T: Send + 'static>(
    news: impl Stream<Item = T> + Send + 'static,
) -> impl Stream<Item = T> {
    let (sender, mut receiver) = mpsc::channel(UNREAD);
    let reading = AbortOnDropHandle::new(tokio::spawn(async move {
        let mut news = std::pin::pin!(news);
        while let Some(item) = news.next().await {
            if sender.try_send(item).is_err() {
                return;
            }
        }
    }));
    stream::poll_fn(move |task| {
        let _alive = &reading;
        receiver.poll_recv(task)
    })
}

/// Seconds and nanoseconds since 1970 of a time such as `2026-11-23T12:32:26.700881445Z`.
fn unix_time(text: &str) -> Option<String> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let nanos = u128::try_from(time.unix_timestamp_nanos()).ok()?;
    let second = 1_000_000_000;
    Some(format!("{}.{:09}", nanos / second, nanos % second))
}

/// Passes everything on up to the first error, and that too.
pub(super) fn until_error<T, E>(
    items: impl Stream<Item = Result<T, E>>,
) -> impl Stream<Item = Result<T, E>> {
    items.scan(false, |ended, item| {
        let go_on = !*ended;
        *ended = item.is_err();
        futures::future::ready(go_on.then_some(item))
    })
}

fn changed(event: EventMessage) -> ContainerEvent {
    let actor = event.actor.unwrap_or_default();
    let mut attributes = actor.attributes.unwrap_or_default();
    let number = |text: Option<&String>| text.and_then(|text| text.parse().ok());
    let (exit_code, signal) = (
        number(attributes.get("exitCode")),
        number(attributes.get("signal")),
    );
    let name = attributes.remove("name").unwrap_or_default();
    attributes.retain(|key, _| !ATTRIBUTES.contains(&key.as_str()));
    ContainerEvent::Changed {
        id: actor.id.unwrap_or_default(),
        name,
        action: event.action.unwrap_or_default(),
        exit_code,
        signal,
        time_nano: event.time_nano.unwrap_or_default(),
        labels: attributes.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_time_is_read_to_the_nanosecond() {
        assert_eq!(
            unix_time("1970-01-02T00:00:01.000000007Z").as_deref(),
            Some("86401.000000007")
        );
        assert_eq!(unix_time("now"), None);
    }

    #[tokio::test]
    async fn news_are_read_while_nobody_asks_until_there_are_too_many() {
        let some = read_ahead(stream::iter(0..UNREAD));
        assert_eq!(some.count().await, UNREAD);
        let (sender, mut polled) = mpsc::channel(1);
        let mut unread = read_ahead(stream::repeat(7).inspect(move |_| {
            sender.try_send(()).ok();
        }));
        polled.recv().await;
        assert_eq!(unread.next().await, Some(7));
        assert_eq!(unread.count().await, UNREAD - 1);
    }

    #[tokio::test]
    async fn nothing_follows_an_error() {
        let items = stream::iter([Ok(1), Err("gone"), Ok(2), Err("again")]);
        let seen: Vec<_> = until_error(items).collect().await;
        assert_eq!(seen, [Ok(1), Err("gone")]);
    }
}
