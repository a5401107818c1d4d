//! The store: its queue and its thread.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::file::{self, Opened};
use crate::room_change::RoomChange;
use crate::{OpenError, StoreError};

/// The calls that wait for the disk, and the rooms that do, at most so many each: a disk that is slower than people loses
/// what comes beyond, and says so.
pub const MAX_WAITING: usize = 1_000;

/// After a failure the disk is tried again this much later.
const RETRY: Duration = Duration::from_secs(5);

/// The file and its thread. Clones are the same; with the last one the file is closed, soon.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Handle>);

/// What the clones of a store have in common.
#[derive(Debug)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Deref for Handle {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.lock().is_closed = true;
        self.news.notify_all();
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    /// Something waits, or nothing more comes.
    news: Condvar,
    /// The folder could be written at first.
    pub(crate) is_writable: bool,
}

#[derive(Default)]
pub(crate) struct Queue {
    /// At most [`MAX_WAITING`].
    calls: VecDeque<Box<dyn Call>>,
    /// What is to be written of rooms, each once; at most [`MAX_WAITING`].
    pub(crate) rooms: BTreeMap<String, RoomChange>,
    pub(crate) is_closed: bool,
    /// Since when rooms cannot be written.
    failing_since: Option<Instant>,
    /// A full queue was logged.
    has_warned: bool,
}

/// A piece of work and who waits for it.
trait Call: Send {
    /// Does the work inside a transaction that it shares with other calls.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError>;
    /// Tells the caller what came of it, once the transaction is on the disk, or has failed.
    fn tell(self: Box<Self>, written: Result<(), StoreError>);
}

struct Pending<T, F> {
    work: Option<F>,
    outcome: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Call for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        self.outcome = in_savepoint(transaction, work);
        self.outcome.as_ref().map(drop).map_err(Clone::clone)
    }

    fn tell(self: Box<Self>, written: Result<(), StoreError>) {
        // Who asked may have gone meanwhile.
        _ = self.reply.send(written.and(self.outcome));
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("calls", &self.calls.len())
            .field("rooms", &self.rooms.len())
            .field("failing_since", &self.failing_since)
            .finish_non_exhaustive()
    }
}

impl Queue {
    pub(crate) fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.calls.len() + self.rooms.len()
    }
}

impl Store {
    /// Opens the file in the data folder; makes both where they are missing.
    ///
    /// # Errors
    /// When the file is not ours, too new, damaged or in use. It is left as it is then.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let Opened { connection, lock } = file::open(folder)?;
        if lock.is_none() {
            let folder = folder.display();
            tracing::warn!(%folder, "nothing is kept over a restart: the data folder cannot be written");
        }
        Self::start(connection, lock)
            .map_err(|source| OpenError::Folder { folder: folder.to_owned(), source })
    }

    /// One that is gone with the process.
    ///
    /// # Errors
    /// When there is no memory or no thread for it.
    pub fn in_memory() -> Result<Self, OpenError> {
        let nowhere = || Path::new(":memory:").to_owned();
        let connection =
            file::in_memory().map_err(|source| OpenError::Sqlite { file: nowhere(), source })?;
        Self::start(connection, None)
            .map_err(|source| OpenError::Folder { folder: nowhere(), source })
    }

    fn start(connection: Connection, lock: Option<File>) -> std::io::Result<Self> {
        let is_writable = lock.is_some();
        let shared =
            Arc::new(Shared { queue: Mutex::default(), news: Condvar::new(), is_writable });
        let worker =
            Worker { shared: shared.clone(), connection, is_writable, retry_at: None, _lock: lock };
        let thread = std::thread::Builder::new().name("store".into()).spawn(|| worker.run())?;
        Ok(Self(Arc::new(Handle { shared, thread: Mutex::new(Some(thread)) })))
    }

    /// Runs something on the store's thread, in a transaction. When it returns an error nothing of it is kept. When
    /// this returns `Ok`, what was written is on the disk.
    ///
    /// # Errors
    /// Those of `work`, and when the transaction cannot be written, too much waits, or the store is closed.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = Pending { work: Some(work), outcome: Err(StoreError::Closed), reply };
        {
            let mut queue = self.0.lock();
            if queue.is_closed {
                return Err(StoreError::Closed);
            }
            if queue.calls.len() >= MAX_WAITING {
                return Err(StoreError::Busy);
            }
            queue.calls.push_back(Box::new(call));
            self.0.news.notify_all();
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Changes what is to be written of a room, soon.
    pub(crate) fn change(&self, room: &str, change: impl FnOnce(&mut RoomChange)) {
        let mut queue = self.0.lock();
        let is_full = queue.rooms.len() >= MAX_WAITING && !queue.rooms.contains_key(room);
        if queue.is_closed || is_full {
            if is_full && !std::mem::replace(&mut queue.has_warned, true) {
                tracing::warn!(room, "room not saved: too much waits for the disk");
            }
            return;
        }
        change(queue.rooms.entry(room.to_owned()).or_default());
        self.0.news.notify_all();
    }

    /// Writes what waits, and closes the file. It blocks: for a thread that may. Nothing is kept afterwards.
    pub fn finish(&self) {
        self.0.lock().is_closed = true;
        self.0.news.notify_all();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Its panic was logged.
        _ = thread.map(JoinHandle::join);
    }
}

