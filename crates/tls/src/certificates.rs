//! All certificates, and which one a client is shown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::alpn::ALPN_ACME;
use crate::certificate::{Certificate, Source};

/// The server's certificates; clones are the same. They are replaced while the server runs: connections that are open
/// keep theirs.
///
/// A client is shown the first that there is of: that of the files; the ACME one for the name that it asks for; the
/// local one.
#[derive(Clone, Default)]
pub struct Certificates(Arc<RwLock<Slots>>);

/// Held for a few instructions, at every handshake.
#[derive(Default)]
struct Slots {
    files: Option<Arc<Certificate>>,
    acme: BTreeMap<String, Arc<Certificate>>,
    local: Option<Arc<Certificate>>,
    /// Certificates of TLS-ALPN-01 challenges (RFC 8737), by name.
    challenges: BTreeMap<String, Arc<CertifiedKey>>,
}

/// What a client was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Whether browsers trust the certificate's issuer.
    pub is_public: bool,
}

impl Certificates {
    /// Replaces the certificate of its source: of the files, of the own authority, or of the ACME server for `name`.
    pub fn set(&self, name: &str, certificate: Certificate) {
        let certificate = Arc::new(certificate);
        self.change(|slots| match certificate.source {
            Source::Files => slots.files = Some(certificate),
            Source::Local => slots.local = Some(certificate),
            Source::Acme => _ = slots.acme.insert(name.to_ascii_lowercase(), certificate),
        });
    }

    /// Shows the ACME server's certificate for `name` no longer.
    pub(crate) fn forget(&self, name: &str) {
        self.change(|slots| _ = slots.acme.remove(&name.to_ascii_lowercase()));
    }

    /// Answers TLS-ALPN-01 challenges for a name; `None` ends that. The name of an address is that of its reverse
    /// zone (RFC 8738, section 6).
    pub fn set_challenge(&self, name: &str, key: Option<CertifiedKey>) {
        let name = name.to_ascii_lowercase();
        self.change(|slots| match key {
            Some(key) => _ = slots.challenges.insert(name, Arc::new(key)),
            None => _ = slots.challenges.remove(&name),
        });
    }

    /// All certificates but those of challenges.
    pub fn all(&self) -> Vec<Arc<Certificate>> {
        self.read(|slots| {
            slots.files.iter().chain(slots.acme.values()).chain(&slots.local).cloned().collect()
        })
    }

    /// What a client that asks for this name is shown; without a name it came by an address.
    pub fn shown_to(&self, name: Option<&str>) -> Option<Shown> {
        self.find(name).map(|it| Shown { is_public: it.is_public })
    }

    fn find(&self, name: Option<&str>) -> Option<Arc<Certificate>> {
        self.read(|slots| {
            let acme = match name {
                Some(name) => slots.acme.values().find(|it| it.is_for(name)),
                // Clients send no name when they come by an address (RFC 6066, section 3).
                None => slots.acme.values().find(|it| has_address(it)),
            };
            slots.files.as_ref().or(acme).or(slots.local.as_ref()).cloned()
        })
    }

    fn find_challenge(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.read(|slots| slots.challenges.get(&name.to_ascii_lowercase()).cloned())
    }

    fn read<T>(&self, read: impl FnOnce(&Slots) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Slots)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn has_address(certificate: &Certificate) -> bool {
    certificate.names.iter().any(|name| name.parse::<std::net::IpAddr>().is_ok())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        let mut alpn = hello.alpn().into_iter().flatten();
        // RFC 8737, section 3: the client offers this protocol alone.
        if alpn.next() == Some(ALPN_ACME) && alpn.next().is_none() {
            return self.find_challenge(name?);
        }
        self.find(name).map(|it| it.key.clone())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.all().iter().map(|it| it.names.clone()).collect();
        f.debug_tuple("Certificates").field(&names).finish()
    }
}
