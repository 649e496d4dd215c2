//! What the environment says of the account, checked whole: all mistakes at once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::account::Endpoint;
use crate::client::{Client, NoTls};
use crate::container::Container;
use crate::credential::{Credential, Entra, MasterKey};
use crate::leases::CosmosLeases;
use crate::request::ContainerName;
use crate::verdict::Patience;

/// Account, credential, database and container, as they are configured.
#[derive(Debug)]
pub struct Settings {
    endpoint: Endpoint,
    credential: Credential,
    database: ContainerName,
    container: ContainerName,
    leases: ContainerName,
}

/// A variable that is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct Mistake {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with it; reads on from the name.
    pub problem: String,
}

impl Settings {
    /// Reads `COSMOS_ENDPOINT`, `COSMOS_KEY`, `COSMOS_DATABASE` (`shop`), `COSMOS_CONTAINER`
    /// (`orders`) and `COSMOS_LEASE_CONTAINER` (`leases`); without a key `IDENTITY_ENDPOINT` and
    /// `AZURE_CLIENT_ID` choose the identity.
    ///
    /// # Errors
    ///
    /// Every variable that is wrong, at once.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let var = |name: &str| var(name).filter(|value| !value.trim().is_empty());
        let mut mistakes = Vec::new();
        let endpoint = endpoint(var(ENDPOINT)).map_err(|mistake| mistakes.push(mistake)).ok();
        let credential = credential(&var, endpoint.as_ref());
        let credential = credential.map_err(|mistake| mistakes.push(mistake)).ok();
        let database = name(var(DATABASE), DATABASE, "shop");
        let database = database.map_err(|mistake| mistakes.push(mistake)).ok();
        let container = name(var(CONTAINER), CONTAINER, "orders");
        let container = container.map_err(|mistake| mistakes.push(mistake)).ok();
        let leases = lease_container(var(LEASES), container.as_ref());
        let leases = leases.map_err(|mistake| mistakes.push(mistake)).ok();
        let (Some(endpoint), Some(credential)) = (endpoint, credential) else {
            return Err(mistakes);
        };
        let (Some(database), Some(container), Some(leases)) = (database, container, leases) else {
            return Err(mistakes);
        };
        Ok(Self { endpoint, credential, database, container, leases })
    }

    /// The container that was configured. No I/O yet: nothing is sent, nobody is asked.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn open(self, patience: Patience) -> Result<Arc<Container>, NoTls> {
        Ok(self.open_with_leases(patience)?.0)
    }

    /// The same, and the leases on its change feed.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn open_with_leases(
        self,
        patience: Patience,
    ) -> Result<(Arc<Container>, CosmosLeases), NoTls> {
        let Self { endpoint, credential, database, container, leases } = self;
        let client = Arc::new(Client::new(endpoint, credential, patience)?);
        let container = Arc::new(Container::new(Arc::clone(&client), &database, &container));
        let leases = Arc::new(Container::new(client, &database, &leases));
        Ok((Arc::clone(&container), CosmosLeases::new(container, leases)))
    }
}

fn endpoint(value: Option<String>) -> Result<Endpoint, Mistake> {
    let value = value.ok_or_else(|| {
        mistake(ENDPOINT, "is not set; write https://<account>.documents.azure.com")
    })?;
    value.parse().map_err(|error| mistake(ENDPOINT, error))
}

/// A key, or without one an identity: the app's own on Azure, the developer's elsewhere.
fn credential(
    var: &impl Fn(&str) -> Option<String>,
    endpoint: Option<&Endpoint>,
) -> Result<Credential, Mistake> {
    let Some(text) = var(KEY) else {
        let client_id = var("AZURE_CLIENT_ID");
        let on_azure = var("IDENTITY_ENDPOINT").is_some();
        let entra = if on_azure { Entra::managed(client_id) } else { Entra::developer() };
        return Ok(Credential::Entra(entra));
    };
    let key: MasterKey = text.parse().map_err(|error| mistake(KEY, error))?;
    if key.is_public() && endpoint.is_some_and(|endpoint| !endpoint.is_loopback()) {
        return Err(mistake(
            KEY,
            "is the public key of the emulator, which opens no account; \
             leave it out to log in by Entra ID, or write the account's own key",
        ));
    }
    Ok(Credential::Key(key))
}

