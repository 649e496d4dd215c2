//! `Config.json` as Microsoft's emulator reads it, without its caps on numbers of entities.

use super::{
    QueueSpec, Settings, SubscriptionSpec, TopicSpec, Topology, comments, forwarding, node::Node,
    rules,
};
use std::{cell::RefCell, collections::HashSet, time::Duration};

/// Everything that is wrong with a `Config.json`, each with its path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(Vec<String>);

/// Longest lock, as Azure has it.
const LOCK_MAX: Duration = Duration::from_mins(5);

/// Longest window of duplicate detection, as Azure has it.
const WINDOW_MAX: Duration = Duration::from_hours(7 * 24);

/// Window of duplicate detection where it is required and not given, as the emulator has it.
const WINDOW: Duration = Duration::from_secs(20);

/// Longest life that is counted; beyond it a message does not expire.
const LIFE_MAX: Duration = Duration::from_hours(100 * 365 * 24);

/// Most deliveries, as Azure has it.
const DELIVERIES_MAX: u32 = 2_000;

/// Deliveries where they are not given, as Azure has it.
const DELIVERIES: u32 = 10;

/// Longest path of an entity, as Azure has it.
const PATH_MAX: usize = 260;

/// Longest name of a subscription, as Azure has it.
const SUBSCRIPTION_MAX: usize = 50;

impl Topology {
    /// The entities of a `Config.json`; comments are taken.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn from_config_json(text: &str) -> Result<Self, ConfigErrors> {
        let parsed = serde_json::from_str(&comments::strip(text));
        let value = parsed.map_err(|error| ConfigErrors(vec![format!("not JSON: {error}")]))?;
        let mistakes = RefCell::new(Vec::new());
        let topology = namespace(&Node::root(&value, &mistakes));
        let mut mistakes = mistakes.into_inner();
        mistakes.extend(forwarding::mistakes(&topology));
        if mistakes.is_empty() { Ok(topology) } else { Err(ConfigErrors(mistakes)) }
    }
}

/// The one namespace.
fn namespace(root: &Node<'_>) -> Topology {
    root.only(&["UserConfig"]);
    let user = root.get("UserConfig");
    user.only(&["Namespaces", "Logging"]);
    let namespaces = user.get("Namespaces");
    let found = namespaces.elements();
    let [namespace] = &found[..] else {
        namespaces.wrong(format!("must hold exactly one namespace, not {}", found.len()));
        return Topology::default();
    };
    namespace.only(&["Name", "Queues", "Topics"]);
    let mut names = HashSet::new();
    let queues = namespace.get("Queues").elements();
    let queues = queues.iter().map(|node| queue(node, &mut names)).collect();
    let topics = namespace.get("Topics").elements();
    let topics = topics.iter().map(|node| topic(node, &mut names)).collect();
    Topology { queues, topics }
}

/// A queue.
fn queue(node: &Node<'_>, names: &mut HashSet<String>) -> QueueSpec {
    node.only(&["Name", "Properties"]);
    let properties = node.get("Properties");
    properties.only(&[
        "DeadLetteringOnMessageExpiration",
        "DefaultMessageTimeToLive",
        "DuplicateDetectionHistoryTimeWindow",
        "ForwardDeadLetteredMessagesTo",
        "ForwardTo",
        "LockDuration",
        "MaxDeliveryCount",
        "RequiresDuplicateDetection",
        "RequiresSession",
    ]);
    QueueSpec {
        name: name(&node.get("Name"), PATH_MAX, names),
        settings: settings(&properties),
        duplicates: duplicates(&properties),
    }
}

/// A topic with its subscriptions.
fn topic(node: &Node<'_>, names: &mut HashSet<String>) -> TopicSpec {
    node.only(&["Name", "Properties", "Subscriptions"]);
    let properties = node.get("Properties");
    properties.only(&[
        "DefaultMessageTimeToLive",
        "DuplicateDetectionHistoryTimeWindow",
        "RequiresDuplicateDetection",
    ]);
    let mut subscriptions = HashSet::new();
    let found = node.get("Subscriptions").elements();
    TopicSpec {
        name: name(&node.get("Name"), PATH_MAX, names),
        time_to_live: life(&properties),
        duplicates: duplicates(&properties),
        subscriptions: found.iter().map(|node| subscription(node, &mut subscriptions)).collect(),
    }
}

/// A subscription with its rules.
fn subscription(node: &Node<'_>, names: &mut HashSet<String>) -> SubscriptionSpec {
    node.only(&["Name", "Properties", "Rules"]);
    let properties = node.get("Properties");
    properties.only(&[
        "DeadLetteringOnMessageExpiration",
        "DefaultMessageTimeToLive",
        "ForwardDeadLetteredMessagesTo",
        "ForwardTo",
        "LockDuration",
        "MaxDeliveryCount",
        "RequiresSession",
    ]);
    SubscriptionSpec {
        name: name(&node.get("Name"), SUBSCRIPTION_MAX, names),
        settings: settings(&properties),
        rules: rules::read(&node.get("Rules")),
    }
}

/// What queues and subscriptions have in common.
fn settings(properties: &Node<'_>) -> Settings {
    let lock = properties.get("LockDuration").duration(LOCK_MAX);
    let deliveries_max = properties.get("MaxDeliveryCount").count(DELIVERIES_MAX);
    let forward = |key| properties.get(key).text().filter(|path| !path.is_empty());
    Settings {
        lock: lock.unwrap_or(Duration::from_mins(1)),
        deliveries_max: deliveries_max.unwrap_or(DELIVERIES),
        requires_session: properties.get("RequiresSession").flag(),
        time_to_live: life(properties),
        dead_letter_expired: properties.get("DeadLetteringOnMessageExpiration").flag(),
        forward_to: forward("ForwardTo"),
        forward_dead_letters_to: forward("ForwardDeadLetteredMessagesTo"),
    }
}

/// The default time to live, if it ends.
fn life(properties: &Node<'_>) -> Option<Duration> {
    let life = properties.get("DefaultMessageTimeToLive").life(LIFE_MAX);
    life.filter(|life| *life < LIFE_MAX)
}

/// The window of duplicate detection, if it is required.
fn duplicates(properties: &Node<'_>) -> Option<Duration> {
    let window = properties.get("DuplicateDetectionHistoryTimeWindow").duration(WINDOW_MAX);
    let required = properties.get("RequiresDuplicateDetection").flag();
    required.then_some(window.unwrap_or(WINDOW))
}

/// A name that is not taken yet.
fn name(node: &Node<'_>, length_max: usize, names: &mut HashSet<String>) -> String {
    let name = node.required_text();
    let valid = |letter: char| letter.is_ascii_alphanumeric() || "._-/~".contains(letter);
    if length_max < name.len() || !name.chars().all(valid) {
        node.wrong(format!(
            "'{name}' has letters other than A-Z a-z 0-9 . _ - ~ / or is longer than {length_max}"
        ));
    }
    if !name.is_empty() && !names.insert(name.to_lowercase()) {
        node.wrong(format!("'{name}' is there twice"));
    }
    name
}
