//! What came of a batch, operation by operation.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::outcome::Refusal;

/// What came of one operation of a batch or a bulk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its HTTP status: 424 where it failed only because another one did.
    #[serde(rename = "statusCode")]
    pub status: u16,
    /// Tells kinds of refusal apart.
    #[serde(rename = "substatusCode", default)]
    pub substatus: u16,
    /// The version of the document that it left.
    #[serde(rename = "eTag", default)]
    pub etag: Option<String>,
    /// The document, where it was asked for.
    #[serde(default)]
    pub resource_body: Option<Box<RawValue>>,
    #[serde(rename = "retryAfterMilliseconds", default)]
    retry_after_ms: Option<f64>,
}

/// What came of a whole batch.
#[derive(Debug)]
pub enum Outcome {
    /// All of it happened.
    Done(Vec<Step>),
    /// Nothing of it happened, for the sake of one operation.
    Refused {
        /// Which one, counted from 0.
        at: usize,
        /// Why.
        failure: Failure,
    },
}

impl Step {
    /// Whether it did what was asked.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn refusal(&self) -> Refusal {
        let retry_after =
            self.retry_after_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok());
        Refusal {
            status: self.status,
            substatus: self.substatus,
            retry_after,
            message: "an operation of the batch was refused".to_owned(),
        }
    }
}

/// Reads the answers of all operations: one each. What cannot be read leaves open what
/// happened.
pub(crate) fn parse(body: &[u8], operations: usize) -> Result<Vec<Step>, Failure> {
    let unreadable = |error| Failure { open: true, ..Failure::unreadable(error) };
    let steps: Vec<Step> = serde_json::from_slice(body).map_err(unreadable)?;
    if steps.len() == operations {
        return Ok(steps);
    }
    let wrong = format!("{} answers to {operations} operations", steps.len());
    Err(unreadable(serde::de::Error::custom(wrong)))
}

/// What the steps of a batch say of the whole.
pub(crate) enum Weighed {
    Done(Vec<Step>),
    Refused { at: usize, refusal: Refusal },
}

/// One operation that failed makes all of them fail; it keeps its own status, the others
/// say 424.
pub(crate) fn weigh(steps: Vec<Step>) -> Weighed {
    let culprit = steps.iter().position(|step| !step.is_success() && step.status != OTHER_FAILED);
    let bystander = steps.iter().position(|step| !step.is_success());
    match culprit.or(bystander).and_then(|at| Some((at, steps.get(at)?))) {
        Some((at, step)) => Weighed::Refused { at, refusal: step.refusal() },
        None => Weighed::Done(steps),
    }
}

const OTHER_FAILED: u16 = 424;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_culprit_is_the_one_that_is_not_a_bystander() {
        let body = br#"[{"statusCode":424,"requestCharge":0},{"statusCode":409,"requestCharge":1.2},{"statusCode":424}]"#;
        let Weighed::Refused { at, refusal } = weigh(parse(body, 3).unwrap()) else {
            panic!("refused")
        };
        assert_eq!((at, refusal.status), (1, 409));
    }

    #[test]
    fn all_good_hands_out_every_step() {
        let body =
            br#"[{"statusCode":201,"eTag":"\"e1\"","resourceBody":{"id":"a"}},{"statusCode":204}]"#;
        let Weighed::Done(steps) = weigh(parse(body, 2).unwrap()) else { panic!("done") };
        assert_eq!(steps[0].etag.as_deref(), Some("\"e1\""));
        assert_eq!(steps[0].resource_body.as_ref().unwrap().get(), r#"{"id":"a"}"#);
    }

    #[test]
    fn a_throttled_step_says_how_long() {
        let body = br#"[{"statusCode":429,"substatusCode":3200,"retryAfterMilliseconds":12}]"#;
        let steps = parse(body, 1).unwrap();
        assert_eq!(steps[0].refusal().retry_after, Some(Duration::from_millis(12)));
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_unreadable() {
        let failure = parse(b"<html>", 1).unwrap_err();
        assert_eq!(failure.to_string(), "the answer cannot be read");
        assert!(failure.open);
    }

    #[test]
    fn an_answer_to_every_operation_is_due() {
        let failure = parse(br#"[{"statusCode":201}]"#, 2).unwrap_err();
        let said = domain::Chain(&failure).to_string();
        assert_eq!(said, "the answer cannot be read: 1 answers to 2 operations");
    }
}
