//! Faults on demand: rules set through the control port, used up by matching requests.

mod mistake;

use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One rule, as `POST /faults` takes it. It applies to the next `count` matching requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "lowercase")]
pub enum Rule {
    /// A fault of the Cosmos DB endpoint.
    Cosmos(CosmosRule),
    /// A fault of the Service Bus endpoint.
    ServiceBus(ServiceBusRule),
}

/// A fault of the Cosmos DB endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CosmosRule {
    /// Which requests it meets; `any` if left out.
    #[serde(default)]
    pub operation: CosmosOperation,
    /// What happens to them.
    pub action: CosmosAction,
    /// The status of `action: status` (default 503).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The `x-ms-substatus` sent with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substatus: Option<u32>,
    /// `x-ms-retry-after-ms` of a throttle (default 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// How long `action: delay` waits, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How many requests it meets; 1 if left out.
    #[serde(default = "one")]
    pub count: u32,
}

/// The kinds of Cosmos DB request that a rule can name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CosmosOperation {
    /// A transactional batch or a bulk request.
    Batch,
    /// A point create or upsert.
    Create,
    /// A point replace or delete.
    Replace,
    /// A point patch.
    Patch,
    /// A point read.
    Read,
    /// A query.
    Query,
    /// A change feed read.
    Feed,
    /// Every data request.
    #[default]
    Any,
}

/// What a Cosmos DB fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CosmosAction {
    /// Answers 429 with substatus 3200 and `x-ms-retry-after-ms`.
    Throttle,
    /// Answers `status` without doing anything.
    Status,
    /// Closes the connection without doing anything.
    DropBefore,
    /// Does it, then closes the connection instead of answering.
    DropAfter,
    /// Waits `delayMs`, then goes on as usual.
    Delay,
}

/// A fault of the Service Bus endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceBusRule {
    /// The entity path it is limited to; every entity if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Which frames it meets; `any` if left out.
    #[serde(default)]
    pub operation: ServiceBusOperation,
    /// What happens to them.
    pub action: ServiceBusAction,
    /// The error condition of `reject`, `detach` and `close`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How long `action: delay` waits, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How many frames it meets; 1 if left out.
    #[serde(default = "one")]
    pub count: u32,
}

/// The kinds of Service Bus frame that a rule can name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceBusOperation {
    /// A transfer that a client sends.
    Transfer,
    /// A link attach.
    Attach,
    /// Both.
    #[default]
    Any,
}

/// What a Service Bus fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceBusAction {
    /// Rejects with `com.microsoft:server-busy`.
    ServerBusy,
    /// Rejects with `condition`.
    Reject,
    /// Detaches the link with `condition`.
    Detach,
    /// Closes the connection with `condition`.
    Close,
    /// Takes the message, then cuts the connection instead of answering.
    DropAfter,
    /// Waits `delayMs`, then goes on as usual.
    Delay,
}

/// The rules that are set now, shared by control and both wires.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// Adds a rule behind those already set.
    pub fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The rules with what is left of their counts.
    pub fn rules(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// Uses up one count of the first rule that meets this Cosmos DB request.
    pub fn cosmos(&self, operation: CosmosOperation) -> Option<CosmosRule> {
        let mut rules = self.lock();
        let hit = rules.iter_mut().find_map(|rule| match rule {
            Rule::Cosmos(rule)
                if matches!(rule.operation, CosmosOperation::Any)
                    || rule.operation == operation =>
            {
                rule.count = rule.count.saturating_sub(1);
                Some(rule.clone())
            }
            Rule::Cosmos(_) | Rule::ServiceBus(_) => None,
        });
        rules.retain(|rule| 0 < rule.count());
        hit
    }

    /// Uses up one count of the first rule that meets this Service Bus frame.
    pub fn servicebus(
        &self,
        operation: ServiceBusOperation,
        entity: &str,
    ) -> Option<ServiceBusRule> {
        let mut rules = self.lock();
        let hit = rules.iter_mut().find_map(|rule| match rule {
            Rule::ServiceBus(rule) if rule.meets(operation, entity) => {
                rule.count = rule.count.saturating_sub(1);
                Some(rule.clone())
            }
            Rule::ServiceBus(_) | Rule::Cosmos(_) => None,
        });
        rules.retain(|rule| 0 < rule.count());
        hit
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn count(&self) -> u32 {
        match self {
            Self::Cosmos(rule) => rule.count,
            Self::ServiceBus(rule) => rule.count,
        }
    }
}

impl ServiceBusRule {
    fn meets(&self, operation: ServiceBusOperation, entity: &str) -> bool {
        let named = self.entity.as_ref().is_none_or(|named| named.eq_ignore_ascii_case(entity));
        named && (matches!(self.operation, ServiceBusOperation::Any) || self.operation == operation)
    }
}

const fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_rule_is_used_up_by_matching_requests_only() {
        let faults = Faults::default();
        faults.add(rule(
            r#"{"target":"cosmos","operation":"batch","action":"throttle","retryAfterMs":5,"count":2}"#,
        ));
        assert_eq!(faults.cosmos(CosmosOperation::Read), None);
        assert_eq!(faults.cosmos(CosmosOperation::Batch).unwrap().retry_after_ms, Some(5));
        assert!(faults.cosmos(CosmosOperation::Batch).is_some());
        assert_eq!(faults.cosmos(CosmosOperation::Batch), None);
        assert!(faults.rules().is_empty());
    }

    #[test]
    fn a_service_bus_rule_is_limited_to_its_entity() {
        let faults = Faults::default();
        faults.add(rule(
            r#"{"target":"servicebus","entity":"orders","operation":"transfer","action":"drop-after"}"#,
        ));
        assert_eq!(faults.servicebus(ServiceBusOperation::Transfer, "other"), None);
        assert_eq!(faults.servicebus(ServiceBusOperation::Attach, "orders"), None);
        assert!(faults.servicebus(ServiceBusOperation::Transfer, "Orders").is_some());
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error =
            serde_json::from_str::<Rule>(r#"{"target":"cosmos","action":"throttle","howOften":2}"#)
                .unwrap_err();
        assert!(error.to_string().contains("howOften"), "{error}");
    }
}
