//! What can go wrong when a simulator is started, saved or stopped.

use std::{net::SocketAddr, path::PathBuf};

/// Why a simulator could not be started, saved or stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The configuration contradicts itself.
    #[error("The simulator's configuration cannot be used: {0}.")]
    Configuration(String),
    /// A file could not be read or written.
    #[error("Could not {action} {}: {source}; check the path and its permissions.", .path.display())]
    File {
        /// What was tried, as a verb ("read", "write", …).
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// Certificates could not be made, or those on disk could not be used.
    #[error("The certificates in {} cannot be used: {reason}; delete that folder to have new ones made.", .directory.display())]
    Certificates {
        /// The certificate folder.
        directory: PathBuf,
        /// What the certificate library said.
        reason: String,
    },
    /// The address could not be bound.
    #[error("Could not listen on {address}: {source}; choose a free port, or 0 for any.")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The ledger file exists but does not hold a ledger.
    #[error("The ledger file {} cannot be understood: {source}; move it away to begin with an empty ledger.", .path.display())]
    Ledger {
        /// The ledger file.
        path: PathBuf,
        /// Where decoding stopped.
        source: serde_json::Error,
    },
    /// The server's thread could not be started, or ended by itself.
    #[error("The simulator's server thread failed: {0}; start the simulator again.")]
    Thread(String),
}

/// Result with [`SimulatorError`].
pub type Result<T> = std::result::Result<T, SimulatorError>;
