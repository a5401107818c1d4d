//! Why nothing was measured.

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The system gave no socket, or not enough of them.
    #[error("no sockets for the clients")]
    Sockets(#[source] std::io::Error),
    /// The engine's sockets.
    #[error("no socket for the server")]
    Server(#[from] engine::StartError),
    /// Too few open files are allowed.
    #[error("{0}")]
    Files(String),
    /// A publisher or viewer did not connect.
    #[error("{0}")]
    NoConnection(String),
    /// This system does not tell the CPU time of a thread.
    #[error("this system does not tell the CPU time of a thread")]
    NoCpuTime,
    /// The core was never as busy as asked for.
    #[error(
        "the core was never busy for about {wanted} % of half a second, and for {busiest:.0} % at most: \
         smaller rooms make a load of smaller steps, or the machine is too uneven"
    )]
    NoSuchLoad {
        /// In percent.
        wanted: f64,
        /// In percent.
        busiest: f64,
    },
}