impl Shared {
    /// Held for a few instructions, never while something is written.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs work that leaves nothing behind when it fails, or panics.
fn in_savepoint<T>(
    transaction: &mut Transaction<'_>,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let savepoint = transaction.savepoint()?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&savepoint)))
        .unwrap_or_else(|_| Err(StoreError::Failed("a fault of ours: please report it".into())));
    if outcome.is_ok() {
        savepoint.commit()?;
    }
    outcome
}

/// What the thread does next.
struct Batch {
    /// Empty while the disk is not tried again.
    rooms: BTreeMap<String, RoomChange>,
    calls: VecDeque<Box<dyn Call>>,
}

/// The thread's own.
struct Worker {
    shared: Arc<Shared>,
    connection: Connection,
    is_writable: bool,
    /// When rooms are written again, after a failure.
    retry_at: Option<Instant>,
    /// Unlocks the folder when the thread ends.
    _lock: Option<File>,
}

impl Worker {
    fn run(mut self) {
        let shared = self.shared.clone();
        let _closed = CloseOnDrop(&shared);
        while let Some(Batch { rooms, mut calls }) = self.next() {
            // Rooms first: a call reads what was saved before it. When they cannot be written calls are tried all the
            // same, since reading may still work.
            if !rooms.is_empty() {
                let written = self.write_rooms(&rooms);
                self.note(written, rooms);
            }
            if !calls.is_empty() {
                let written = self.run_calls(&mut calls);
                for call in calls {
                    call.tell(written.clone());
                }
            }
        }
    }

