//! What encrypts.

use rustls::crypto::ring;

/// Has every client of this process encrypt with ring, where the process names nothing else: reqwest and
/// `azure_core` ask for the process's provider, and end it where there is none.
pub(crate) fn prepare() {
    // Where there is one already, it serves as well.
    let _ = ring::default_provider().install_default();
}
