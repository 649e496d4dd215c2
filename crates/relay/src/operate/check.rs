//! `relay check`: whether topic, subscriptions and containers were made as the promises need it,
//! and what to change if not.

mod findings;

use super::answer::{Answer, Trouble, failed};
use super::table::table;
use super::tools::{Tools, both};
use cosmos::{Definition, Failure, Patience};
use domain::Chain;
use findings::{Finding, leases_findings, store_findings, subscription_findings, topic_findings};
use serde_json::json;
use std::time::Duration;

pub(super) async fn check(tools: &Tools<'_>) -> Result<Answer, Trouble> {
    let looks = both(tools.desk_and_leases(), tools.administration());
    let ((desk, leases), (administration, name)) = looks?;
    let topic = administration.topic(&name, tools.now()).await;
    let topic = topic.map_err(failed("read the topic"))?;
    let mut found = topic_findings(&name, topic.as_ref());
    if topic.is_some() {
        let subscriptions = administration.subscriptions(&name, tools.now()).await;
        let subscriptions = subscriptions.map_err(failed("read the subscriptions"))?;
        found.extend(subscription_findings(&name, &subscriptions));
    }
    let container = desk.container();
    let (link, made) = (container.link(), container.definition(PATIENCE).await);
    found.extend(of_container(link, made, store_findings));
    let container = leases.container();
    let (link, made) = (container.link(), container.definition(PATIENCE).await);
    found.extend(of_container(link, made, leases_findings));
    Ok(answer(&found))
}

/// What is found of a container, or that it cannot be looked at.
fn of_container(
    link: &str,
    made: Result<Definition, Failure>,
    judge: fn(&str, &Definition) -> Vec<Finding>,
) -> Vec<Finding> {
    match made {
        Ok(definition) => judge(link, &definition),
        Err(failure) => vec![Finding::wrong(
            link,
            "can be read",
            Chain(&failure).to_string(),
            "make it by infra/bicep, and give yourself a role on the account",
        )],
    }
}

fn answer(found: &[Finding]) -> Answer {
    let rows: Vec<_> = found
        .iter()
        .map(|finding| {
            let verdict = if finding.fix.is_none() { "ok" } else { "WRONG" };
            let cells = [verdict, &finding.subject, finding.rule, &finding.found];
            cells.map(|cell| super::table::one_line(cell, 200))
        })
        .collect();
    let fixes: Vec<_> = found
        .iter()
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .map(|(finding, fix)| {
            format!("\n{} should be: {}\n  {fix}\n", finding.subject, finding.rule)
        })
        .collect();
    let verdict = match fixes.len() {
        0 => "\nEverything is as the promises need it.\n".to_owned(),
        _ => fixes.concat(),
    };
    let text = format!("{}{verdict}", table(["", "WHAT", "SHOULD BE", "IS"], &rows));
    let json = json!({
        "isFine": fixes.is_empty(),
        "findings": found.iter().map(|finding| json!({
            "subject": finding.subject,
            "rule": finding.rule,
            "found": finding.found,
            "isRight": finding.fix.is_none(),
            "fix": finding.fix,
        })).collect::<Vec<_>>(),
    });
    Answer { text, json, is_fine: fixes.is_empty() }
}

/// A person waits, and can ask again.
const PATIENCE: Patience = Patience { attempts_max: 3, total_max: Duration::from_secs(15) };

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn what_is_wrong_comes_with_what_to_do() {
        let found = topic_findings("orders", None);
        let answer = answer(&found);
        expect![[r"
                   WHAT          SHOULD BE  IS
            WRONG  topic orders  exists     there is none

            topic orders should be: exists
              az servicebus topic create --name orders --enable-duplicate-detection true --duplicate-detection-history-time-window PT1H, or infra/bicep/modules/servicebus.bicep
        "]]
        .assert_eq(&answer.text);
        assert!(!answer.is_fine);
    }
}
