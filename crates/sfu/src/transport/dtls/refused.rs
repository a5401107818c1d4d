//! Remembers certificates whose handshake failed, by their fingerprints. A browser's ClientHello does not show the kind
//! of its certificate's key. Nearly all browsers are handled by the cheaper library, which supports elliptic curves
//! only. A peer that returns with the same certificate is handled by the other one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sdp::Fingerprint;

/// Certificates remembered, over all peers of the process. An attacker who fills the list costs others a second
/// attempt.
const LEN: usize = 256;

static REFUSED: [AtomicU64; LEN] = [const { AtomicU64::new(0) }; LEN];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Records that a handshake with this certificate failed.
pub(super) fn note(fingerprint: &Fingerprint) {
    if !has(fingerprint) {
        let at = NEXT.fetch_add(1, Ordering::Relaxed) % LEN;
        REFUSED[at].store(key(fingerprint), Ordering::Relaxed);
    }
}

/// Whether a handshake with this certificate has failed.
pub(super) fn has(fingerprint: &Fingerprint) -> bool {
    let key = key(fingerprint);
    REFUSED.iter().any(|it| it.load(Ordering::Relaxed) == key)
}

/// The first 8 bytes of the fingerprint. A collision costs 0.1 ms.
fn key(fingerprint: &Fingerprint) -> u64 {
    let bytes = fingerprint.bytes().iter().take(8);
    bytes.fold(0, |key, byte| key << 8 | u64::from(*byte))
}