    /// Waits for work; `None` when the store is closed and nothing is left to do.
    fn next(&self) -> Option<Batch> {
        let mut queue = self.shared.lock();
        loop {
            let wait = self.retry_at.map(|at| at.saturating_duration_since(Instant::now()));
            let wait = wait.filter(|wait| !wait.is_zero() && !queue.is_closed);
            let is_due = !queue.rooms.is_empty() && wait.is_none();
            if is_due || !queue.calls.is_empty() {
                let rooms = if is_due { std::mem::take(&mut queue.rooms) } else { BTreeMap::new() };
                return Some(Batch { rooms, calls: std::mem::take(&mut queue.calls) });
            }
            if queue.is_closed {
                return None;
            }
            let news = &self.shared.news;
            queue = match wait {
                Some(wait) => {
                    news.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => news.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn transaction(&mut self) -> rusqlite::Result<Transaction<'_>> {
        let behavior = if self.is_writable {
            TransactionBehavior::Immediate
        } else {
            TransactionBehavior::Deferred
        };
        self.connection.transaction_with_behavior(behavior)
    }

    /// Writes all rooms that wait in one transaction.
    fn write_rooms(&mut self, rooms: &BTreeMap<String, RoomChange>) -> rusqlite::Result<()> {
        let transaction = self.transaction()?;
        for (room, change) in rooms {
            change.write(&transaction, room)?;
        }
        transaction.commit()
    }

    /// Does all calls that wait in one transaction.
    fn run_calls(&mut self, calls: &mut VecDeque<Box<dyn Call>>) -> Result<(), StoreError> {
        let mut transaction = self.transaction()?;
        for call in calls {
            let outcome = call.run(&mut transaction);
            // A full disk ends the whole transaction by itself.
            if transaction.is_autocommit() {
                return outcome.and(Err(StoreError::Failed("the transaction was ended".into())));
            }
        }
        Ok(transaction.commit()?)
    }

    /// Remembers whether the disk is well, and keeps the rooms that could not be written.
    fn note(&mut self, written: rusqlite::Result<()>, rooms: BTreeMap<String, RoomChange>) {
        let mut queue = self.shared.lock();
        let Err(error) = written else {
            queue.has_warned = false;
            self.retry_at = None;
            if let Some(since) = queue.failing_since.take() {
                let for_s = since.elapsed().as_secs();
                tracing::info!(for_s, "the data folder can be written again");
            }
            return;
        };
        if queue.is_closed {
            let n_rooms = rooms.len();
            tracing::warn!(n_rooms, %error, "rooms not saved: the server stops");
            return;
        }
        self.retry_at = Some(Instant::now() + RETRY);
        if queue.failing_since.is_none() {
            queue.failing_since = Some(Instant::now());
            tracing::warn!(%error, "the data folder cannot be written; trying again");
        }
        for (room, older) in rooms {
            queue.rooms.entry(room).or_default().fill_from(older);
        }
    }
}

/// Whatever ends the thread, nobody waits for it.
struct CloseOnDrop<'a>(&'a Shared);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.is_closed = true;
        queue.calls.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RoomRow;

    fn room(n: i64, bytes: usize) -> RoomRow {
        RoomRow { name: format!("room-{n}"), changed_ms: n, state: "x".repeat(bytes) }
    }

    /// The pages that the file may have: with few the disk is full.
    async fn pages(store: &Store, n: u32) {
        let set = move |connection: &Connection| {
            Ok(connection.pragma_update_and_check(None, "max_page_count", n, |_| Ok(()))?)
        };
        store.call(set).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_told_loses_nothing_and_is_written_once_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.save_room(room(1, 10));
        pages(&store, 1).await;
        store.save_room(room(2, 100_000));
        store.save_cover("room-2", Some(vec![7; 50]));
        while store.0.lock().failing_since.is_none() {
            tokio::task::yield_now().await;
        }
        let rooms = store.rooms(9).await.unwrap();
        assert_eq!(rooms, [room(1, 10)], "what is there can be read");
        assert_eq!(store.cover("room-2").await, Ok(Some(vec![7; 50])), "from memory");
        store.save_room(room(2, 3));

        pages(&store, 1_000_000).await;
        store.finish();
        assert_eq!(store.rooms(9).await, Err(StoreError::Closed));
        drop(store);
        let connection = file::connect(&folder.path().join(crate::FILE_NAME)).unwrap();
        let state: String = connection
            .query_row("SELECT state FROM rooms WHERE name = 'room-2'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(state, "xxx", "the newest state");
    }

    #[tokio::test]
    async fn what_is_in_a_folder_that_cannot_be_written_is_read_while_other_things_wait() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.save_room(room(1, 10));
        store.finish();
        let connection = file::read_only(&folder.path().join(crate::FILE_NAME)).unwrap();
        let store = Store::start(connection, None).unwrap();
        for n in 2..20 {
            store.save_room(room(n, 10));
            assert_eq!(store.rooms(9).await.unwrap(), [room(1, 10)]);
        }
    }

    #[tokio::test]
    async fn work_that_fails_or_panics_leaves_nothing_behind_and_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let insert = |name: &'static str| {
            move |connection: &Connection| {
                let sql = "INSERT INTO rooms (name, changed_ms, state) VALUES (?1, 1, '')";
                connection.execute(sql, [name])?;
                Ok(())
            }
        };
        let (good, panics, fails) = tokio::join!(
            store.call(insert("good")),
            store.call(move |connection| {
                insert("panics")(connection)?;
                assert_eq!(1, 2, "on purpose");
                Ok(())
            }),
            store.call(move |connection| {
                insert("fails")(connection)?;
                insert("fails")(connection)
            }),
        );
        assert_eq!(good, Ok(()));
        assert!(matches!(panics, Err(StoreError::Failed(_))), "{panics:?}");
        assert!(matches!(fails, Err(StoreError::Failed(_))), "{fails:?}");
        let rooms = store.rooms(9).await.unwrap();
        assert_eq!(rooms.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["good"]);
    }
}
