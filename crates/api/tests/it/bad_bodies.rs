//! Bodies that cannot be read: each gets an answer, and nothing is stored.

use crate::world::{World, check, place};
use expect_test::expect;

/// A body of this many bytes that would be a valid order.
fn order_of(len: usize) -> String {
    let order = r#"{"orderId":"o","accountNumber":"A","quantity":3}"#;
    format!("{order}{}", " ".repeat(len - order.len()))
}

/// A placement in chunks, without a Content-Length, as the Functions host sends it.
fn chunked(body: &str) -> Vec<u8> {
    let head = "POST /api/orders HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (first, second) = body.split_at(body.len() / 2);
    let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
    format!("{head}{}{}0\r\n\r\n", chunk(first), chunk(second)).into_bytes()
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    check(
        &place(r#"{"accountNumber":"A","quantity":}"#),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:malformed-body",
         "title":"The body cannot be read",
         "status":400,
         "detail":"The body is not valid JSON: expected value at line 1 column 33"}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_kind_of_broken_json_is_400_and_stores_nothing() {
    let world = World::new().await;
    let deep = format!(r#"{{"quantity":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "{",
        "{}x",
        "[1,",
        "\u{feff}{}",
        "{'quantity':1}",
        r#"{"quantity":01}"#,
        r#"{"quantity":NaN}"#,
        r#"{"orderId":"a"b"}"#,
        "{\"orderId\":\"\n\"}",
        r#"{"orderId":"\ud800"}"#,
        &deep,
    ] {
        let answer = world.ask(&place(body)).await;
        assert!(answer.starts_with("400 Bad Request"), "{body:.40}: {answer}");
    }
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn invalid_utf_8_is_400() {
    let mut bytes = chunked(r#"{"orderId":"??","accountNumber":"A","quantity":3}"#);
    for byte in bytes.iter_mut().filter(|byte| **byte == b'?') {
        *byte = 0xff;
    }
    let answer = World::new().await.send(&bytes).await;
    assert!(answer.starts_with("400 Bad Request"), "{answer}");
}

#[tokio::test]
async fn a_field_given_twice_is_400() {
    check(
        &place(r#"{"quantity":1,"accountNumber":"A","quantity":2}"#),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:malformed-body",
         "title":"The body cannot be read",
         "status":400,
         "detail":"The body is not valid JSON: the field \"quantity\" is given more than once"}"#]],
    )
    .await;
}

#[tokio::test]
async fn json_that_is_no_object_is_422() {
    check(
        &place("[1]"),
        expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:invalid-fields",
         "title":"Some values are not valid",
         "status":422,
         "detail":"See errors: one entry for each; nothing was done",
         "errors":[{"field":"body",
         "detail":"must be a JSON object"}]}"#]],
    )
    .await;
    for body in ["null", "1", "\"order\"", "[]", "true"] {
        let answer = World::new().await.ask(&place(body)).await;
        assert!(answer.starts_with("422"), "{body}: {answer}");
    }
}

#[tokio::test]
async fn another_content_type_is_415() {
    check(
        "POST /api/orders\nContent-Type: text/plain\n\n{}",
        expect![[r#"
        415 Unsupported Media Type
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:unsupported-content-type",
         "title":"The body must be JSON",
         "status":415,
         "detail":"Send Content-Type: application/json, in UTF-8 and without Content-Encoding"}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_way_not_to_be_json_is_415() {
    let world = World::new().await;
    for headers in [
        "Accept: application/json",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json; charset=iso-8859-1",
        "Content-Type: application/json\nContent-Encoding: gzip",
    ] {
        let answer = world.ask(&format!("POST /api/orders\n{headers}\n\n{{}}")).await;
        assert!(answer.starts_with("415"), "{headers}: {answer}");
    }
}

#[tokio::test]
async fn json_with_a_charset_is_json() {
    let placed = place(&order_of(64)).replace("json\n", "json; charset=utf-8\n");
    let answer = World::new().await.ask(&placed).await;
    assert!(answer.starts_with("201"), "{answer}");
}

#[tokio::test]
async fn sixty_four_kib_are_accepted_with_and_without_a_length() {
    let body = order_of(64 * 1024);
    let answer = World::new().await.ask(&place(&body)).await;
    assert!(answer.starts_with("201"), "{answer}");
    let answer = World::new().await.send(&chunked(&body)).await;
    assert!(answer.starts_with("201"), "{answer}");
}

#[tokio::test]
async fn one_byte_more_is_413_with_a_length() {
    check(
        &place(&order_of(64 * 1024 + 1)),
        expect![[r#"
        413 Payload Too Large
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:body-too-large",
         "title":"The body is too large",
         "status":413,
         "detail":"A body has at most 65536 bytes"}"#]],
    )
    .await;
}

#[tokio::test]
async fn one_byte_more_is_413_in_chunks_too() {
    let answer = World::new().await.send(&chunked(&order_of(64 * 1024 + 1))).await;
    assert!(answer.starts_with("413"), "{answer}");
}

#[tokio::test]
async fn a_body_far_too_large_is_still_answered() {
    let answer = World::new().await.ask(&place(&order_of(900 * 1024))).await;
    assert!(answer.starts_with("413"), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing() {
    use tokio::io::AsyncWriteExt;
    let world = World::new().await;
    let whole = chunked(&order_of(64));
    let mut stream = world.connect().await;
    stream.write_all(&whole[..whole.len() - 20]).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = crate::world::read_answer(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("400"), "{answer}");
    assert_eq!(world.store.calls(), [""; 0]);
}
