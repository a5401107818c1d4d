//! What `kaibo doctor` and the page `/doctor` are told: the findings about this machine, and what devices found.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use doctor::{Certificate, Https, Machine, Order, OrderState, Server};
use protocol::{DeviceReport, DoctorFinding};
use tls::Source;
use tls::acme::{Entry, State, Status};

use crate::HttpsError;
use crate::config::{Config, TlsMode};
use crate::https;
use crate::in_force::InForce;
use crate::media::Media;
use crate::public_ips::PublicIps;

/// How long findings are good: the page and the program ask every second, and each look runs programs.
const GOOD_FOR: Duration = Duration::from_secs(10);

/// The most reports of devices that are kept; one more takes the place of the oldest.
pub(crate) const MAX_DEVICES: usize = 8;

/// The doctor of a server that runs. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Doctor(Arc<Inner>);

struct Inner {
    running: Running,
    /// One look at a time: who comes meanwhile waits for it.
    last: tokio::sync::Mutex<Option<(Instant, Vec<DoctorFinding>)>>,
    /// The last first. Held for a few instructions, never across an await.
    devices: Mutex<VecDeque<DeviceReport>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doctor").finish_non_exhaustive()
    }
}

/// What is known of a server that runs.
pub(crate) struct Running {
    pub(crate) in_force: InForce,
    pub(crate) listen: SocketAddr,
    pub(crate) public_ips: PublicIps,
    /// Whether the port of plain HTTP is open.
    pub(crate) has_http: bool,
    pub(crate) media: Arc<dyn Media>,
    pub(crate) https: Option<https::Https>,
    /// None without an ACME server.
    pub(crate) orders: Option<Status>,
}

impl Doctor {
    pub(crate) fn new(running: Running) -> Self {
        let (last, devices) = (tokio::sync::Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { running, last, devices }))
    }

    /// The findings, the worst first.
    pub(crate) async fn findings(&self) -> Vec<DoctorFinding> {
        // In a task of its own: a look goes on when whoever asked has left, and the next waits for it all the same.
        let doctor = self.clone();
        tokio::spawn(async move { doctor.look().await }).await.unwrap_or_default()
    }

    async fn look(&self) -> Vec<DoctorFinding> {
        let mut last = self.0.last.lock().await;
        if let Some((looked, findings)) = &*last
            && looked.elapsed() < GOOD_FOR
        {
            return findings.clone();
        }
        let server = self.0.running.server();
        let look = move || doctor::examine(&server, &Machine::look(&server));
        let findings = tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the doctor failed");
            Vec::new()
        });
        *last = Some((Instant::now(), findings.clone()));
        findings
    }

    pub(crate) fn udp_port(&self) -> u16 {
        self.0.running.media.udp_port()
    }

    /// What devices found, the last first.
    pub(crate) fn devices(&self) -> Vec<DeviceReport> {
        self.devices_mut(|devices| devices.iter().cloned().collect())
    }

    /// Keeps what a device found, in the place of what it found before.
    pub(crate) fn report(&self, report: DeviceReport) {
        self.devices_mut(|devices| {
            devices.retain(|it| (&it.device, &it.origin) != (&report.device, &report.origin));
            devices.push_front(report);
            devices.truncate(MAX_DEVICES);
        });
    }

    fn devices_mut<T>(&self, change: impl FnOnce(&mut VecDeque<DeviceReport>) -> T) -> T {
        change(&mut self.0.devices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Running {
    fn server(&self) -> Server {
        let config = &self.in_force.get().config;
        let now = std::time::SystemTime::now();
        let certificates = self.https.as_ref().map(|it| it.certificates.all()).unwrap_or_default();
        let foreign = certificates.iter().filter(|it| it.source != Source::Local);
        let foreign: Vec<_> =
            foreign.filter(|it| !it.is_expired(now) || it.source == Source::Files).collect();
        let uncovered = config.tls.domains.iter();
        let uncovered = uncovered.filter(|name| !foreign.iter().any(|it| it.is_for(name)));
        let orders = self.orders.as_ref().map(Status::get).unwrap_or_default();
        let mut announced: Vec<IpAddr> =
            self.media.candidates().iter().map(SocketAddr::ip).collect();
        announced.dedup();
        Server {
            is_running: true,
            listen: self.listen,
            udp_port: self.media.udp_port(),
            has_http: self.has_http,
            public_ips: self.public_ips.get(),
            announced,
            certificates: foreign.iter().map(|it| certificate(it)).collect(),
            uncovered: uncovered.cloned().collect(),
            orders: orders.into_iter().map(order).collect(),
            ..from_settings(config)
        }
    }
}

/// What is known of a server with these settings that does not run.
///
/// # Errors
/// When a certificate file is missing or wrong.
pub fn stopped_server(config: &Config) -> Result<Server, HttpsError> {
    let mut server = from_settings(config);
    server.announced.clone_from(&server.public_ips);
    server.announced.extend(crate::lan::lan_addresses(config.listen));
    if let Some(found) = https::look_at_files(config)? {
        let is_missing = |name: &&String| !found.is_for(name);
        server.uncovered = config.tls.domains.iter().filter(is_missing).cloned().collect();
        server.certificates = vec![certificate(&found)];
    }
    Ok(server)
}

fn from_settings(config: &Config) -> Server {
    let is_default = config.trust_proxies == Config::default().trust_proxies;
    Server {
        is_running: false,
        listen: config.listen,
        udp_port: config.udp_port.unwrap_or(config.listen.port()),
        http_port: config.tls.effective_http_port(),
        has_http: false,
        public_ips: config.named_public_ips(),
        announced: Vec::new(),
        domains: config.tls.domains.clone(),
        https: match config.tls.effective_mode() {
            TlsMode::Off => Https::Off,
            TlsMode::Auto => Https::Acme,
            TlsMode::Local => Https::Local,
            TlsMode::Files => Https::Files,
        },
        certificates: Vec::new(),
        uncovered: Vec::new(),
        orders: Vec::new(),
        has_proxy: !is_default || !config.allow_hosts.is_empty() || !config.base_path.is_empty(),
        data: config.data.clone(),
        max_connections: config.limits.connections,
    }
}

fn certificate(certificate: &tls::Certificate) -> Certificate {
    Certificate {
        names: certificate.names.clone(),
        not_after: certificate.not_after,
        is_public: certificate.is_public,
    }
}

fn order(entry: Entry) -> Order {
    let names: Vec<String> = entry.names.iter().map(ToString::to_string).collect();
    let state = match entry.state {
        State::Ordering => OrderState::Ordering,
        State::Issued { renew_at } => OrderState::Issued { renew_at },
        State::Failed { failure, next_try } => {
            OrderState::Failed { why: failure.to_string(), next_try }
        }
    };
    Order { names: names.join(", "), state }
}
