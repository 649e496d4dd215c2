//! Who this client is: an account key, or an identity of Entra ID.

mod entra;
mod key;

pub use entra::{Entra, TokenError};
pub(crate) use key::{Date, ToSign};
pub use key::{KeyError, MasterKey};

use std::fmt;

/// The proof that goes with every attempt.
pub enum Credential {
    /// The account key: signs each attempt.
    Key(MasterKey),
    /// A token of Entra ID: fetched once and renewed before it expires.
    Entra(Entra),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Credential::Key(…)",
            Self::Entra(_) => "Credential::Entra(…)",
        })
    }
}
