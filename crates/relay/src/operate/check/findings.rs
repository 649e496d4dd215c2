//! What the promises need of topic, subscriptions and containers; functions of what was found.
//!
//! | promise | needs |
//! |---|---|
//! | `same-id-on-repeat` | duplicate detection, with a window longer than any repeat takes |
//! | `in-order-per-order` | sessions; one broker for the topic |
//! | nothing dropped at the consumer's door | dead-lettering |
//! | `nothing-pending-expires` | a container whose default time to live is -1 |

use cosmos::{Definition, IndexingPolicy};
use servicebus::{Subscription, Topic};
use std::time::Duration;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) rule: &'static str,
    pub(super) found: String,
    /// What to do; none where it is right.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn wrong(
        subject: &str,
        rule: &'static str,
        found: String,
        fix: impl Into<String>,
    ) -> Self {
        Self { subject: subject.to_owned(), rule, found, fix: Some(fix.into()) }
    }

    fn judged(
        (subject, rule): (&str, &'static str),
        found: impl ToString,
        is_right: bool,
        fix: String,
    ) -> Self {
        let fix = (!is_right).then_some(fix);
        Self { subject: subject.to_owned(), rule, found: found.to_string(), fix }
    }
}

pub(super) fn topic_findings(name: &str, topic: Option<&Topic>) -> Vec<Finding> {
    let subject = format!("topic {name}");
    let anew = format!(
        "az servicebus topic create --name {name} --enable-duplicate-detection true \
         --duplicate-detection-history-time-window PT1H, or {TOPIC_BICEP}"
    );
    let Some(topic) = topic else {
        return vec![Finding::wrong(&subject, "exists", "there is none".to_owned(), anew)];
    };
    let fixed = format!("it cannot be changed: delete the topic, then {anew}");
    let window = topic.duplicate_detection_window.unwrap_or_default();
    let said = humantime::format_duration(window);
    let judged = |rule, found: String, is_right, fix| {
        Finding::judged((&subject, rule), found, is_right, fix)
    };
    let detects = topic.requires_duplicate_detection;
    vec![
        judged("detects duplicates", detects.to_string(), detects, fixed.clone()),
        judged(
            "knows ids for at least 10 minutes",
            said.to_string(),
            !detects || WINDOW_MIN <= window,
            format!(
                "az servicebus topic update --name {name} \
                 --duplicate-detection-history-time-window PT1H, or {TOPIC_BICEP}"
            ),
        ),
        judged(
            "is not partitioned",
            (!topic.is_partitioned).to_string(),
            !topic.is_partitioned,
            fixed,
        ),
        judged(
            "is active",
            topic.status.clone(),
            topic.status == ACTIVE,
            format!("az servicebus topic update --name {name} --status Active"),
        ),
    ]
}

pub(super) fn subscription_findings(topic: &str, all: &[Subscription]) -> Vec<Finding> {
    if all.is_empty() {
        let fix = format!(
            "az servicebus topic subscription create --topic-name {topic} --name all \
             --enable-session true, or {TOPIC_BICEP}"
        );
        let none = "none: what is published is dropped".to_owned();
        return vec![Finding::wrong(&format!("topic {topic}"), "has a subscription", none, fix)];
    }
    all.iter().flat_map(|subscription| of_subscription(topic, subscription)).collect()
}

fn of_subscription(topic: &str, made: &Subscription) -> Vec<Finding> {
    let name = &made.name;
    let subject = format!("subscription {name}");
    let judged = |rule, is_right: bool, fix: String| {
        Finding::judged((&subject, rule), is_right, is_right, fix)
    };
    let change = |what: &str| {
        format!("az servicebus topic subscription update --topic-name {topic} --name {name} {what}")
    };
    let mut found = vec![
        judged(
            "requires sessions",
            made.requires_session,
            format!(
                "it cannot be changed: drain and delete it, then az servicebus topic subscription \
                 create --topic-name {topic} --name {name} --enable-session true"
            ),
        ),
        judged(
            "dead-letters what expires",
            made.dead_letters_expired,
            change("--enable-dead-lettering-on-message-expiration true"),
        ),
        judged(
            "dead-letters what no filter can judge",
            made.dead_letters_filter_errors,
            change("--dead-letter-on-filter-exceptions true"),
        ),
    ];
    let is_active = made.status == ACTIVE;
    let status = change("--status Active");
    found.push(Finding::judged((&subject, "is active"), &made.status, is_active, status));
    found
}

pub(super) fn store_findings(link: &str, made: &Definition) -> Vec<Finding> {
    let mut found = keys(link, made, "/partitionKey");
    let ttl = made.default_ttl.map_or("off".to_owned(), |ttl| ttl.to_string());
    found.push(Finding::judged(
        (link, "has the default time to live -1"),
        ttl,
        made.default_ttl == Some(-1),
        format!("az cosmosdb sql container update {} --ttl -1", names(link)),
    ));
    let missing = unindexed(&made.indexing_policy);
    let said = if missing.is_empty() { "all".to_owned() } else { missing.join(" ") };
    found.push(Finding::judged(
        (link, "indexes what queries ask for"),
        if missing.is_empty() { said.clone() } else { format!("not indexed: {said}") },
        missing.is_empty(),
        format!(
            "az cosmosdb sql container update {} --idx @policy.json with {said}, or indexedPaths in \
             infra/bicep/modules/cosmos.bicep",
            names(link)
        ),
    ));
    found
}

