//! `Config.json`: Microsoft's own sample is read, and every mistake is named at once.

use super::*;
use crate::servicebus::filter::Filter;
use expect_test::{Expect, expect};
use serde_json::json;

/// After the sample that ships with Microsoft's emulator, comments included.
const SAMPLE: &str = r#"{
  "UserConfig": {
    "Namespaces": [
      {
        "Name": "sbemulatorns",
        "Queues": [
          {
            "Name": "queue.1",
            "Properties": {
              "DeadLetteringOnMessageExpiration": false,
              "DefaultMessageTimeToLive": "PT1H",
              "DuplicateDetectionHistoryTimeWindow": "PT20S",
              "ForwardDeadLetteredMessagesTo": "",
              "ForwardTo": "",
              "LockDuration": "PT1M",
              "MaxDeliveryCount": 3,
              "RequiresDuplicateDetection": true,
              "RequiresSession": false
            }
          }
        ],
        "Topics": [
          {
            "Name": "topic.1",
            "Properties": {
              "DefaultMessageTimeToLive": "PT1H",
              "DuplicateDetectionHistoryTimeWindow": "PT20S",
              "RequiresDuplicateDetection": false
            },
            "Subscriptions": [
              {
                "Name": "subscription.1",
                "Properties": { "RequiresSession": true },
                "Rules": [
                  {
                    "Name": "app-prop-filter-1",
                    "Properties": {
                      "FilterType": "Correlation",
                      "CorrelationFilter": {
                        "ContentType": "application/text",
                        // Other supported properties
                        // "CorrelationId": "id1",
                        "Properties": { "prop1": "value1" }
                      }
                    }
                  },
                  {
                    "Name": "sql",
                    "Properties": {
                      "FilterType": "Sql",
                      "SqlFilter": { "SqlExpression": "sys.Label = 'a'" },
                      "Action": { "SqlExpression": "SET seen = TRUE" }
                    }
                  }
                ]
              },
              { "Name": "subscription.2" }
            ]
          }
        ]
      }
    ],
    "Logging": { "Type": "File" }
  }
}"#;

#[test]
fn the_sample_of_microsofts_emulator_is_read() {
    let topology = Topology::from_config_json(SAMPLE).unwrap();
    let queue = &topology.queues[0];
    assert_eq!((&*queue.name, queue.duplicates), ("queue.1", Some(Duration::from_secs(20))));
    assert_eq!(queue.settings.deliveries_max, 3);
    assert_eq!(queue.settings.time_to_live, Some(Duration::from_hours(1)));
    assert_eq!(queue.settings.forward_to, None);
    let topic = &topology.topics[0];
    assert_eq!((&*topic.name, topic.duplicates), ("topic.1", None));
    let [first, second] = &topic.subscriptions[..] else { unreachable!("two subscriptions") };
    assert!(first.settings.requires_session && !second.settings.requires_session);
    assert!(matches!(first.rules[0].filter, Filter::Correlation(_)));
    assert!(matches!(first.rules[1].filter, Filter::Sql(_)) && first.rules[1].action.is_some());
    assert_eq!(second.rules, [Rule::default_one()]);
    assert_eq!(second.settings, Settings::default());
}

#[track_caller]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&Topology::from_config_json(text).unwrap_err().to_string());
}

fn namespace(namespace: serde_json::Value) -> String {
    json!({ "UserConfig": { "Namespaces": [namespace] } }).to_string()
}

#[test]
fn what_is_not_json_is_told_with_line_and_column() {
    check("{\n  \"UserConfig\": [,]\n}", expect!["not JSON: expected value at line 2 column 18"]);
}

