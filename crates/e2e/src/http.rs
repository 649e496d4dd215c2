//! Clients of HTTP, which encrypt as the programs do.

use rustls::crypto::ring;

/// A client without more ado.
pub fn client() -> reqwest::Client {
    prepare();
    reqwest::Client::new()
}

/// A client to be made as its user needs it.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    prepare();
    reqwest::Client::builder()
}

fn prepare() {
    // Where there is a provider already, it serves as well.
    let _ = ring::default_provider().install_default();
}
