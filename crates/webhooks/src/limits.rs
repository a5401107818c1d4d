//! Bounds of webhooks. `docs/limits.md` lists them; a test holds the two together.

use std::time::Duration;

/// Webhooks of a server.
pub const MAX_WEBHOOKS: usize = 100;

/// Events that wait to be written to the queue: the control plane must not wait for a disk.
pub const EVENTS: usize = 1_024;

/// Tries a minute, of all webhooks.
pub const TRIES_PER_MINUTE: u32 = 1_000;

/// Tries at once, after a while without any. They are part of the same minute.
pub const TRIES_AT_ONCE: u32 = 100;

/// Tries of one webhook that are under way at a time, each of another room.
pub const TRIES_OF_WEBHOOK: usize = 4;

/// How long one try may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The part of an answer's body that is read, and dropped.
pub const ANSWER_BYTES: usize = 16 * 1024;

/// The wait after the first try that failed; it doubles with each further one.
pub const FIRST_RETRY: Duration = Duration::from_secs(5);

/// The longest wait for the next try.
pub const LONGEST_RETRY: Duration = Duration::from_secs(3600);

/// How long an event is tried.
pub const TRY_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long a signature is good.
pub const SIGNED_FOR: Duration = Duration::from_secs(300);

/// Characters of a URL.
pub const URL_CHARS: usize = 2_048;

/// Characters of a secret, at least.
pub const SECRET_MIN_CHARS: usize = 16;

/// Characters of a secret, at most.
pub const SECRET_MAX_CHARS: usize = 128;

/// How much of an error is kept.
pub const ERROR_CHARS: usize = 200;

/// The wait before the queue is written again, after a failure of the disk.
pub const STORE_RETRY: Duration = Duration::from_secs(5);

/// How long a server that stops waits for tries that are under way.
pub const FINISH_WITHIN: Duration = Duration::from_secs(2);
