//! Where the emulator is, what its control port does to it, and a new container for whoever asks.

use anyhow::{Context, Result, anyhow, bail};
use azure_data_cosmos::clients::{ContainerClient, DatabaseClient};
use azure_data_cosmos::models::{ContainerProperties, PartitionKeyDefinition};
use azure_data_cosmos::options::{
    BinaryEncodingOptions, ContentResponseOnWrite, ItemWriteOptions, OperationOptions,
    OperationOptionsBuilder, Precondition, Region,
};
use azure_data_cosmos::{
    AccountEndpoint, AccountReference, CosmosClient, CosmosError, RoutingStrategy,
};
use serde_json::{Value, json};

/// The key of every Cosmos DB emulator; it is public.
pub const KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

/// A client, a database of this run, and the way to the control port.
pub struct World {
    /// Where Cosmos DB answers.
    pub endpoint: String,
    control: String,
    http: reqwest::Client,
    /// The client of most features.
    pub client: CosmosClient,
    /// The database of this run.
    pub database: String,
}

impl World {
    /// Looks into the environment, and makes a database.
    pub async fn open() -> Result<Self> {
        let variable = |name| std::env::var(name).with_context(|| format!("{name} is needed"));
        let endpoint = variable("COSMOS_ENDPOINT")?;
        let client = client(&endpoint, KEY, true).await?;
        let database = fresh("rust");
        client.create_database(&database, None).await?;
        let (control, http) = (variable("CONTROL")?, reqwest::Client::new());
        Ok(Self { endpoint, control, http, client, database })
    }

    /// Removes what the features left behind.
    pub async fn close(&self) -> Result<()> {
        self.no_faults().await?;
        self.database().delete(None).await?;
        Ok(())
    }

    /// The database of this run.
    pub fn database(&self) -> DatabaseClient {
        self.client.database_client(self.database.clone())
    }

    /// A new container with the partition key `/pk`.
    pub async fn container(&self) -> Result<ContainerClient> {
        self.container_by("/pk".into()).await
    }

    /// A new container with this partition key.
    pub async fn container_by(&self, key: PartitionKeyDefinition) -> Result<ContainerClient> {
        self.made(ContainerProperties::new(fresh("c"), key)).await
    }

    /// A new container of this definition.
    pub async fn made(&self, properties: ContainerProperties) -> Result<ContainerClient> {
        let id = properties.id.to_string();
        self.database().create_container(properties, None).await?;
        Ok(self.database().container_client(id, None).await?)
    }

    /// A new container with `count` items over `keys` partition keys, numbered from 0; its name.
    pub async fn filled(&self, count: u32, keys: u32) -> Result<(ContainerClient, String)> {
        let id = fresh("c");
        let container = self.made(ContainerProperties::new(id.clone(), "/pk".into())).await?;
        for n in 0..count {
            let (key, name) = (format!("k{}", n % keys), name(n));
            let item = json!({"id": name, "pk": key, "n": n});
            container.create_item(key, &name, item, None).await?;
        }
        Ok((container, id))
    }

    /// Splits the fullest range of a container.
    pub async fn split(&self, container: &str) -> Result<()> {
        let path = format!("/cosmos/{}/{container}/split", self.database);
        self.control("POST", &path, None).await.map(drop)
    }

    /// Splits a range, which serves nobody for that long.
    pub async fn split_within(&self, container: &str, milliseconds: u64) -> Result<()> {
        let path = format!("/cosmos/{}/{container}/split", self.database);
        self.control("POST", &path, Some(json!({"durationMs": milliseconds}))).await.map(drop)
    }

    /// Merges two ranges of a container.
    pub async fn merge(&self, container: &str) -> Result<()> {
        let path = format!("/cosmos/{}/{container}/merge", self.database);
        self.control("POST", &path, None).await.map(drop)
    }

    /// Sets a fault for the requests that follow.
    pub async fn fault(&self, mut rule: Value) -> Result<()> {
        rule["target"] = "cosmos".into();
        self.control("POST", "/faults", Some(rule)).await.map(drop)
    }

    /// What is left of the faults that were set.
    pub async fn faults(&self) -> Result<Value> {
        Ok(self.control("GET", "/faults", None).await?["faults"].take())
    }

    /// Takes back what is left of all faults.
    pub async fn no_faults(&self) -> Result<()> {
        self.control("DELETE", "/faults", None).await.map(drop)
    }

    /// Moves the emulator's clock on.
    pub async fn advance(&self, seconds: u64) -> Result<()> {
        let body = json!({"seconds": seconds});
        self.control("POST", "/clock/advance", Some(body)).await.map(drop)
    }

    async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let mut request = self.http.request(method, format!("{}{path}", self.control));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        if status.is_success() { Ok(body) } else { bail!("{path}: {body}") }
    }
}

/// A client that knows nothing of any other, with writes in the binary encoding or not.
pub async fn client(endpoint: &str, key: &str, binary: bool) -> Result<CosmosClient> {
    let endpoint: AccountEndpoint = endpoint.parse()?;
    let account = AccountReference::with_authentication_key(endpoint, key.to_owned());
    let encoding = BinaryEncodingOptions::new().with_enabled(binary);
    let builder = CosmosClient::builder().with_binary_encoding_options(encoding);
    Ok(builder.build(account, RoutingStrategy::ProximityTo(Region::EAST_US)).await?)
}

/// An id that nothing has yet.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::new_v4().simple())
}

/// The id of item `n`.
pub fn name(n: u32) -> String {
    format!("{n:03}")
}

/// Asks for the document back.
pub fn with_content() -> OperationOptions {
    OperationOptionsBuilder::new()
        .with_content_response_on_write(ContentResponseOnWrite::Enabled)
        .build()
}

/// Options of a write that answers with the document.
pub fn answering() -> Option<ItemWriteOptions> {
    Some(ItemWriteOptions::default().with_operation_options(with_content()))
}

/// Options of a write on condition.
pub fn if_match(etag: &str) -> Option<ItemWriteOptions> {
    let precondition = Precondition::IfMatch(etag.to_owned().into());
    Some(ItemWriteOptions::default().with_precondition(precondition))
}

/// The error of what must end in this status.
pub async fn refused<T>(
    status: u16,
    outcome: impl Future<Output = Result<T, CosmosError>>,
) -> Result<CosmosError> {
    match outcome.await {
        Ok(_) => Err(anyhow!("{status} was due, and it was done")),
        Err(error) if u16::from(error.status().status_code()) == status => Ok(error),
        Err(error) => Err(anyhow!("{} is not {status}: {error}", error.status())),
    }
}
