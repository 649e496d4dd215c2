//! What a rule says that cannot be meant: a field its action has no use for, or a value out of
//! bounds. A fault that silently does something else would make a test prove the wrong thing.

use super::{CosmosAction, CosmosRule, Rule, ServiceBusAction, ServiceBusRule};
use std::fmt::Debug;

/// The longest delay: clients have given up long before.
const DELAY_MS_MAX: u64 = 600_000;

impl Rule {
    /// What is wrong with it, and what would be right.
    pub(crate) fn mistake(&self) -> Option<String> {
        if self.count() == 0 {
            return Some("count is 0; it is 1 or more, and 1 if it is left out".to_owned());
        }
        match self {
            Self::Cosmos(rule) => rule.mistake(),
            Self::ServiceBus(rule) => rule.mistake(),
        }
    }
}

impl CosmosRule {
    fn mistake(&self) -> Option<String> {
        use CosmosAction::{Delay, Status, Throttle};
        let status = self.status.is_some_and(|status| !(400..=599).contains(&status));
        if status {
            return Some("status is out of bounds; it is 400 to 599".to_owned());
        }
        only("status", self.status, self.action, &[Status])
            .or_else(|| only("substatus", self.substatus, self.action, &[Status]))
            .or_else(|| only("retryAfterMs", self.retry_after_ms, self.action, &[Throttle, Status]))
            .or_else(|| delay(self.delay_ms, self.action, Delay))
    }
}

impl ServiceBusRule {
    fn mistake(&self) -> Option<String> {
        use ServiceBusAction::{Close, Delay, Detach, Reject};
        if self.entity.as_deref() == Some("") {
            return Some("entity is empty; name one, or leave it out for all".to_owned());
        }
        let is_symbol = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if self.condition.as_deref().is_some_and(|text| !is_symbol(text)) {
            return Some("condition is no symbol; it is like amqp:internal-error".to_owned());
        }
        only("condition", self.condition.as_ref(), self.action, &[Reject, Detach, Close])
            .or_else(|| delay(self.delay_ms, self.action, Delay))
    }
}

/// A field that only some actions have a use for.
fn only<T, A>(name: &str, field: Option<T>, action: A, users: &[A]) -> Option<String>
where
    A: Debug + PartialEq + Named,
{
    let is_stray = field.is_some() && !users.contains(&action);
    let names: Vec<_> = users.iter().map(Named::named).collect();
    is_stray.then(|| {
        format!("{name} belongs to action {}, not to {}", names.join(" or "), action.named())
    })
}

/// A delay says how long, and nothing else does.
fn delay<A>(delay_ms: Option<u64>, action: A, delay: A) -> Option<String>
where
    A: Debug + PartialEq + Named,
{
    if action == delay && !delay_ms.is_some_and(|ms| (1..=DELAY_MS_MAX).contains(&ms)) {
        return Some(format!("action delay needs delayMs, which is 1 to {DELAY_MS_MAX}"));
    }
    only("delayMs", delay_ms, action, &[delay])
}

/// The action as the wire has it.
trait Named: serde::Serialize {
    fn named(&self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Named for CosmosAction {}
impl Named for ServiceBusAction {}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(json: &str, expect: Expect) {
        let rule: Rule = serde_json::from_str(json).expect("a rule");
        expect.assert_eq(&rule.mistake().unwrap_or_default());
    }

    #[test]
    fn a_field_without_use_is_refused_with_the_action_it_belongs_to() {
        check(
            r#"{"target":"cosmos","action":"throttle","status":503}"#,
            expect!["status belongs to action status, not to throttle"],
        );
        check(
            r#"{"target":"cosmos","action":"drop-after","retryAfterMs":1}"#,
            expect!["retryAfterMs belongs to action throttle or status, not to drop-after"],
        );
        check(
            r#"{"target":"servicebus","action":"server-busy","condition":"amqp:x"}"#,
            expect!["condition belongs to action reject or detach or close, not to server-busy"],
        );
        check(
            r#"{"target":"servicebus","action":"reject","delayMs":1}"#,
            expect!["delayMs belongs to action delay, not to reject"],
        );
    }

    #[test]
    fn a_value_out_of_bounds_is_refused_with_the_bounds() {
        check(
            r#"{"target":"cosmos","action":"status","status":42}"#,
            expect!["status is out of bounds; it is 400 to 599"],
        );
        check(
            r#"{"target":"cosmos","action":"delay"}"#,
            expect!["action delay needs delayMs, which is 1 to 600000"],
        );
        check(
            r#"{"target":"cosmos","action":"throttle","count":0}"#,
            expect!["count is 0; it is 1 or more, and 1 if it is left out"],
        );
        check(
            r#"{"target":"servicebus","action":"close","condition":"not a symbol"}"#,
            expect!["condition is no symbol; it is like amqp:internal-error"],
        );
    }

    #[test]
    fn what_the_contract_shows_is_in_order() {
        check(
            r#"{"target":"cosmos","operation":"any","action":"status","status":503,"retryAfterMs":100,"count":2}"#,
            expect![""],
        );
        check(
            r#"{"target":"servicebus","entity":"orders","operation":"any","action":"reject","condition":"amqp:x","count":2}"#,
            expect![""],
        );
    }
}