fn name(
    value: Option<String>,
    variable: &'static str,
    default: &str,
) -> Result<ContainerName, Mistake> {
    let text = value.as_deref().unwrap_or(default);
    ContainerName::from_str(text).map_err(|error| mistake(variable, error))
}

/// Leases among what they are on would change the feed with each of their own writes.
fn lease_container(
    value: Option<String>,
    monitored: Option<&ContainerName>,
) -> Result<ContainerName, Mistake> {
    let leases = name(value, LEASES, "leases")?;
    if monitored == Some(&leases) {
        return Err(mistake(LEASES, "is the container of the orders; write another one's name"));
    }
    Ok(leases)
}

fn mistake(variable: &'static str, problem: impl fmt::Display) -> Mistake {
    Mistake { variable, problem: problem.to_string() }
}

const ENDPOINT: &str = "COSMOS_ENDPOINT";
const KEY: &str = "COSMOS_KEY";
const DATABASE: &str = "COSMOS_DATABASE";
const CONTAINER: &str = "COSMOS_CONTAINER";
const LEASES: &str = "COSMOS_LEASE_CONTAINER";

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str =
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

    fn read(vars: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let var = |name: &str| {
            vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(var).map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_emulator_needs_endpoint_and_key() {
        let vars = [("COSMOS_ENDPOINT", "http://127.0.0.1:8081"), ("COSMOS_KEY", PUBLIC)];
        let container = read(&vars).unwrap().open(Patience::default()).unwrap();
        assert_eq!(container.link(), "dbs/shop/colls/orders");
    }

    #[test]
    fn without_a_key_an_identity_logs_in() {
        let account = ("COSMOS_ENDPOINT", "https://a.documents.azure.com");
        let at_home = read(&[account]).unwrap();
        assert!(matches!(at_home.credential, Credential::Entra(_)));
        let on_azure = read(&[account, ("IDENTITY_ENDPOINT", "http://127.0.0.1:41")]).unwrap();
        let Credential::Entra(entra) = on_azure.credential else { panic!("an identity") };
        assert!(format!("{entra:?}").contains("Managed"));
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let vars = [
            ("COSMOS_ENDPOINT", "http://a.documents.azure.com"),
            ("COSMOS_KEY", "secret"),
            ("COSMOS_DATABASE", "a/b"),
            ("COSMOS_CONTAINER", "c?"),
            ("COSMOS_LEASE_CONTAINER", "l#"),
        ];
        let mistakes = read(&vars).unwrap_err();
        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
        assert!(mistakes[0].starts_with("COSMOS_ENDPOINT must start with https://"));
        assert!(mistakes[1].starts_with("COSMOS_KEY is not base64"));
        assert!(!mistakes.concat().contains("secret"));
        assert!(read(&[]).unwrap_err()[0].starts_with("COSMOS_ENDPOINT is not set"));
    }

    #[test]
    fn leases_lie_in_another_container_than_the_orders() {
        let account = ("COSMOS_ENDPOINT", "http://127.0.0.1:8081");
        let leases = ("COSMOS_LEASE_CONTAINER", "orders");
        let mistakes = read(&[account, ("COSMOS_KEY", PUBLIC), leases]).unwrap_err();
        assert!(mistakes[0].starts_with("COSMOS_LEASE_CONTAINER is the container of the orders"));
    }

    #[test]
    fn the_public_key_is_refused_off_this_machine() {
        let vars = [("COSMOS_ENDPOINT", "https://a.documents.azure.com"), ("COSMOS_KEY", PUBLIC)];
        let mistakes = read(&vars).unwrap_err();
        assert!(mistakes[0].starts_with("COSMOS_KEY is the public key of the emulator"));
    }
}