pub(super) fn leases_findings(link: &str, made: &Definition) -> Vec<Finding> {
    keys(link, made, "/id")
}

fn keys(link: &str, made: &Definition, path: &str) -> Vec<Finding> {
    let key = &made.partition_key;
    let fix = format!(
        "it cannot be changed: make it anew, az cosmosdb sql container create {} \
         --partition-key-path {path} --partition-key-version 2",
        names(link)
    );
    let rule =
        if path == "/id" { "is partitioned by /id" } else { "is partitioned by /partitionKey" };
    let paths = key.paths.join(", ");
    let version = Finding::judged(
        (link, "hashes keys by version 2"),
        key.version,
        key.version == 2,
        fix.clone(),
    );
    vec![Finding::judged((link, rule), &paths, paths == path, fix), version]
}

/// What the queries of api, relay and operator ask for and this policy does not index.
fn unindexed(policy: &IndexingPolicy) -> Vec<&'static str> {
    let includes = |path: &str| {
        policy.included_paths.iter().any(|included| {
            let included = included.path.as_str();
            included == "/*" || included == format!("{path}/?") || included == format!("{path}/*")
        })
    };
    let newest_first = policy.composite_indexes.iter().any(|index| {
        let is = |at: usize, path: &str| {
            index.get(at).is_some_and(|field| {
                field.path == path && field.order.as_deref() == Some("descending")
            })
        };
        is(0, "/placedAt") && is(1, "/id")
    });
    let missing = INDEXED.into_iter().filter(|path| !includes(path));
    missing.chain((!newest_first).then_some("composite (/placedAt DESC, /id DESC)")).collect()
}

/// `dbs/shop/colls/orders` as the command line names it.
fn names(link: &str) -> String {
    let mut parts = link.split('/').skip(1).step_by(2);
    let (database, container) = (parts.next().unwrap_or("?"), parts.next().unwrap_or("?"));
    format!("--database-name {database} --name {container}")
}

const INDEXED: [&str; 6] =
    ["/type", "/state", "/accountNumber", "/placedAt", "/occurredAt", "/sequence"];
const TOPIC_BICEP: &str = "infra/bicep/modules/servicebus.bicep";
const ACTIVE: &str = "Active";
/// A relay that was stopped for a while, and a sweep or two.
const WINDOW_MIN: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(found: &[Finding]) -> Vec<&'static str> {
        found.iter().filter(|finding| finding.fix.is_some()).map(|finding| finding.rule).collect()
    }

    fn topic() -> Topic {
        Topic {
            requires_duplicate_detection: true,
            duplicate_detection_window: Some(WINDOW_MIN),
            is_partitioned: false,
            status: ACTIVE.to_owned(),
        }
    }

    fn definition(text: &str) -> Definition {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_topic_must_drop_repeats_for_long_enough() {
        assert!(wrong(&topic_findings("orders", Some(&topic()))).is_empty());
        let short = Topic { duplicate_detection_window: Some(Duration::from_secs(20)), ..topic() };
        let found = topic_findings("orders", Some(&short));
        assert_eq!(wrong(&found), ["knows ids for at least 10 minutes"]);
        let off = Topic { status: "Disabled".to_owned(), is_partitioned: true, ..Topic::default() };
        let found = topic_findings("orders", Some(&off));
        assert_eq!(wrong(&found), ["detects duplicates", "is not partitioned", "is active"]);
    }

    #[test]
    fn each_subscription_must_keep_order_and_drop_nothing() {
        assert_eq!(wrong(&subscription_findings("orders", &[])), ["has a subscription"]);
        let bad = Subscription { name: "all".to_owned(), ..Subscription::default() };
        let found = subscription_findings("orders", &[bad]);
        assert_eq!(wrong(&found).len(), 4);
        assert!(found[0].fix.as_ref().unwrap().contains("--enable-session true"));
    }

    #[test]
    fn a_container_as_the_bicep_makes_it_is_right() {
        let made = definition(
            r#"{"partitionKey":{"paths":["/partitionKey"],"version":2},"defaultTtl":-1,"indexingPolicy":{"includedPaths":[{"path":"/type/?"},{"path":"/state/?"},{"path":"/accountNumber/?"},{"path":"/placedAt/?"},{"path":"/occurredAt/?"},{"path":"/sequence/?"}],"compositeIndexes":[[{"path":"/placedAt","order":"descending"},{"path":"/id","order":"descending"}]]}}"#,
        );
        assert!(wrong(&store_findings("dbs/shop/colls/orders", &made)).is_empty());
    }

    #[test]
    fn nothing_pending_expires_only_where_the_default_says_never() {
        let made = definition(
            r#"{"partitionKey":{"paths":["/id"]},"defaultTtl":3600,"indexingPolicy":{"includedPaths":[{"path":"/*"}]}}"#,
        );
        let found = store_findings("dbs/shop/colls/orders", &made);
        let expected = [
            "is partitioned by /partitionKey",
            "hashes keys by version 2",
            "has the default time to live -1",
            "indexes what queries ask for",
        ];
        assert_eq!(wrong(&found), expected);
        assert!(
            found[2].fix.as_ref().unwrap().ends_with("--database-name shop --name orders --ttl -1")
        );
        let leases = definition(r#"{"partitionKey":{"paths":["/id"],"version":2}}"#);
        assert!(wrong(&leases_findings("dbs/shop/colls/leases", &leases)).is_empty());
    }
}
