//! The administration API: queues, topics, subscriptions and rules, as ATOM entries over HTTP.
//!
//! What Microsoft's emulator serves on port 5300, and what the administration clients of the SDKs
//! ask. A change holds from the next frame on; whoever receives from what is gone is told.

mod atom;
mod describe;
mod read;
mod serve;
mod target;
mod xml;

use super::{
    ServiceBus,
    broker::{self, Broker, Refusal},
};
use atom::Entry;
use jiff::Timestamp;
use target::Target;
use xml::Element;

/// What a request asks to be done to its target.
#[derive(Debug)]
enum Change {
    /// Makes it.
    Create(Element),
    /// Makes it other than it is.
    Update(Element),
}

/// What there is to say.
#[derive(Debug)]
enum Answer {
    /// One thing.
    One(Entry),
    /// A list; the request says which part of it.
    Many(Vec<Entry>),
    /// What was asked for is not there, and Azure answers with an empty list.
    Nobody,
    /// It is done.
    Done,
}

/// Looks something up.
fn look(broker: &mut Broker, target: &Target, now: Timestamp) -> Result<Answer, Refusal> {
    let one = |entry: Option<Entry>| entry.map_or(Answer::Nobody, Answer::One);
    Ok(match target {
        Target::Health => Answer::Done,
        Target::Namespace => Answer::One(describe::namespace(now)),
        Target::Queues => Answer::Many(queues(broker)),
        Target::Topics => Answer::Many(topics(broker)),
        Target::Entity(path) => one(entity(broker, path)),
        Target::Subscriptions(topic) => {
            let view = broker.topic_view(topic).ok_or_else(|| missing(topic))?;
            let paths = view.subscriptions.iter().map(|name| subscription_path(&view.path, name));
            let views = paths.filter_map(|path| broker.queue_view(&path));
            Answer::Many(views.map(|view| describe::subscription(&view)).collect())
        }
        Target::Subscription(topic, name) => {
            let path = subscription_path(topic, name);
            let view = broker.queue_view(&path).ok_or_else(|| missing(&path))?;
            Answer::One(describe::subscription(&view))
        }
        Target::Rules(path) => {
            let (path, rules) = rules(broker, path)?;
            Answer::Many(rules.iter().map(|rule| describe::rule(&path, rule, now)).collect())
        }
        Target::Rule(path, name) => {
            let (path, rules) = rules(broker, path)?;
            let rule = rules.iter().find(|rule| rule.name.eq_ignore_ascii_case(name));
            Answer::One(describe::rule(&path, rule.ok_or_else(|| missing(name))?, now))
        }
    })
}

/// Makes or changes something; what it is then.
fn change(
    broker: &mut Broker,
    target: &Target,
    change: &Change,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let (Change::Create(entry) | Change::Update(entry)) = change;
    let is_new = matches!(change, Change::Create(_));
    let content = entry.child("content").and_then(|content| content.children.first());
    let found = content.ok_or_else(|| Refusal::Invalid("there is no description".to_owned()))?;
    match (target, found.name.as_str()) {
        (Target::Entity(path), "QueueDescription") => {
            let (spec, about) = (read::queue(path, found)?, read::about(found, now)?);
            if is_new {
                broker.create_queue(&spec, about)?;
            } else {
                broker.update_queue(path, (spec.settings, spec.duplicates), about, now)?;
            }
        }
        (Target::Entity(path), "TopicDescription") => {
            let (spec, about) = (read::topic(path, found)?, read::about(found, now)?);
            if is_new {
                broker.create_topic(&spec, about)?;
            } else {
                broker.update_topic(&spec, about)?;
            }
        }
        (Target::Subscription(topic, name), "SubscriptionDescription") => {
            let (spec, about) = (read::subscription(name, found)?, read::about(found, now)?);
            if is_new {
                broker.create_subscription(topic, &spec, about)?;
            } else {
                let path = subscription_path(topic, name);
                broker.update_queue(&path, (spec.settings, None), about, now)?;
            }
        }
        (Target::Rule(path, name), "RuleDescription") => {
            let rule = read::rule(name, found)?;
            let queue = broker.source(&path.to_lowercase())?;
            if !is_new {
                broker.remove_rule(queue, name)?;
            }
            broker.add_rule(queue, rule)?;
        }
        (_, kind) => {
            return Err(Refusal::Invalid(format!("a {kind} does not belong at this path")));
        }
    }
    look(broker, target, now)
}

/// Removes something.
fn remove(broker: &mut Broker, target: &Target, now: Timestamp) -> Result<Answer, Refusal> {
    match target {
        Target::Entity(path) => broker.delete(path, now)?,
        Target::Subscription(topic, name) => broker.delete(&subscription_path(topic, name), now)?,
        Target::Rule(path, name) => {
            let queue = broker.source(&path.to_lowercase())?;
            broker.remove_rule(queue, name)?;
        }
        Target::Health
        | Target::Namespace
        | Target::Queues
        | Target::Topics
        | Target::Subscriptions(_)
        | Target::Rules(_) => return Err(Refusal::NotAllowed("This cannot be deleted.")),
    }
    Ok(Answer::Done)
}

fn queues(broker: &Broker) -> Vec<Entry> {
    let names = broker.names(broker::Kind::Queues);
    let views = names.iter().filter_map(|path| broker.queue_view(path));
    views.map(|view| describe::queue(&view)).collect()
}

fn topics(broker: &Broker) -> Vec<Entry> {
    let names = broker.names(broker::Kind::Topics);
    let views = names.iter().filter_map(|path| broker.topic_view(path));
    views.map(|view| describe::topic(&view)).collect()
}

/// A queue or a topic.
fn entity(broker: &Broker, path: &str) -> Option<Entry> {
    let queue = broker.queue_view(path).map(|view| describe::queue(&view));
    queue.or_else(|| broker.topic_view(path).map(|view| describe::topic(&view)))
}

/// The rules of a subscription, with its path as it was made.
fn rules(broker: &mut Broker, path: &str) -> Result<(String, Vec<super::filter::Rule>), Refusal> {
    let queue = broker.source(&path.to_lowercase()).map_err(|_| missing(path))?;
    let rules = broker.rules(queue)?.clone();
    Ok((broker.name(broker::Target::Queue(queue)), rules))
}

fn subscription_path(topic: &str, name: &str) -> String {
    format!("{topic}/Subscriptions/{name}")
}

fn missing(path: &str) -> Refusal {
    Refusal::EntityNotFound(path.to_owned())
}