#[test]
fn there_is_exactly_one_namespace() {
    check("{}", expect!["$.UserConfig.Namespaces: must hold exactly one namespace, not 0"]);
    check(
        r#"{"UserConfig": {"Namespaces": 5}}"#,
        expect![[r"
            $.UserConfig.Namespaces: must be an array
            $.UserConfig.Namespaces: must hold exactly one namespace, not 0"]],
    );
}

#[test]
fn every_mistake_is_told_at_once_with_its_path() {
    let queues = json!([
        { "Name": "a b", "Properties": { "LockDuration": "one minute", "MaxDeliveryCount": 0 } },
        { "Properties": { "RequiresSession": "yes", "Colour": 1 } },
        { "Name": "q", "Properties": [] },
        { "Name": "Q", "Properties": { "LockDuration": "PT5M1S" } },
    ]);
    check(
        &namespace(json!({ "Name": "n", "Queues": queues })),
        expect![[r"
        $.UserConfig.Namespaces[0].Queues[0].Name: 'a b' has letters other than A-Z a-z 0-9 . _ - ~ / or is longer than 260
        $.UserConfig.Namespaces[0].Queues[0].Properties.LockDuration: must be a duration such as PT1M, PT5M at most
        $.UserConfig.Namespaces[0].Queues[0].Properties.MaxDeliveryCount: must be a number from 1 to 2000
        $.UserConfig.Namespaces[0].Queues[1].Properties.Colour: unknown; one of DeadLetteringOnMessageExpiration, DefaultMessageTimeToLive, DuplicateDetectionHistoryTimeWindow, ForwardDeadLetteredMessagesTo, ForwardTo, LockDuration, MaxDeliveryCount, RequiresDuplicateDetection, RequiresSession
        $.UserConfig.Namespaces[0].Queues[1].Name: is missing
        $.UserConfig.Namespaces[0].Queues[1].Properties.RequiresSession: must be true or false
        $.UserConfig.Namespaces[0].Queues[2].Properties: must be an object
        $.UserConfig.Namespaces[0].Queues[3].Name: 'Q' is there twice
        $.UserConfig.Namespaces[0].Queues[3].Properties.LockDuration: must be a duration such as PT1M, PT5M at most"]],
    );
}

#[test]
fn rules_are_checked_too() {
    let rules = json!([
        { "Name": "a", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "x =" } } },
        { "Name": "A", "Properties": { "FilterType": "Xml" } },
        { "Name": "c", "Properties": { "FilterType": "Correlation", "CorrelationFilter": {} } },
        { "Name": "d", "Properties": {
            "FilterType": "Correlation", "CorrelationFilter": { "Properties": { "p": [] }, "To": "x" },
        } },
        { "Name": "e", "Properties": { "FilterType": "Sql", "SqlFilter": {} } },
    ]);
    let topics = json!([{ "Name": "t", "Subscriptions": [{ "Name": "s", "Rules": rules }] }]);
    check(
        &namespace(json!({ "Topics": topics })),
        expect![[r"
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[0].Properties.SqlFilter.SqlExpression: expected a value at position 3
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[1].Name: 'A' is there twice
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[1].Properties.FilterType: must be Correlation or Sql
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[2].Properties.CorrelationFilter: names no property; a filter for everything is the SQL filter 1=1
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[3].Properties.CorrelationFilter.Properties.p: must be a string, a number or a boolean
        $.UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[4].Properties.SqlFilter.SqlExpression: is missing"]],
    );
}

#[test]
fn forwarding_leads_somewhere_and_not_back() {
    let forward = |name: &str, to: &str| json!({ "Name": name, "Properties": { "ForwardTo": to } });
    let queues = json!([forward("a", "b"), forward("b", "A"), forward("c", "nowhere")]);
    check(
        &namespace(json!({ "Queues": queues })),
        expect![[r"
            a: forwarding leads back to it
            b: forwarding leads back to it
            c: forwards to 'nowhere', which is not there"]],
    );
}

#[test]
fn a_life_without_end_does_not_expire() {
    let properties = json!({ "DefaultMessageTimeToLive": "P10675199DT2H48M5.4775807S" });
    let queues = json!([{ "Name": "q", "Properties": properties }]);
    let topology = Topology::from_config_json(&namespace(json!({ "Queues": queues }))).unwrap();
    assert_eq!(topology.queues[0].settings.time_to_live, None);
}

#[test]
fn the_shop_has_what_the_order_service_needs() {
    let shop = Topology::shop();
    let [orders] = &shop.topics[..] else { unreachable!("one topic") };
    assert_eq!((&*orders.name, orders.duplicates), ("orders", Some(Duration::from_mins(10))));
    let [all] = &orders.subscriptions[..] else { unreachable!("one subscription") };
    assert!(all.name == "all" && all.settings.requires_session);
    assert_eq!((all.settings.lock, all.settings.deliveries_max), (Duration::from_mins(1), 10));
}
