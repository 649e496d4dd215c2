//! Faults planted in a copy of the real tree, one at a time: each is found where it is.

use super::findings;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(super) const MAIN: &str = "infra/bicep/main.bicep";
const DEV: &str = "infra/bicep/main.bicepparam";
pub(super) const COSMOS: &str = "infra/bicep/modules/cosmos.bicep";
pub(super) const BUS: &str = "infra/bicep/modules/servicebus.bicep";
const APP: &str = "infra/bicep/modules/functionapp.bicep";
pub(super) const STORAGE: &str = "infra/bicep/modules/storage.bicep";
const FEED: &str = "crates/relay/functions/Relay/function.json";

/// A file, what stands in it, what to write instead, and what must be said of it.
type Fault = (&'static str, &'static str, &'static str, &'static str);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("infra"), &folder.path().join("infra"));
    for package in ["api", "relay", "cosmos", "servicebus", "domain"] {
        let (from, to) = (root().join("crates").join(package), folder.path().join("crates"));
        copy(&from.join("src"), &to.join(package).join("src"));
        fs::copy(from.join("Cargo.toml"), to.join(package).join("Cargo.toml")).unwrap();
    }
    for app in ["api", "relay"] {
        let functions = Path::new("crates").join(app).join("functions");
        copy(&root().join(&functions), &folder.path().join(functions));
    }
    folder
}

