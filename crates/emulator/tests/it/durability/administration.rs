//! What an administrator has made, changed or removed is so after a kill, from the answer on.

use super::*;
use crate::{
    servicebus::soon,
    servicebus_client::{Client as Amqp, message},
    support::send,
};
use Asked::{Create, Delete, Look, Update};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fe2o3_amqp::types::messaging::{AmqpValue, Outcome};
use http::Response;

/// What is asked to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Look,
    Create,
    Update,
    Delete,
}

/// What is done, where, and the description that is sent.
const CHANGES: [(Asked, &str, &str); 17] = [
    (
        Create,
        "tasks",
        "<QueueDescription><LockDuration>PT30S</LockDuration>\
         <RequiresDuplicateDetection>true</RequiresDuplicateDetection>\
         <UserMetadata>of the shop</UserMetadata></QueueDescription>",
    ),
    (
        Update,
        "tasks",
        "<QueueDescription><LockDuration>PT20S</LockDuration>\
         <RequiresDuplicateDetection>true</RequiresDuplicateDetection>\
         <MaxDeliveryCount>3</MaxDeliveryCount>\
         <DeadLetteringOnMessageExpiration>true</DeadLetteringOnMessageExpiration>\
         <UserMetadata>of the shop, again</UserMetadata></QueueDescription>",
    ),
    (Create, "passing", "<QueueDescription/>"),
    (Delete, "passing", ""),
    (Create, "news", "<TopicDescription><UserMetadata>for all</UserMetadata></TopicDescription>"),
    (
        Update,
        "news",
        "<TopicDescription><DefaultMessageTimeToLive>PT1H</DefaultMessageTimeToLive>\
         <MaxSizeInMegabytes>2048</MaxSizeInMegabytes></TopicDescription>",
    ),
    (Create, "news/subscriptions/red", "<SubscriptionDescription/>"),
    (
        Update,
        "news/subscriptions/red",
        "<SubscriptionDescription><DefaultMessageTimeToLive>PT2H</DefaultMessageTimeToLive>\
         <ForwardDeadLetteredMessagesTo>tasks</ForwardDeadLetteredMessagesTo>\
         </SubscriptionDescription>",
    ),
    (
        Create,
        "news/subscriptions/red/rules/mine",
        "<RuleDescription><Filter i:type=\"SqlFilter\"><SqlExpression>sys.MessageId = 'r.1'\
         </SqlExpression></Filter><Action i:type=\"SqlRuleAction\"><SqlExpression>SET seen = 'yes'\
         </SqlExpression></Action></RuleDescription>",
    ),
    (
        Update,
        "news/subscriptions/red/rules/mine",
        "<RuleDescription><Filter i:type=\"CorrelationFilter\"><CorrelationId/>\
         <SessionId>red</SessionId></Filter></RuleDescription>",
    ),
    (Delete, "news/subscriptions/red/rules/$Default", ""),
    (
        Create,
        "news/subscriptions/blue",
        "<SubscriptionDescription><DefaultRuleDescription><Filter i:type=\"SqlFilter\">\
         <SqlExpression>sys.SessionId = 'blue'</SqlExpression></Filter><Name>blue</Name>\
         </DefaultRuleDescription></SubscriptionDescription>",
    ),
    (Create, "news/subscriptions/green", "<SubscriptionDescription/>"),
    (Delete, "news/subscriptions/green", ""),
    (Create, "old", "<TopicDescription/>"),
    (Create, "old/subscriptions/all", "<SubscriptionDescription/>"),
    (Delete, "old", ""),
];

/// All that there is to look at.
const LISTS: [&str; 6] = [
    "$Resources/queues",
    "$Resources/topics",
    "news/subscriptions",
    "news/subscriptions/red/rules",
    "news/subscriptions/blue/rules",
    "old/subscriptions",
];

async fn start_administered(data: &Path) -> Process {
    Process::start(&[&args(data)[..], &["--admin", "127.0.0.1:0"]].concat()).await
}

/// Asks the administration API, with a token of Entra ID.
pub(super) async fn ask(
    emulator: &Process,
    asked: Asked,
    path: &str,
    description: &str,
) -> Response<String> {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = part(json!({ "aud": "https://servicebus.azure.net", "exp": 4_102_444_800_u32 }));
    let token = format!("Bearer {}.{claims}.{}", part(json!({})), part(json!({})));
    let url = format!("{}/{path}", emulator.at("admin"));
    let method = match asked {
        Look => "GET",
        Create | Update => "PUT",
        Delete => "DELETE",
    };
    let mut request = Request::builder().method(method).uri(url).header("authorization", token);
    if asked == Update {
        request = request.header("if-match", "*");
    }
    let entry = format!("<entry><content>{description}</content></entry>");
    send(request.body(Full::from(entry)).expect("a request")).await
}

