//! Everything the environment says, checked whole, and the relay made of it.

use crate::app::App;
use crate::config::Settings;
use crate::logs;
use cosmos::{Container, CosmosLeases, CosmosOutbox, NoTls, Patience};
use servicebus::{Account, ServiceBusPublisher, check_topic};
use std::sync::Arc;
use tracing_subscriber::filter::Targets;

/// The relay between Cosmos DB and Service Bus.
pub type AzureApp = App<CosmosOutbox, ServiceBusPublisher>;

/// What the environment says.
#[derive(Debug)]
pub struct Setup {
    /// The relay's own settings.
    pub settings: Settings,
    /// What to log.
    pub filter: Targets,
    /// Where the store and the broker are.
    pub clients: Clients,
}

/// Where the store and the broker are, and what opens them.
#[derive(Debug)]
pub struct Clients {
    store: cosmos::Settings,
    publisher: ServiceBusPublisher,
}

impl Setup {
    /// Reads all variables. Must be called inside a tokio runtime; does no I/O.
    ///
    /// # Errors
    ///
    /// Every mistake in any of them, each with the variable's name and what would be right.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let settings = Settings::read(&get).map_err(texts);
        let filter = logs::filter(&get).map_err(|mistake| vec![mistake]);
        let store = cosmos::Settings::read(&get).map_err(texts);
        let publisher = publisher(&get);
        match (settings, filter, store, publisher) {
            (Ok(settings), Ok(filter), Ok(store), Ok(publisher)) => {
                Ok(Self { settings, filter, clients: Clients { store, publisher } })
            }
            (settings, filter, store, publisher) => {
                let mistakes = [settings.err(), filter.err(), store.err(), publisher.err()];
                Err(mistakes.into_iter().flatten().flatten().collect())
            }
        }
    }
}

impl Clients {
    /// The relay, the container whose feed it may read, and the leases on that. No I/O to either
    /// service.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn open(
        self,
        settings: &Settings,
    ) -> Result<(AzureApp, Arc<Container>, CosmosLeases), NoTls> {
        let (container, leases) = self.store.open_with_leases(Patience::default())?;
        let outbox = CosmosOutbox::new(Arc::clone(&container));
        let app = App::new(outbox, self.publisher, settings.limits, settings.sweep_after);
        Ok((app, container, leases))
    }
}

pub(crate) fn publisher(
    get: impl Fn(&str) -> Option<String>,
) -> Result<ServiceBusPublisher, Vec<String>> {
    let topic = topic(&get);
    // Who speaks, as CloudEvents want it: a path, the same for every relay of the topic.
    let source = format!("/{topic}");
    let account = match Account::from_variables(get) {
        Ok(account) => account,
        Err(problems) => {
            let of_topic = check_topic(&topic).err();
            return Err(texts(problems.iter().chain(&of_topic)));
        }
    };
    let publisher = ServiceBusPublisher::new(account, &topic, &source);
    publisher.map_err(|problems| texts(problems.iter()))
}

/// The topic's name.
pub(crate) fn topic(get: impl Fn(&str) -> Option<String>) -> String {
    let given = get("SERVICEBUS_TOPIC").filter(|given| !given.trim().is_empty());
    given.as_deref().map_or(TOPIC, str::trim).to_owned()
}

pub(crate) fn texts(mistakes: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    mistakes.into_iter().map(|mistake| mistake.to_string()).collect()
}

const TOPIC: &str = "orders";

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

    fn read(variables: &[(&str, &str)]) -> Result<Setup, Vec<String>> {
        let get = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Setup::read(get)
    }

    #[tokio::test]
    async fn a_local_azure_is_enough() {
        let setup = read(&[
            ("COSMOS_ENDPOINT", "http://127.0.0.1:8081"),
            ("COSMOS_KEY", KEY),
            (
                "SERVICEBUS_CONNECTION",
                "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;\
                 SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;",
            ),
        ]);
        let Setup { settings, clients, .. } = setup.unwrap();
        let (_, container, leases) = clients.open(&settings).unwrap();
        assert_eq!(leases.container().link(), "dbs/shop/colls/leases");
        assert_eq!(container.link(), "dbs/shop/colls/orders");
    }

    #[tokio::test]
    async fn no_debug_output_shows_a_secret() {
        let setup = read(&[
            ("COSMOS_ENDPOINT", "https://a.documents.azure.com"),
            (
                "COSMOS_KEY",
                "c2VjcmV0LWtleS1vZi10aGUtc3RvcmUtc2VjcmV0LWtleS1vZi10aGUtc3RvcmUtc2VjcmV0LWtleS1vZi10aA==",
            ),
            (
                "SERVICEBUS_CONNECTION",
                "Endpoint=sb://n.servicebus.windows.net;SharedAccessKeyName=n;\
                 SharedAccessKey=secret-key-of-the-broker",
            ),
        ]);
        let setup = setup.unwrap();
        let before = format!("{setup:?}");
        let (app, container, _) = setup.clients.open(&setup.settings).unwrap();
        let after = format!("{app:?} {container:?} {:?}", container.client());
        for shown in [before, after] {
            let is_secret = shown.contains("c2VjcmV0") || shown.contains("secret-key");
            assert!(!is_secret, "{shown}");
        }
    }

    #[tokio::test]
    async fn mistakes_of_all_parts_are_told_at_once() {
        let wrong = [
            ("COSMOS_KEY", "!"),
            ("SERVICEBUS_TOPIC", "a b"),
            ("RELAY_IN_FLIGHT", "many"),
            ("RUST_LOG", "relay=loud"),
        ];
        let mistakes = read(&wrong).unwrap_err().join("\n");
        for variable in [
            "COSMOS_ENDPOINT",
            "COSMOS_KEY",
            "SERVICEBUS_NAMESPACE",
            "SERVICEBUS_TOPIC",
            "RELAY_IN_FLIGHT",
            "RUST_LOG",
        ] {
            assert!(mistakes.contains(variable), "{variable}: {mistakes}");
        }
    }
}
