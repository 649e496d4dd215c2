//! INVARIANT same-id-on-repeat: what it rests on is looked up where the entities are, and what is
//! wrong there is said with what to do about it.

use anyhow::{Context, Result};
use e2e::emulator::Setup;
use e2e::world::World;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The administration interface of a namespace: answers with what it is told to, and notes what
/// it was asked.
struct Namespace {
    base: String,
    topic: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
    _server: JoinSet<()>,
}

impl Namespace {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let (topic, asked) = (Arc::new(Mutex::new(String::new())), Arc::default());
        let (said, noted) = (Arc::clone(&topic), Arc::clone(&asked));
        let mut server = JoinSet::new();
        server.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = answer(stream, &said, &noted).await;
            }
        });
        Ok(Self { base, topic, asked, _server: server })
    }

    fn set(&self, topic: &str) {
        topic.clone_into(&mut self.topic.lock().expect("nobody panics with it"));
    }
}

/// One request, one answer, and the end.
async fn answer(
    mut stream: TcpStream,
    topic: &Mutex<String>,
    asked: &Mutex<Vec<String>>,
) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let body = if head.starts_with("GET /orders/subscriptions?") {
        SUBSCRIPTIONS.to_owned()
    } else {
        topic.lock().expect("nobody panics with it").clone()
    };
    asked.lock().expect("nobody panics with it").push(head);
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await?;
    Ok(())
}

fn topic(detects: bool) -> String {
    format!(
        r#"<entry xmlns="http://www.w3.org/2005/Atom"><title type="text">orders</title><content type="application/xml"><TopicDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"><RequiresDuplicateDetection>{detects}</RequiresDuplicateDetection><DuplicateDetectionHistoryTimeWindow>PT1H</DuplicateDetectionHistoryTimeWindow><Status>Active</Status><EnablePartitioning>false</EnablePartitioning></TopicDescription></content></entry>"#
    )
}

#[tokio::test]
async fn same_id_on_repeat_needs_a_topic_that_detects_duplicates_and_check_says_so() -> Result<()> {
    let (world, namespace) = (World::at_rest().await?, Namespace::start().await?);
    let at = [("SERVICEBUS_ADMIN", namespace.base.as_str())];
    namespace.set(&topic(true));
    let fine = world.operate_with(&["check", "--json"], &at).await?;
    assert_eq!(fine.code, 0, "{fine:?}");
    assert_eq!(fine.json()?["isFine"], true);
    let asked = namespace.asked.lock().expect("nobody panics with it").join("\n");
    assert!(asked.contains("GET /orders?api-version="), "{asked}");
    let signed = asked.to_lowercase().contains("authorization: sharedaccesssignature sr=https%3a");
    assert!(signed, "{asked}");

    namespace.set(&topic(false));
    let wrong = world.operate_with(&["check", "--json"], &at).await?;
    assert_eq!(wrong.code, 1);
    let said = wrong.json()?;
    let findings = said["findings"].as_array().context("findings")?;
    let bad: Vec<&Value> = findings.iter().filter(|one| one["isRight"] == false).collect();
    assert_eq!(bad.len(), 1, "{said}");
    assert_eq!(bad[0]["rule"], "detects duplicates");
    let fix = bad[0]["fix"].as_str().context("a fix")?;
    assert!(fix.contains("--enable-duplicate-detection true"), "{fix}");

    namespace.set(r#"<feed xmlns="http://www.w3.org/2005/Atom"></feed>"#);
    let none = world.operate_with(&["check"], &at).await?;
    assert_eq!(none.code, 1);
    assert!(none.out.contains("there is none"), "{none:?}");
    let unset = world.operate_with(&["check", "--json"], &[("SERVICEBUS_ADMIN", "")]).await?;
    assert_eq!((unset.code, unset.json()?["error"].is_string()), (2, true));
    Ok(())
}

#[tokio::test]
async fn what_the_local_azure_makes_by_itself_is_right() -> Result<()> {
    let world = World::at_rest().await?;
    let said = world.operate(&["check"]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Everything is as the promises need it."), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_made_wrong_is_found_each_with_what_to_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("Config.json");
    std::fs::write(&config, WRONG)?;
    let setup = Setup { config: Some(&config), ..Setup::default() };
    let world = World::at_rest_on(setup).await?;
    let said = world.operate(&["check", "--json"]).await?;
    assert_eq!(said.code, 1, "{said:?}");
    let said = said.json()?;
    let findings = said["findings"].as_array().context("findings")?;
    let wrong = findings.iter().filter(|one| one["isRight"] == false);
    let wrong: Vec<_> = wrong.map(|one| (one["subject"].as_str(), one["rule"].as_str())).collect();
    let planted = [
        (Some("topic orders"), Some("detects duplicates")),
        (Some("subscription all"), Some("requires sessions")),
        (Some("subscription all"), Some("dead-letters what expires")),
    ];
    assert_eq!(wrong, planted, "{said:#}");
    assert!(
        findings.iter().filter(|one| one["isRight"] == false).all(|one| one["fix"].is_string())
    );
    Ok(())
}

/// A topic that forgets, and a subscription without sessions that drops what expires.
const WRONG: &str = r#"{"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Topics": [{
    "Name": "orders",
    "Properties": {"RequiresDuplicateDetection": false},
    "Subscriptions": [{
        "Name": "all",
        "Properties": {"RequiresSession": false, "DeadLetteringOnMessageExpiration": false}
    }]
}]}]}}"#;
const SUBSCRIPTIONS: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">x</title><entry><title type="text">all</title><content type="application/xml"><SubscriptionDescription><RequiresSession>true</RequiresSession><DeadLetteringOnMessageExpiration>true</DeadLetteringOnMessageExpiration><DeadLetteringOnFilterEvaluationExceptions>true</DeadLetteringOnFilterEvaluationExceptions><MaxDeliveryCount>10</MaxDeliveryCount><Status>Active</Status></SubscriptionDescription></content></entry></feed>"#;
