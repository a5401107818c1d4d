//! Limits of ACME. `docs/limits.md` has a row for each.

use std::time::Duration;

/// Names in the configuration. One order is open at a time, so this bounds the challenges too.
pub const MAX_NAMES: usize = 100;

/// Wait after the first failed order; it doubles with each further one.
pub const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Longest wait after a failed order that the CA gave no time for.
pub const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3600);

/// Shortest wait after the CA reported a rate limit without a time. Let's Encrypt counts failures by the hour.
pub const RATE_LIMITED_RETRY: Duration = Duration::from_secs(3600);

/// Longest `Retry-After` that is believed. Let's Encrypt's longest window is a week.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(168 * 3600);

/// Time for the CA to answer a request.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Body of the CA's answer. A chain of certificates has some 10 KiB.
pub const ANSWER_BYTES: usize = 256 * 1024;

/// Time for the CA to validate an order, and again to issue the certificate.
pub const DECIDE_WITHIN: Duration = Duration::from_secs(120);

/// Time for a whole order.
pub const ORDER_WITHIN: Duration = Duration::from_secs(600);

/// Shortest time between two requests for renewal information (RFC 9773).
pub const ASK_LEAST: Duration = Duration::from_secs(3600);

/// Longest time between two requests for renewal information.
pub const ASK_MOST: Duration = Duration::from_secs(24 * 3600);

/// Time from one certificate to the next, or a quarter of the lifetime if that is shorter.
pub const RENEW_LEAST: Duration = Duration::from_secs(24 * 3600);

/// Lifetime up to which a certificate is renewed at half, even if the CA suggests later: a day of trouble is a large
/// part of it.
pub const SHORT_LIVED: Duration = Duration::from_secs(240 * 3600);

/// Longest sleep. The wall clock may jump, and a machine may be suspended.
pub const LOOK_EVERY: Duration = Duration::from_secs(600);
