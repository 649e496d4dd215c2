//! Tokens of Entra ID, from a credential of the Azure SDK.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use azure_core::credentials::{AccessToken, TokenCredential};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId,
};

/// Whose Entra ID to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The identity that Azure gave the running app.
    Managed {
        /// The client id of a user-assigned identity; the system-assigned one if absent.
        client_id: Option<String>,
    },
    /// Whoever is logged in with the Azure CLI or the Azure Developer CLI.
    Developer,
}

/// The platform refused to make a credential of the asked kind.
#[derive(Debug, thiserror::Error)]
#[error("no credential for {identity:?}")]
pub struct CredentialError {
    identity: Identity,
    #[source]
    cause: azure_core::Error,
}

/// A credential, and how it was made.
pub(super) struct Entra {
    source: RwLock<Arc<dyn TokenCredential>>,
    /// Absent where the credential was made elsewhere.
    identity: Option<Identity>,
}

impl Entra {
    pub(super) fn of(identity: Identity) -> Result<Self, CredentialError> {
        match make(&identity) {
            Ok(source) => Ok(Self { source: RwLock::new(source), identity: Some(identity) }),
            Err(cause) => Err(CredentialError { identity, cause }),
        }
    }

    pub(super) fn given(source: Arc<dyn TokenCredential>) -> Self {
        Self { source: RwLock::new(source), identity: None }
    }

    pub(super) async fn token(&self) -> azure_core::Result<AccessToken> {
        let source = Arc::clone(&self.source.read().unwrap_or_else(PoisonError::into_inner));
        source.get_token(&[SCOPE], None).await
    }

    /// Makes the credential anew: the old one keeps its token until shortly before it expires, and
    /// would hand out the refused one for as long.
    pub(super) fn refused(&self) {
        let made = self.identity.as_ref().map(make);
        if let Some(Ok(made)) = made {
            *self.source.write().unwrap_or_else(PoisonError::into_inner) = made;
        }
    }
}

fn make(identity: &Identity) -> azure_core::Result<Arc<dyn TokenCredential>> {
    crate::tls::prepare();
    Ok(match identity {
        Identity::Managed { client_id } => {
            let user_assigned_id = client_id.clone().map(UserAssignedId::ClientId);
            let options =
                ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
            ManagedIdentityCredential::new(Some(options))?
        }
        Identity::Developer => DeveloperToolsCredential::new(None)?,
    })
}

impl fmt::Debug for Entra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.source.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Entra({source:?})")
    }
}

/// The scope of Service Bus in Entra ID.
const SCOPE: &str = "https://servicebus.azure.net/.default";
