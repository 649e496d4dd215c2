//! `cosmosDBTrigger`: every property of version 4 of the extension, and advice on those of 3.
//!
//! Azure ignores a property that it does not know. A name of version 3 then means a trigger that
//! reads from another place, or from another time, than its author wrote; here it is a mistake.
//! The account must be a local one: this host is for development, and speaks plain HTTP.

use super::reader::Reader;
use crate::functions::{cosmos::sign::Key, settings::Settings};
use jiff::Timestamp;
use std::{net::IpAddr, time::Duration};
use url::Url;

/// A change feed, where its leases are, and how it is read.
#[derive(Debug)]
pub(crate) struct CosmosTrigger {
    /// The binding's name: `Data.<name>`.
    pub(crate) name: String,
    pub(crate) account: Account,
    pub(crate) database: String,
    pub(crate) container: String,
    pub(crate) leases: Leases,
    pub(crate) timings: Timings,
    /// A cap on one page. A transaction is never torn, so a page may exceed it.
    pub(crate) items_max: Option<u32>,
    pub(crate) start: Start,
}

/// An endpoint and its key.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) endpoint: Url,
    pub(crate) key: Key,
}

/// Where the leases are.
#[derive(Debug)]
pub(crate) struct Leases {
    pub(crate) account: Account,
    pub(crate) database: String,
    pub(crate) container: String,
    /// What this function's lease ids begin with.
    pub(crate) prefix: String,
    /// Create the container if it is not there.
    pub(crate) create: bool,
    /// What a created container gets, in request units a second.
    pub(crate) throughput: Option<u32>,
}

/// The trigger's intervals.
#[derive(Debug)]
pub(crate) struct Timings {
    /// After a page without changes.
    pub(crate) poll: Duration,
    /// Between looks at the leases that are free.
    pub(crate) acquire: Duration,
    /// How long a silent owner keeps a lease.
    pub(crate) expiration: Duration,
    /// Between signs of life.
    pub(crate) renew: Duration,
}

/// Where a lease without a continuation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Now,
    Beginning,
    Time(Timestamp),
}

impl CosmosTrigger {
    /// Reads the binding.
    pub(super) fn read(mut reader: Reader<'_>, name: String, settings: &Settings) -> Option<Self> {
        let account = Account::read(&mut reader, "connection", settings);
        let database = required(&mut reader, "databaseName", settings);
        let container = required(&mut reader, "containerName", settings);
        let leases = Leases::read(&mut reader, settings, account.as_ref(), database.as_deref());
        let timings = Timings::read(&mut reader);
        let items_max = reader.number("maxItemsPerInvocation", 1, i64::from(i32::MAX));
        let start = Start::read(&mut reader, settings);
        // A local account has one region.
        drop(reader.expanded("preferredLocations", settings));
        reader.finish(advice);
        Some(Self {
            name,
            account: account?,
            database: database?,
            container: container?,
            leases: leases?,
            timings,
            items_max: items_max.and_then(|max| max.try_into().ok()),
            start,
        })
    }
}

impl Account {
    /// Reads the connection that the property names: a connection string, or an endpoint.
    fn read(reader: &mut Reader<'_>, property: &str, settings: &Settings) -> Option<Self> {
        let Some(connection) = reader.text(property) else {
            reader.wrong(property, "it is required: the name of a setting or group of settings");
            return None;
        };
        Self::find(&connection, settings).map_err(|message| reader.wrong(property, message)).ok()
    }

    /// A connection string `<connection>`, or an endpoint `<connection>__accountEndpoint`.
    ///
    /// On Azure the second goes with an identity; here with the emulator's public key, which is
    /// why it must lead to this machine.
    fn find(connection: &str, settings: &Settings) -> Result<Self, String> {
        let endpoint_setting = format!("{connection}__accountEndpoint");
        let (setting, endpoint, key) = if let Some(text) = settings.get(connection) {
            let endpoint = part(text, "AccountEndpoint").ok_or_else(|| {
                format!("setting {connection} must be AccountEndpoint=…;AccountKey=…")
            })?;
            (connection.to_owned(), endpoint, part(text, "AccountKey"))
        } else {
            let endpoint = settings.get(&endpoint_setting).ok_or_else(|| {
                format!("neither setting {connection} nor {endpoint_setting} is set")
            })?;
            (endpoint_setting, endpoint, None)
        };
        let endpoint = Url::parse(endpoint).map_err(|error| format!("{setting}: {error}"))?;
        if endpoint.scheme() != "http" {
            return Err(format!("{setting}: this host speaks plain http, to a local account only"));
        }
        let key = match key {
            Some(key) => key.parse().map_err(|error| format!("{setting}: {error}"))?,
            None if is_loopback(&endpoint) => Key::emulator(),
            None => {
                return Err(format!(
                    "{setting}: the emulator's key is for loopback only; give {connection} with AccountKey=…"
                ));
            }
        };
        Ok(Self { endpoint, key })
    }
}