fn said(root: &Path) -> String {
    let lines: Vec<String> = findings(root).unwrap().iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Plants each fault for itself; it must be found in its file, in the line that was changed or, if
/// something is missing there, at the one that should have it.
#[track_caller]
pub(super) fn found(faults: &[Fault]) {
    let tree = tree();
    assert_eq!(said(tree.path()), "");
    for (path, from, to, expected) in faults {
        let file = tree.path().join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{path} has no `{from}`");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let said = said(tree.path());
        fs::write(&file, text).unwrap();
        assert!(said.contains(expected), "{path}: `{from}` -> `{to}` said:\n{said}");
        assert!(said.lines().count() <= 8, "one fault is told too often:\n{said}");
    }
}

#[test]
fn what_is_committed_is_in_order_and_that_is_known_at_once() {
    let started = Instant::now();
    assert_eq!(said(&root()), "");
    // Some tens of milliseconds; the bound is for a machine with much else to do.
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_is_no_bicep_is_found() {
    found(&[
        (MAIN, "var topicName = 'orders'", "var topicName = 'orders", "main.bicep:"),
        (MAIN, "var topicName =", "var topicName string =", "cannot read"),
        (MAIN, "var topicName = 'orders'", "var topicName = map([], x => x)", "lambda_expression"),
        (DEV, "param retentionDays = 7", "param retentionDays 7", "main.bicepparam:11:"),
    ]);
}

#[test]
fn types_versions_and_properties_that_are_not_allowed_are_found() {
    found(&[
        (
            COSMOS,
            "sqlDatabases@2025-04-15'",
            "sqlDatabases@2015-01-01'",
            "right would be Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15",
        ),
        (BUS, "/topics@2024-01-01", "/topix@2024-01-01", "no such type is in"),
        (COSMOS, "minimalTlsVersion:", "minimumTlsVersion:", "has no property `minimumTlsVersion`"),
        (COSMOS, "    disableLocalAuth: true\n", "", "property `disableLocalAuth` is missing"),
        (
            COSMOS,
            "failoverPriority: 0",
            "failoverPriority: '0'",
            "is of type string; right would be int",
        ),
        (
            COSMOS,
            "isZoneRedundant: zoneRedundant",
            "isZoneRedundant: location",
            "right would be bool",
        ),
        (COSMOS, "paths: ['/partitionKey']", "paths: '/partitionKey'", "right would be array"),
        (COSMOS, "defaultTtl: -1", "defaultTtl: {}", "right would be int"),
        (APP, "version: '1.0'", "version: '2.0'", "`version` is 2.0; right would be 1.0"),
    ]);
}

#[test]
fn doors_left_open_are_found() {
    found(&[
        (COSMOS, "disableLocalAuth: true", "disableLocalAuth: false", "right would be true"),
        (COSMOS, "disableLocalAuth: true", "disableLocalAuth: privateNetworking", "plainly true"),
        (BUS, "disableLocalAuth: true", "disableLocalAuth: false", "servicebus.bicep:"),
        (
            BUS,
            "requiresDuplicateDetection: true",
            "requiresDuplicateDetection: false",
            "right would be true",
        ),
        (BUS, "requiresSession: true", "requiresSession: false", "right would be true"),
        (
            STORAGE,
            "allowSharedKeyAccess: false",
            "allowSharedKeyAccess: true",
            "right would be false",
        ),
        (APP, "allow: false", "allow: true", "right would be false"),
        (APP, "minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "right would be 1.2 or 1.3"),
    ]);
}

#[test]
fn names_that_lead_nowhere_or_are_used_nowhere_are_found() {
    found(&[
        (
            MAIN,
            "databaseName: databaseName",
            "databaseName: databasName",
            "`databasName` is declared nowhere",
        ),
        (
            MAIN,
            "var logLevel = 'info'",
            "var logLevel = 'info'\nvar idle = 'x'",
            "variable `idle` is used nowhere",
        ),
        (MAIN, "email: alertEmail", "email: ''", "parameter `alertEmail` is used nowhere"),
        (COSMOS, "parent: database\n", "parent: account\n", "its parent is wrong"),
        (COSMOS, "  parent: database\n", "", "has no parent"),
        (
            MAIN,
            "uniqueString(resourceGroup().id)",
            "newGuid()",
            "`newGuid` is not a function allowed here",
        ),
        (
            "infra/bicep/modules/workbook.bicep",
            "'workbook.json'",
            "'book.json'",
            "there is no file",
        ),
        ("infra/bicep/modules/workbook.json", "\"items\"", "items", "is not JSON"),
        (
            MAIN,
            "@description('Name of the database.')\n",
            "",
            "output `databaseName` has no description",
        ),
        (
            MAIN,
            "@description('Where everything is",
            "@metadata('Where everything is",
            "`location` has no description",
        ),
    ]);
}

#[test]
fn what_is_passed_wrongly_to_modules_is_found() {
    found(&[
        (
            MAIN,
            "'modules/cosmos.bicep'",
            "'modules/cosmo.bicep'",
            "there is no file modules/cosmo.bicep",
        ),
        (
            MAIN,
            "    backupTier: backupTier\n",
            "",
            "parameter `backupTier` of infra/bicep/modules/cosmos.bicep is missing",
        ),
        (MAIN, "mode: cosmosMode", "moode: cosmosMode", "has no parameter `moode`"),
        (
            MAIN,
            "throughputMax: cosmosThroughputMax",
            "throughputMax: '1000'",
            "is of type string; right would be int",
        ),
        (MAIN, "mode: cosmosMode", "mode: 'provisioned'", "right would be serverless or autoscale"),
        (MAIN, "cosmos.outputs.endpoint", "cosmos.outputs.address", "has no output `address`"),
        (
            MAIN,
            "zoneRedundant: zoneRedundant",
            "zoneRedundant: cosmos.outputs.endpoint",
            "is of type string; right would be bool",
        ),
    ]);
}

#[test]
fn what_parameter_files_say_wrongly_is_found() {
    found(&[
        (
            DEV,
            "using 'main.bicep'",
            "using 'other.bicep'",
            "main.bicepparam:2:7: there is no file other.bicep",
        ),
        (DEV, "using 'main.bicep'", "", "has no `using 'main.bicep'` line"),
        (
            DEV,
            "param environmentName = 'dev'\n",
            "",
            "parameter `environmentName` of infra/bicep/main.bicep is missing",
        ),
        (
            DEV,
            "= 'dev'",
            "= 'test'",
            "main.bicepparam:4:25: parameter `environmentName` is 'test'; right would be dev or prod",
        ),
        (
            DEV,
            "param retentionDays = 7",
            "param retentionDays = 8",
            "is 8; right would be at most 7",
        ),
        (DEV, "param retentionDays = 7", "param retentionDays = '7'", "right would be int"),
        (
            DEV,
            "param workload = 'shop'",
            "param workload = 'groceries'",
            "is 9; right would be at most 8",
        ),
        (DEV, "param workload", "param worklod", "has no parameter `worklod`"),
        (DEV, "param retentionDays = 7", "param workload = 'shop'", "is given twice"),
    ]);
}

#[test]
fn secrets_and_roles_are_found() {
    found(&[
        (
            APP,
            "output host string = app.properties.defaultHostName",
            "output host string = app.listKeys().masterKey",
            "holds a secret",
        ),
        (
            COSMOS,
            "= account.properties.documentEndpoint",
            "= account.properties.primaryKey",
            "output `endpoint` holds a secret (`primaryKey`)",
        ),
        (
            COSMOS,
            "param apiName string\n\n@description('Principal of the relay.')",
            "param apiName string\n@secure()\n@description('x')\nparam k string = ''\n@description('x')\noutput k string = k\n@description('x')",
            "output `k` holds a secret (`k`)",
        ),
        (
            BUS,
            "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
            "090c5cfd-751d-490a-894a-3ce6f1109419",
            "is no role allowed here",
        ),
        (
            BUS,
            "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
            "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
            "is Azure Service Bus Data Receiver",
        ),
    ]);
}

#[test]
fn settings_that_nobody_sets_or_reads_are_found() {
    found(&[
        (
            MAIN,
            "      SERVICEBUS_TOPIC: topicName\n",
            "",
            "relay reads `SERVICEBUS_TOPIC` (crates/",
        ),
        (
            MAIN,
            "RELAY_IN_FLIGHT: '64'",
            "RELAY_INFLIGHT: '64'",
            "`RELAY_INFLIGHT` is set, and relay does not read it",
        ),
        (
            MAIN,
            "RUST_LOG: logLevel",
            "COSMOS_KEY: logLevel",
            "`COSMOS_KEY` must not be set: no key is known",
        ),
        (
            MAIN,
            "      CosmosConnection__credential: 'managedidentity'\n",
            "",
            "relay reads `CosmosConnection__credential`",
        ),
        (
            APP,
            "  AzureWebJobsStorage__clientId: identityClientId\n",
            "",
            "api reads `AzureWebJobsStorage__clientId`",
        ),
        (
            "crates/relay/src/config.rs",
            "\"RELAY_RETENTION\"",
            "\"RELAY_KEEPING\"",
            "relay reads `RELAY_KEEPING` (crates/relay/src/config.rs:",
        ),
        (
            "crates/relay/src/config.rs",
            "\"RELAY_POLL\"",
            "\"RELAY_PAUSE\"",
            "`RELAY_POLL` stands under `unset`, and no app reads it",
        ),
    ]);
}

#[test]
fn queries_for_what_is_never_logged_are_found() {
    let (alerts, book) = ("infra/bicep/modules/alerts.bicep", "infra/bicep/modules/workbook.json");
    found(&[
        (
            "crates/relay/src/app.rs",
            "\"outbox swept\"",
            "\"swept\"",
            "`outbox swept`, which the relay never logs",
        ),
        (alerts, "line.oldest_age_s", "line.oldest_s", "`oldest_s`, which the relay never logs"),
        (book, "line.held", "line.held_back", "`held_back`, which the relay never logs"),
    ]);
}

#[test]
fn what_apps_name_and_nobody_makes_is_found() {
    found(&[
        (
            FEED,
            "\"leases\"",
            "\"lease\"",
            "function.json:10:7: `leaseContainerName` is `lease`, which no Microsoft.DocumentDB",
        ),
        (FEED, "%COSMOS_DATABASE%", "store", "`databaseName` is `store`"),
        (FEED, "\"CosmosConnection\"", "\"Cosmos\"", "relay reads `Cosmos__accountEndpoint`"),
        (
            MAIN,
            "var leasesContainerName = 'leases'",
            "var leasesContainerName = 'lease'",
            "there are: lease, orders",
        ),
        (
            MAIN,
            "SERVICEBUS_TOPIC: topicName",
            "SERVICEBUS_TOPIC: subscriptionName",
            "`SERVICEBUS_TOPIC` is `all`",
        ),
        (
            MAIN,
            "'function:Relay'",
            "'function:relay'",
            "relay has no function `relay`; it has: Relay, Sweep",
        ),
    ]);
}
