//! Who is let in.

use super::*;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims))
}

const AUDIENCE: &str = "https://cosmos.azure.com";

fn unix_now() -> u64 {
    now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

#[tokio::test]
async fn a_request_without_or_with_a_wrong_signature_is_turned_away() {
    let server = Server::start().await;
    let without = server.ask("GET", "/dbs/shop").send_as_is().await;
    assert_eq!((without.status, &without.json()["code"]), (401, &"Unauthorized".into()));

    let date = httpdate::fmt_http_date(now());
    let wrong = server
        .ask("GET", "/dbs/shop")
        .header("x-ms-date", &date)
        .header("authorization", &signature("GET", "/dbs/other", &date))
        .send_as_is()
        .await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.message().contains("get\\ndbs\\ndbs/shop"), "{}", wrong.message());
}

#[tokio::test]
async fn a_date_a_quarter_of_an_hour_off_is_refused_with_all_three_times() {
    let server = Server::start().await;
    let old = now() - Duration::from_mins(16);
    let refused =
        server.ask("GET", "/dbs/shop").send_signed_at(&httpdate::fmt_http_date(old)).await;
    assert_eq!(refused.status, 403);
    for wanted in ["token start time", "token expiry time", "current server time"] {
        assert!(refused.message().contains(wanted), "{}", refused.message());
    }
}

#[tokio::test]
async fn advancing_the_emulators_clock_locks_no_one_out() {
    let server = Server::start().await;
    server.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(server.ask("GET", "/dbs/shop").send().await.status, 200);
}

#[tokio::test]
async fn a_valid_token_of_entra_id_reaches_items_but_makes_no_databases() {
    let server = Server::start().await;
    let good = format!(
        "type=aad&ver=1.0&sig={}",
        token(&json!({"aud": AUDIENCE, "exp": unix_now() + 600}))
    );
    let encoded = utf8_percent_encode(&good, NON_ALPHANUMERIC).to_string();
    for header in [&good, &encoded] {
        let read = server.ask("GET", "/dbs/shop/colls/orders").header("authorization", header);
        assert_eq!(read.send_as_is().await.status, 200);
    }
    let make = server.ask("POST", "/dbs").json(&json!({"id": "x"})).header("authorization", &good);
    let refused = make.send_as_is().await;
    assert_eq!((refused.status, refused.substatus()), (403, "5300"));
}

#[tokio::test]
async fn a_token_for_the_service_an_account_or_an_emulator_is_taken_and_no_other() {
    let server = Server::start().await;
    for (audience, status) in [
        ("https://cosmos.azure.com/", 200),
        ("https://contoso.documents.azure.com:443/", 200),
        ("https://localhost:8081", 200),
        ("a232010e-820c-4083-83bb-3ace5fc29d0b", 200),
        ("https://servicebus.azure.net", 401),
        ("https://cosmos.azure.com.example", 401),
        ("http://cosmos.azure.com", 401),
    ] {
        let sig = token(&json!({"aud": audience, "exp": unix_now() + 600}));
        let header = format!("type=aad&ver=1.0&sig={sig}");
        let answer = server.ask("GET", "/dbs/shop").header("authorization", &header);
        assert_eq!(answer.send_as_is().await.status, status, "{audience}");
    }
}

#[tokio::test]
async fn what_is_no_valid_token_is_turned_away() {
    let server = Server::start().await;
    let (soon, late) = (unix_now() + 5_000, unix_now() + 9_999);
    let expired = token(&json!({"aud": AUDIENCE, "exp": unix_now() - 1}));
    let early = token(&json!({"aud": AUDIENCE, "exp": late, "nbf": soon}));
    let timeless = token(&json!({"aud": AUDIENCE}));
    let [nobodys, others] = [json!({"exp": late}), json!({"exp": late, "aud": "https://x"})];
    let (nobodys, others) = (token(&nobodys), token(&others));
    for sig in [&expired, &early, &timeless, &nobodys, &others, "a.b.c", "", "no-dots"] {
        let header = format!("type=aad&ver=1.0&sig={sig}");
        let answer = server.ask("GET", "/dbs/shop").header("authorization", &header);
        assert_eq!(answer.send_as_is().await.status, 401, "{sig}");
    }
}