/// The value of `name=value;` in a connection string; values may hold `=`.
fn part<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Whether the endpoint is this machine.
fn is_loopback(endpoint: &Url) -> bool {
    let host = endpoint.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A text that must be there.
fn required(reader: &mut Reader<'_>, property: &str, settings: &Settings) -> Option<String> {
    let known = reader.has(property);
    let text = reader.expanded(property, settings);
    if !known {
        reader.wrong(property, "it is required");
    }
    text
}

impl Leases {
    fn read(
        reader: &mut Reader<'_>,
        settings: &Settings,
        account: Option<&Account>,
        database: Option<&str>,
    ) -> Option<Self> {
        let account = if reader.has("leaseConnection") {
            Account::read(reader, "leaseConnection", settings)
        } else {
            account.cloned()
        };
        let own_database = reader.expanded("leaseDatabaseName", settings);
        let container = reader.expanded("leaseContainerName", settings);
        let prefix = reader.expanded("leaseContainerPrefix", settings);
        let throughput = reader.number("leasesContainerThroughput", 400, i64::from(i32::MAX));
        let throughput = throughput.and_then(|throughput| throughput.try_into().ok());
        let create = reader.flag("createLeaseContainerIfNotExists");
        Some(Self {
            account: account?,
            database: own_database.or_else(|| database.map(str::to_owned))?,
            container: container.unwrap_or_else(|| "leases".into()),
            prefix: prefix.unwrap_or_default(),
            create,
            throughput,
        })
    }
}

impl Timings {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            poll: reader.millis("feedPollDelay", 5_000),
            acquire: reader.millis("leaseAcquireInterval", 13_000),
            expiration: reader.millis("leaseExpirationInterval", 60_000),
            renew: reader.millis("leaseRenewInterval", 17_000),
        }
    }
}

impl Start {
    fn read(reader: &mut Reader<'_>, settings: &Settings) -> Self {
        let beginning = reader.flag("startFromBeginning");
        let time = reader.expanded("startFromTime", settings);
        match (beginning, time) {
            (true, Some(_)) => {
                reader.wrong("startFromTime", "it and startFromBeginning exclude each other");
                Self::Beginning
            }
            (true, None) => Self::Beginning,
            (false, None) => Self::Now,
            (false, Some(time)) => time.parse().map_or_else(
                |_| {
                    reader
                        .wrong("startFromTime", "it must be an instant like 2026-11-23T20:00:00Z");
                    Self::Now
                },
                Self::Time,
            ),
        }
    }
}

/// Names of version 3 of the extension, which version 4 ignores without a word.
fn advice(key: &str) -> Option<&'static str> {
    Some(match key {
        "connectionStringSetting" => "that is the name of version 3; it is called connection",
        "collectionName" => "that is the name of version 3; it is called containerName",
        "leaseConnectionStringSetting" => {
            "that is the name of version 3; it is called leaseConnection"
        }
        "leaseCollectionName" => "that is the name of version 3; it is called leaseContainerName",
        "leaseCollectionPrefix" => {
            "that is the name of version 3; it is called leaseContainerPrefix"
        }
        "createLeaseCollectionIfNotExists" => {
            "that is the name of version 3; it is called createLeaseContainerIfNotExists"
        }
        "leasesCollectionThroughput" => {
            "that is the name of version 3; it is called leasesContainerThroughput"
        }
        "checkpointInterval" | "checkpointDocumentCount" | "useMultipleWriteLocations" => {
            "version 4 has it no more; leave it out"
        }
        "changeFeedMode" => "this host reads the latest versions only; leave it out",
        _ => return None,
    })
}
