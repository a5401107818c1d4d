//! Server-sent events of a WHEP session (draft-ietf-wish-whep-02, section 4.9.1): streams that a
//! player makes, each with the events it asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Events kept for a stream that nobody reads; the oldest are dropped. Each but `reconnect` is made up
/// for by the next of its kind.
const KEPT: usize = 32;

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody publishes.
    Active,
    /// Nobody publishes any more.
    Inactive,
    /// Which layers there are.
    Layers,
    /// The player is to come back.
    Reconnect,
    /// How many watch.
    ViewerCount,
}

impl Kind {
    /// Those that we send; `scte35` we do not.
    pub(crate) const ALL: [Self; 5] =
        [Self::Active, Self::Inactive, Self::Layers, Self::Reconnect, Self::ViewerCount];

    /// Its name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Layers => "layers",
            Self::Reconnect => "reconnect",
            Self::ViewerCount => "viewercount",
        }
    }

    /// All names, as the `Link` lists them.
    pub(crate) fn list() -> String {
        Self::ALL.map(Self::as_str).join(",")
    }
}

/// Reads what a player wants to hear: a JSON array of names; nothing is everything.
///
/// # Errors
/// When it is no such array, or has a name that we do not send; the text says which.
pub(crate) fn read_wanted(body: &str) -> Result<Vec<Kind>, String> {
    if body.trim().is_empty() {
        return Ok(Kind::ALL.to_vec());
    }
    let names: Vec<String> = serde_json::from_str(body)
        .map_err(|_| "the body is a JSON array of event names, or empty".to_owned())?;
    let find = |name: &String| {
        let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| {
            let name: String = name.chars().take(40).collect();
            format!("there is no event {name:?} here; there are {}", Kind::list())
        })
    };
    let wanted = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    // Each once, however often it is named: the stream keeps the list.
    Ok(Kind::ALL.into_iter().filter(|kind| wanted.contains(kind)).collect())
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    /// JSON, in one line.
    pub(crate) data: String,
}

/// One stream of events. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    wanted: Vec<Kind>,
    queue: Mutex<Queue>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    is_over: bool,
    /// The last request that reads; an earlier one ends.
    reader: u64,
}

impl Stream {
    pub(crate) fn new(wanted: Vec<Kind>) -> Self {
        let inner = Inner { wanted, queue: Mutex::default(), wake: Notify::new() };
        Self(Arc::new(inner))
    }

    /// Adds an event, when it is wanted.
    pub(crate) fn push(&self, event: &Event) {
        if !self.0.wanted.contains(&event.kind) {
            return;
        }
        let mut queue = self.lock();
        if queue.is_over {
            return;
        }
        if queue.events.len() == KEPT {
            queue.events.pop_front();
        }
        queue.events.push_back(event.clone());
        drop(queue);
        self.0.wake.notify_one();
    }

    /// Ends it: what waits is read still, unless `at_once`.
    pub(crate) fn end(&self, at_once: bool) {
        let mut queue = self.lock();
        queue.is_over = true;
        if at_once {
            queue.events.clear();
        }
        drop(queue);
        self.0.wake.notify_one();
    }

    /// Begins to read; whoever read before reads no more.
    pub(crate) fn read(&self) -> Reader {
        let mut queue = self.lock();
        queue.reader += 1;
        let id = queue.reader;
        drop(queue);
        // The one before may be waiting.
        self.0.wake.notify_waiters();
        Reader { stream: self.clone(), id }
    }

    /// The lock is held for a few instructions, never across an await.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that reads a stream.
#[derive(Debug)]
pub(crate) struct Reader {
    stream: Stream,
    id: u64,
}

impl Reader {
    /// The next event; `None` when the stream is over, or another request reads it.
    pub(crate) async fn next(&self) -> Option<Event> {
        loop {
            let woken = self.stream.0.wake.notified();
            tokio::pin!(woken);
            // From here on no wake is missed.
            woken.as_mut().enable();
            {
                let mut queue = self.stream.lock();
                if queue.reader != self.id {
                    // What woke us may have been for the one that reads now.
                    self.stream.0.wake.notify_one();
                    return None;
                }
                if let Some(event) = queue.events.pop_front() {
                    return Some(event);
                }
                if queue.is_over {
                    return None;
                }
            }
            woken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Kind, n: usize) -> Event {
        Event { kind, data: format!("{{\"n\":{n}}}") }
    }

    #[test]
    fn a_player_names_the_events_it_wants() {
        assert_eq!(read_wanted("").unwrap().len(), 5);
        assert_eq!(read_wanted("[]").unwrap(), []);
        assert_eq!(read_wanted("[\"active\",\"layers\"]").unwrap(), [Kind::Active, Kind::Layers]);
        let many = format!("[{}\"active\"]", "\"active\",".repeat(4_000));
        assert_eq!(read_wanted(&many).unwrap(), [Kind::Active], "a list is kept, so it is short");
        assert!(read_wanted("[\"active\",\"scte35\"]").unwrap_err().contains("scte35"));
        assert!(read_wanted("{\"active\":1}").unwrap_err().contains("array"));
        assert!(read_wanted("[1]").unwrap_err().contains("array"));
    }

    #[tokio::test]
    async fn what_happens_before_anybody_reads_is_kept_as_far_as_there_is_room() {
        let stream = Stream::new(vec![Kind::Active, Kind::ViewerCount]);
        stream.push(&event(Kind::Layers, 0));
        (0..100).for_each(|n| stream.push(&event(Kind::ViewerCount, n)));
        stream.push(&event(Kind::Active, 100));
        stream.end(false);
        let reader = stream.read();
        let mut read = Vec::new();
        while let Some(event) = reader.next().await {
            read.push(event);
        }
        assert_eq!(read.len(), KEPT);
        assert_eq!(read.last(), Some(&event(Kind::Active, 100)));
        assert_eq!(read.first(), Some(&event(Kind::ViewerCount, 100 - KEPT + 1)));
    }

    #[tokio::test]
    async fn one_request_reads_at_a_time_and_a_deleted_stream_says_nothing_more() {
        let stream = Stream::new(Kind::ALL.to_vec());
        let first = stream.read();
        let waiting = tokio::spawn(async move { first.next().await });
        tokio::task::yield_now().await;
        let second = stream.read();
        assert_eq!(waiting.await.unwrap(), None);
        stream.push(&event(Kind::Active, 1));
        assert_eq!(second.next().await, Some(event(Kind::Active, 1)));
        stream.push(&event(Kind::Active, 2));
        stream.end(true);
        assert_eq!(second.next().await, None);
    }
}
