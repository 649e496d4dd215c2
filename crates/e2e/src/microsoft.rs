//! Microsoft's emulators in containers, made to hold what the shop needs.
//!
//! Service Bus keeps its entities in SQL Server, so that there are three containers. They have no
//! faults, no clock and no counters to ask for.

use crate::container::{Container, Network, Output, Spec, unique};
use crate::http;
use crate::wait;
use crate::world::COSMOS_KEY;
use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Names and tags of the images: Cosmos DB, Service Bus, and the SQL Server that it needs.
pub const COSMOS: (&str, &str) =
    ("mcr.microsoft.com/cosmosdb/linux/azure-cosmos-emulator", "vnext-preview");
/// See [`COSMOS`].
pub const SERVICEBUS: (&str, &str) =
    ("mcr.microsoft.com/azure-messaging/servicebus-emulator", "2.0.1");
/// See [`COSMOS`].
pub const SQL: (&str, &str) = ("mcr.microsoft.com/mssql/server", "2022-latest");

/// The three containers, serving.
#[derive(Debug)]
pub struct Microsoft {
    /// `http://host:port` of Cosmos DB.
    pub cosmos: String,
    /// The connection string of Service Bus.
    pub servicebus: String,
    /// The container of Service Bus, and those of Cosmos DB and SQL Server.
    pub containers: [Container; 3],
}

impl Microsoft {
    /// Starts them, waits until they are healthy, and makes database and containers.
    pub async fn start(logs: &Path) -> Result<Self> {
        let bridge = unique("microsoft");
        let start = |name: &str, image: (&str, &'static str), spec: Spec<'_>| {
            let output = Output { log: logs.join(format!("{name}.log")), lines: None };
            Container::start(&Spec { image: (image.0.to_owned(), image.1), ..spec }, Some(output))
        };
        let licence = ("ACCEPT_EULA", "Y");
        let password = ("MSSQL_SA_PASSWORD", PASSWORD);
        let sql = start("sql", SQL, spec(&bridge, &[licence, password], &[], &[]))?;
        let of_bus = [licence, password, ("SQL_SERVER", sql.name.as_str())];
        let files = [("/ServiceBus_Emulator/ConfigFiles/Config.json", CONFIG)];
        let bus = start("servicebus", SERVICEBUS, spec(&bridge, &of_bus, &[AMQP, HEALTH], &files))?;
        let of_cosmos =
            [("PROTOCOL", "http"), ("ENABLE_EXPLORER", "false"), ("ENABLE_TELEMETRY", "false")];
        let store = start("cosmos", COSMOS, spec(&bridge, &of_cosmos, &[GATEWAY, READY], &[]))?;
        serves("Cosmos DB", &format!("http://127.0.0.1:{}/ready", store.port(READY)?)).await?;
        serves("Service Bus", &format!("http://127.0.0.1:{}/health", bus.port(HEALTH)?)).await?;
        let cosmos = format!("http://127.0.0.1:{}", store.port(GATEWAY)?);
        provision(&cosmos).await?;
        let servicebus = format!(
            "Endpoint=sb://127.0.0.1:{};SharedAccessKeyName=RootManageSharedAccessKey;\
             SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;",
            bus.port(AMQP)?
        );
        Ok(Self { cosmos, servicebus, containers: [bus, store, sql] })
    }
}

fn spec<'a>(
    bridge: &'a str,
    variables: &[(&str, &str)],
    ports: &'a [u16],
    files: &'a [(&'a str, &'a str)],
) -> Spec<'a> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables = variables.iter().map(own).collect();
    let image = (String::new(), "");
    Spec { image, arguments: &[], variables, network: Network::Bridge(bridge), ports, files }
}

async fn serves(what: &str, url: &str) -> Result<()> {
    wait::within(HEALTHY_WITHIN, &format!("{what} of Microsoft is healthy"), async || {
        let status = http::client().get(url).send().await?.status();
        ensure!(status.is_success(), "{status}");
        Ok(Some(()))
    })
    .await
}

/// Database `shop` with containers `orders` and `leases`, as the Bicep files make them.
async fn provision(cosmos: &str) -> Result<()> {
    let key = |path: &str| json!({"paths": [path], "kind": "Hash", "version": 2});
    let orders = json!({"id": "orders", "partitionKey": key("/partitionKey"), "defaultTtl": -1});
    let leases = json!({"id": "leases", "partitionKey": key("/id")});
    create(cosmos, ("dbs", ""), &json!({"id": "shop"})).await?;
    create(cosmos, ("colls", "dbs/shop"), &orders).await?;
    create(cosmos, ("colls", "dbs/shop"), &leases).await
}

async fn create(cosmos: &str, (kind, parent): (&str, &str), body: &Value) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a signature is made now")]
    let date = httpdate::fmt_http_date(SystemTime::now());
    let signed = format!("post\n{kind}\n{parent}\n{}\n\n", date.to_lowercase());
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(&BASE64_STANDARD.decode(COSMOS_KEY)?)?;
    mac.update(signed.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let path = format!("{parent}/{kind}");
    let answer = http::client()
        .post(format!("{cosmos}/{}", path.trim_start_matches('/')))
        .header("authorization", format!("type%3Dmaster%26ver%3D1.0%26sig%3D{signature}"))
        .header("x-ms-date", date)
        .header("x-ms-version", "2020-07-15")
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await?;
    let status = answer.status();
    ensure!(status.as_u16() == 201, "{kind} {body}: {status} {}", answer.text().await?);
    Ok(())
}

/// Of a server that only its own bridge reaches, for as long as a test runs.
const PASSWORD: &str = "Outbox-e2e-1";
const AMQP: u16 = 5672;
const HEALTH: u16 = 5300;
const GATEWAY: u16 = 8081;
const READY: u16 = 8080;
/// SQL Server upgrades its schema before Service Bus can start.
const HEALTHY_WITHIN: Duration = Duration::from_mins(4);

/// Topic `orders` and subscription `all`, within what Microsoft's emulator allows.
const CONFIG: &str = r#"{"UserConfig":{"Namespaces":[{"Name":"sbemulatorns","Queues":[],"Topics":[{
"Name":"orders","Properties":{"DefaultMessageTimeToLive":"PT1H",
"DuplicateDetectionHistoryTimeWindow":"PT5M","RequiresDuplicateDetection":true},
"Subscriptions":[{"Name":"all","Properties":{"DeadLetteringOnMessageExpiration":true,
"DefaultMessageTimeToLive":"PT1H","LockDuration":"PT1M","MaxDeliveryCount":10,
"RequiresSession":true},"Rules":[]}]}]}],"Logging":{"Type":"Console"}}}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entities_are_those_that_the_promises_need() {
        let config: Value = serde_json::from_str(CONFIG).unwrap();
        let topic = &config["UserConfig"]["Namespaces"][0]["Topics"][0];
        assert_eq!(topic["Properties"]["RequiresDuplicateDetection"], true);
        assert_eq!(topic["Subscriptions"][0]["Properties"]["RequiresSession"], true);
    }
}
