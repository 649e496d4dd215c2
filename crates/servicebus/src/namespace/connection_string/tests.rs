//! Connection strings as people paste them, right and wrong.

use expect_test::{Expect, expect};

use super::*;

const EMULATOR: &str = "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;\
                        SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

fn check_wrong(text: &str, expect: Expect) {
    expect.assert_eq(&parse(text).unwrap_err().to_string());
}

#[test]
fn the_portals_form_is_reached_over_tls() {
    let parsed = parse(
        "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;\
         SharedAccessKey=a+b/c=;EntityPath=orders",
    )
    .unwrap();
    assert_eq!(parsed.namespace.to_string(), "contoso.servicebus.windows.net");
    assert_eq!(parsed.namespace.port(), 5671);
    assert_eq!(parsed.key_name, "send");
    assert_eq!(parsed.key.0, "a+b/c=");
    assert_eq!(parsed.entity_path.as_deref(), Some("orders"));
}

#[test]
fn the_emulators_form_is_plain_and_keeps_its_port() {
    let namespace = parse(EMULATOR).unwrap().namespace;
    assert_eq!(namespace.transport(), Transport::Plain);
    assert_eq!(namespace.port(), 5672);
    assert_eq!(namespace.audience("orders"), "sb://127.0.0.1:5672/orders");
}

#[test]
fn an_ipv6_host_keeps_its_brackets_in_the_audience_only() {
    let namespace = parse(&EMULATOR.replace("127.0.0.1", "[::1]")).unwrap().namespace;
    assert_eq!(namespace.host(), "::1");
    assert_eq!(namespace.audience("orders"), "sb://[::1]:5672/orders");
}

#[test]
fn websockets_are_asked_for_by_transport_type() {
    let text = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;\
                SharedAccessKey=b;TransportType=AmqpWebSockets";
    let namespace = parse(text).unwrap().namespace;
    assert_eq!((namespace.transport(), namespace.port()), (Transport::WebSockets, 443));
}

#[test]
fn keys_are_read_in_any_case_and_order() {
    let text = "usedevelopmentemulator=TRUE; sharedaccesskey=k ;SHAREDACCESSKEYNAME=n;\
                endpoint=sb://localhost";
    let parsed = parse(text).unwrap();
    assert_eq!((parsed.key.0.as_str(), parsed.namespace.port()), ("k", 5672));
}

#[test]
fn every_mistake_is_reported_at_once() {
    check_wrong(
        "Endpoint=https://contoso.servicebus.windows.net/;SharedAccesKey=s3cret;stray;\
         EntityPath=a;EntityPath=b;TransportType=Amqp;UseDevelopmentEmulator=yes",
        expect![[r"
            SharedAccesKey: this key is not known; right would be Endpoint, SharedAccessKeyName, SharedAccessKey, EntityPath, TransportType, UseDevelopmentEmulator
            part 3: it has no `=`; right would be `Key=value`
            EntityPath: it is given twice; right would be one of the two
            UseDevelopmentEmulator: it is neither true nor false; right would be `true` for an emulator on this machine, else nothing
            TransportType: `amqp` is not known; right would be `AmqpTcp` or `AmqpWebSockets`
            Endpoint: `https://contoso.servicebus.windows.net/` does not begin with `sb://`; right would be `sb://<namespace>.servicebus.windows.net/`
            SharedAccessKeyName: it is missing; right would be the name of the key
            SharedAccessKey: it is missing; right would be the key from the portal"]],
    );
}

#[test]
fn plain_amqp_never_leaves_the_machine() {
    check_wrong(
        &EMULATOR.replace("127.0.0.1", "10.0.0.7"),
        expect![[
            r"UseDevelopmentEmulator: `10.0.0.7` is not this machine, and plain AMQP would show it the token; right would be a loopback host, or no UseDevelopmentEmulator"
        ]],
    );
}

#[test]
fn an_endpoint_is_a_host_and_nothing_else() {
    for endpoint in ["contoso", "sb://", "sb:///x", "sb://contoso/orders", "", "sb://host:99999"] {
        let text = format!("Endpoint={endpoint};SharedAccessKeyName=a;SharedAccessKey=b");
        let problems = parse(&text).unwrap_err();
        assert!(problems.iter().all(|problem| problem.place() == "Endpoint"), "{problems}");
    }
}

#[test]
fn the_emulator_speaks_no_websockets() {
    let problems = parse(&format!("{EMULATOR}TransportType=AmqpWebSockets")).unwrap_err();
    assert_eq!(problems.iter().count(), 1);
}

#[test]
fn no_secret_is_ever_shown() {
    let parsed = parse(EMULATOR).unwrap();
    assert!(!format!("{parsed:?}").contains("SAS_KEY_VALUE"));
    let problems = parse(&EMULATOR.replace("127.0.0.1", "10.0.0.7")).unwrap_err();
    assert!(!format!("{problems:?}").contains("SAS_KEY_VALUE"));
}
