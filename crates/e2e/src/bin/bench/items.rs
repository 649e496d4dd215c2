//! Items in container `orders`: written, read, followed and swept.

use crate::gateway::{Ask, Gateway};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use serde_json::json;
use tokio::task::JoinSet;

/// Connections at once: two cores are busy, and no request waits long.
const CONNECTIONS: u32 = 16;
/// Items of one partition key, and in one batch.
const KEY_ITEMS: u32 = 100;
/// Items in a page of the feed.
const PAGE: &str = "1000";
/// How large an item is as it is sent.
const ITEM_BYTES: usize = 1024;

/// Does something so many times over all connections at once, each number once.
pub(crate) async fn spread<F>(
    address: &str,
    numbers: std::ops::Range<u32>,
    work: impl Fn(Gateway, std::iter::StepBy<std::ops::Range<u32>>) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut workers = JoinSet::new();
    let mut gateways = Vec::new();
    for _ in 0..CONNECTIONS {
        gateways.push(Gateway::connect(address).await?);
    }
    for (first, gateway) in numbers.clone().zip(gateways) {
        workers.spawn(work(gateway, (first..numbers.end).step_by(CONNECTIONS as usize)));
    }
    workers.join_all().await.into_iter().collect()
}

/// Writes batches of an order and its event, as `api` does.
pub(crate) async fn orders(address: &str, numbers: std::ops::Range<u32>) -> Result<()> {
    spread(address, numbers, async |mut gateway: Gateway, numbers| {
        for number in numbers {
            gateway.batch(&order_key(number), &order(number)).await?;
        }
        Ok(())
    })
    .await
}

/// Reads orders that were written.
pub(crate) async fn reads(address: &str, numbers: std::ops::Range<u32>) -> Result<()> {
    spread(address, numbers, async |mut gateway: Gateway, numbers| {
        for number in numbers {
            let key = order_key(number);
            gateway.read(&key, &key).await?;
        }
        Ok(())
    })
    .await
}

/// Adds items of 1 KB, a hundred of a key; those of the first key are pending events.
pub(crate) async fn fill(address: &str, numbers: std::ops::Range<u32>) -> Result<()> {
    let keys = numbers.start / KEY_ITEMS..numbers.end / KEY_ITEMS;
    spread(address, keys, async |mut gateway: Gateway, keys| {
        for key in keys {
            let name = format!("k{key}");
            let numbers = key * KEY_ITEMS..(key + 1) * KEY_ITEMS;
            let items: Vec<String> = numbers.map(|number| item(number, &name)).collect();
            gateway.batch(&name, &items).await?;
        }
        Ok(())
    })
    .await
}

/// Reads items all over the container, one after the other.
pub(crate) async fn scattered(gateway: &mut Gateway, size: u32, count: u32) -> Result<()> {
    for turn in 0..count {
        // A prime far from any size: no two turns are neighbours.
        let number = u32::try_from(u64::from(turn) * 7_368_787 % u64::from(size))?;
        gateway.read(&format!("k{}", number / KEY_ITEMS), &format!("i{number}")).await?;
    }
    Ok(())
}

/// Reads the whole feed, page by page, and counts what it tells.
pub(crate) async fn feed(gateway: &mut Gateway, size: u32) -> Result<()> {
    let mut token = String::new();
    let mut told = 0;
    loop {
        let mut headers = vec![
            ("a-im", "Incremental feed"),
            ("x-ms-documentdb-partitionkeyrangeid", "0"),
            ("x-ms-max-item-count", PAGE),
        ];
        if !token.is_empty() {
            headers.push(("if-none-match", &token));
        }
        let ask = Ask { method: Method::GET, headers: &headers, body: Bytes::new() };
        let answer = gateway.ask(ask).await?;
        if answer.status == 304 {
            break;
        }
        ensure!(answer.status == 200, "feed: {} {:?}", answer.status, answer.body);
        let count = answer.header("x-ms-item-count").context("a page without its count")?;
        told += count.parse::<u32>()?;
        answer.header("etag").context("a page without a token")?.clone_into(&mut token);
    }
    ensure!(told == size, "the feed tells of {told} items and not of {size}");
    Ok(())
}

/// The sweep's query: how many pending events it finds, however many others there are.
pub(crate) async fn sweep(gateway: &mut Gateway) -> Result<u32> {
    let text = "SELECT * FROM c WHERE c.type = 'event' AND c.state = 'pending' AND c._ts <= @t";
    let query = json!({"query": text, "parameters": [{"name": "@t", "value": u32::MAX}]});
    let headers = [
        ("x-ms-documentdb-isquery", "True"),
        ("content-type", "application/query+json"),
        ("x-ms-documentdb-partitionkeyrangeid", "0"),
        ("x-ms-max-item-count", "100"),
    ];
    let body = query.to_string().into();
    let answer = gateway.ask(Ask { method: Method::POST, headers: &headers, body }).await?;
    ensure!(answer.status == 200, "sweep: {} {:?}", answer.status, answer.body);
    let count = answer.header("x-ms-item-count").context("a page without its count")?;
    Ok(count.parse()?)
}

fn order_key(number: u32) -> String {
    format!("order-{number:08}")
}

fn order(number: u32) -> [String; 2] {
    let key = order_key(number);
    let time = "2026-11-23T20:24:24.000000Z";
    let order = json!({
        "id": key, "partitionKey": key, "type": "order", "accountNumber": "A-17", "quantity": 3,
        "status": "placed", "version": 1, "placedAt": time, "updatedAt": time,
    });
    let event = json!({
        "id": format!("{key}.1"), "partitionKey": key, "type": "event", "state": "pending",
        "sequence": 1, "eventType": "OrderPlaced", "occurredAt": time,
        "data": {"orderId": key, "accountNumber": "A-17", "quantity": 3},
    });
    [order.to_string(), event.to_string()]
}

fn item(number: u32, key: &str) -> String {
    let state = if number < KEY_ITEMS { "pending" } else { "processed" };
    let mut item = json!({
        "id": format!("i{number}"), "partitionKey": key, "type": "event", "state": state,
        "sequence": number % KEY_ITEMS + 1, "data": "",
    });
    let rest = ITEM_BYTES.saturating_sub(item.to_string().len());
    if let Some(data) = item.get_mut("data") {
        *data = "x".repeat(rest).into();
    }
    item.to_string()
}
