//! Certificates with which a handshake went wrong, by their fingerprints. A browser's hello does not tell what key its
//! certificate has, and nearly all are met by the cheaper library, which takes elliptic curves alone. Who comes again
//! with the same certificate is met by the other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sdp::Fingerprint;

/// How many are remembered, of all peers of the process. Whoever fills it costs others a second attempt.
const LEN: usize = 256;

static REFUSED: [AtomicU64; LEN] = [const { AtomicU64::new(0) }; LEN];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A handshake with the owner of this certificate went wrong.
pub(super) fn note(fingerprint: &Fingerprint) {
    if !has(fingerprint) {
        let at = NEXT.fetch_add(1, Ordering::Relaxed) % LEN;
        REFUSED[at].store(key(fingerprint), Ordering::Relaxed);
    }
}

/// Whether one did.
pub(super) fn has(fingerprint: &Fingerprint) -> bool {
    let key = key(fingerprint);
    REFUSED.iter().any(|it| it.load(Ordering::Relaxed) == key)
}

/// The beginning of a digest is as good as all of it: a chance likeness costs a tenth of a millisecond.
fn key(fingerprint: &Fingerprint) -> u64 {
    let bytes = fingerprint.bytes().iter().take(8);
    bytes.fold(0, |key, byte| key << 8 | u64::from(*byte))
}