/// The descriptions in an answer, without what is said of the moment: when an entity was used
/// last, and when a rule was looked at.
fn descriptions(answer: &Response<String>) -> Vec<String> {
    let contents = answer.body().split("<content ").skip(1);
    let contents = contents.map(|rest| rest.split("</content>").next().unwrap_or_default());
    contents
        .map(|content| {
            let is_rule = content.contains("<RuleDescription");
            without(content, if is_rule { "CreatedAt" } else { "AccessedAt" })
        })
        .collect()
}

/// A text without the one element of that name.
fn without(text: &str, name: &str) -> String {
    let (before, rest) = text.split_once(&format!("<{name}>")).expect("the element is there");
    let (_, after) = rest.split_once(&format!("</{name}>")).expect("it ends");
    format!("{before}{after}")
}

/// What is to be seen at a path.
async fn look(emulator: &Process, path: &str) -> (u16, Vec<String>) {
    let answer = ask(emulator, Look, path, "").await;
    (answer.status().as_u16(), descriptions(&answer))
}

async fn look_at_all(emulator: &Process) -> Vec<(u16, Vec<String>)> {
    let mut seen = Vec::new();
    for path in LISTS {
        seen.push(look(emulator, path).await);
    }
    seen
}

/// Sends the message of this number and session.
async fn post(emulator: &Process, to: &str, (session, number): (&str, u32)) {
    let mut client = Amqp::connect_to(bus_of(emulator)).await;
    let mut sender = client.sender(to).await;
    let sent = soon(sender.send(message(session, number))).await.expect("an outcome");
    assert!(matches!(sent, Outcome::Accepted(_)), "{sent:?}");
}

/// The body of the only message there.
async fn only(emulator: &Process, from: &str) -> String {
    let active = format!("/servicebus/entities/{}/active", from.replace('/', "~1"));
    assert_eq!(count(emulator, &active).await, 1, "{from}");
    let mut client = Amqp::connect_to(bus_of(emulator)).await;
    let mut receiver = client.receiver(from, None, 1).await;
    let delivery = soon(receiver.recv::<AmqpValue<String>>()).await.expect("a message");
    delivery.body().0.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_takes_back_what_an_administrator_was_answered() {
    let data = tempfile::tempdir().expect("a folder");
    let mut emulator = start_administered(data.path()).await;
    for (change, path, description) in CHANGES {
        let answer = ask(&emulator, change, path, description).await;
        let done = if change == Create { 201 } else { 200 };
        assert_eq!(answer.status(), done, "{change:?} {path}: {}", answer.body());
        kill(emulator).await;

        emulator = start_administered(data.path()).await;
        let (_, found) = look(&emulator, path).await;
        assert_eq!(found, descriptions(&answer), "{change:?} {path}");
    }
    let before = look_at_all(&emulator).await;
    let counts = before.iter().map(|(status, found)| (*status, found.len()));
    let of_the_shop = 1;
    let expected = [(200, 1), (200, 1 + of_the_shop), (200, 2), (200, 1), (200, 1), (404, 0)];
    assert_eq!(counts.collect::<Vec<_>>(), expected, "{before:#?}");
    kill(emulator).await;

    let emulator = start_administered(data.path()).await;
    assert_eq!(look_at_all(&emulator).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_what_an_administrator_has_made_are_kept_where_its_rules_put_them() {
    let data = tempfile::tempdir().expect("a folder");
    let emulator = start_administered(data.path()).await;
    for (change, path, description) in CHANGES {
        ask(&emulator, change, path, description).await;
    }
    post(&emulator, "tasks", ("any", 1)).await;
    for (session, number) in [("red", 2), ("green", 3), ("blue", 4)] {
        post(&emulator, "news", (session, number)).await;
    }
    kill(emulator).await;

    let emulator = start_administered(data.path()).await;
    for (from, body) in [
        ("tasks", "body 1"),
        ("news/Subscriptions/red", "body 2"),
        ("news/Subscriptions/blue", "body 4"),
    ] {
        assert_eq!(only(&emulator, from).await, body, "{from}");
    }
    // The rules go on as they were, and an id that was seen is known.
    post(&emulator, "tasks", ("any", 1)).await;
    assert_eq!(count(&emulator, "/servicebus/entities/tasks/duplicatesDropped").await, 1);
    post(&emulator, "news", ("red", 5)).await;
    assert_eq!(count(&emulator, "/servicebus/entities/news~1Subscriptions~1red/active").await, 2);
    assert_eq!(count(&emulator, "/servicebus/entities/news~1Subscriptions~1blue/active").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_was_removed_and_made_again_is_empty_after_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let emulator = start_administered(data.path()).await;
    let queue = "<QueueDescription/>";
    ask(&emulator, Create, "tasks", queue).await;
    post(&emulator, "tasks", ("s", 1)).await;
    ask(&emulator, Delete, "tasks", "").await;
    ask(&emulator, Create, "tasks", queue).await;
    kill(emulator).await;

    let emulator = start_administered(data.path()).await;
    post(&emulator, "tasks", ("s", 2)).await;
    assert_eq!(only(&emulator, "tasks").await, "body 2");
}
