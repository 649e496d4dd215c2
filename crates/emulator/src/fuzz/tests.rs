//! Damaged bytes for every parser: cut off, doubled, with bits turned, or made up.

use super::*;
use proptest::{prelude::*, sample::select};
use std::time::{Duration, Instant};

/// A parser, and well-formed input that reaches deep into it.
type Case = (fn(&[u8]), &'static [&'static [u8]]);

const CASES: &[Case] = &[
    (cosmos_request, &[
        b"\x00{\"id\":\"b\",\"partitionKey\":\"p\",\"n\":[1,{\"x\":null}]}",
        b"\x03{\"condition\":\"from c where c.n = 1\",\"operations\":[{\"op\":\"incr\",\"path\":\"/sub/n\",\"value\":1},{\"op\":\"move\",\"from\":\"/tags\",\"path\":\"/moved\"}]}",
        b"\x04[{\"operationType\":\"Create\",\"resourceBody\":{\"id\":\"b\",\"partitionKey\":\"p\"}},{\"operationType\":\"Read\",\"id\":\"a\"}]",
        b"\x05[{\"operationType\":\"Upsert\",\"partitionKey\":\"[\\\"p\\\"]\",\"resourceBody\":{\"id\":\"b\",\"partitionKey\":\"p\"}}]",
        b"\x06{\"query\":\"SELECT * FROM c WHERE c.id = @id\",\"parameters\":[{\"name\":\"@id\",\"value\":\"a\"}]}",
        b"\x07{\"query\":\"SELECT VALUE COUNT(1) FROM c\"}",
        b"\x09{\"id\":\"new\",\"partitionKey\":{\"paths\":[\"/a/b\"],\"kind\":\"Hash\",\"version\":2},\"defaultTtl\":-1}",
        b"\x0btype%3Dmaster%26ver%3D1.0%26sig%3Dabc",
        b"\x0b[\"p\",1,null,{}]",
    ]),
    (cosmos_sql, &[
        b"SELECT TOP 3 c.id, ARRAY(SELECT VALUE t FROM t IN c.list) AS l FROM c JOIN t IN c.list WHERE c.n BETWEEN 1 AND 2 OR c.s LIKE 't%' ORDER BY c.n DESC OFFSET 0 LIMIT 5",
        b"SELECT COUNT(1) AS n, c.s FROM c WHERE IS_DEFINED(c.sub.flag) AND c.id IN ('a', @p) GROUP BY c.s",
        b"SELECT VALUE {'a': SUBSTRING(c.s, 0, 2), \"b\": [1e3, -0x1F, undefined, {}]} FROM c WHERE NOT EXISTS(SELECT VALUE 1)",
    ]),
    (amqp_frames, &[
        b"\0\0\0\x2d\x02\0\0\0\x00\x53\x12\xc0\x20\x0a\xa1\x01l\x43\x42\x40\x40\x00\x53\x28\x45\x00\x53\x29\xc0\x09\x01\xa1\x06orders\x40\x40\x43\0\0\0\x1b\x02\0\0\0\x00\x53\x14\xc0\x07\x05\x43\x43\xa0\x01t\x43\x42\x00\x53\x75\xa0\x01x",
        b"\0\0\0\x1c\x02\0\0\0\x00\x53\x13\xc0\x0f\x0a\x43\x52\x64\x43\x52\x64\x40\x40\x40\x40\x40\x41",
        b"\0\0\0\x18\x02\0\0\0\x00\x53\x15\xc0\x0b\x05\x41\x43\x43\x41\x00\x53\x24\x45",
    ]),
    (amqp_message, &[
        b"\0\x53\x70\xc0\x02\x01\x41\0\x53\x72\xc1\x08\x02\xa3\x03x-o\x54\x01\0\x53\x73\xc0\x05\x02\xa1\x02id\x40\0\x53\x74\xc1\x06\x02\xa1\x01a\x54\x01\0\x53\x75\xa0\x01x",
        b"\0\x53\x75\xa0\x06\0\x53\x75\xa0\x01x",
        b"\0\x53\x77\xd1\0\0\0\x0a\0\0\0\x02\xa1\x01k\xe0\x04\x02\x54\x01\x02",
    ]),
    (credentials, &[
        b"\0\x53\x41\xc0\x0d\x02\xa3\x05PLAIN\xa0\x03\0a\0",
        b"SharedAccessSignature sr=sb%3A%2F%2Fh%2Forders&sig=YWJj&se=1700000000&skn=RootManageSharedAccessKey",
        b"eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.c2ln",
    ]),
    (servicebus_config, &[
        br#"{"UserConfig":{"Namespaces":[{"Name":"n","Queues":[{"Name":"q","Properties":{"LockDuration":"PT1M"}}],"Topics":[{"Name":"t","Properties":{"DuplicateDetectionHistoryTimeWindow":"PT20S"},"Subscriptions":[{"Name":"s","Rules":[{"Name":"r","Properties":{"FilterType":"Sql","SqlFilter":{"SqlExpression":"a = 1"}}}]}]}]}],"Logging":{"Type":"File"}}}"#,
    ]),
    (servicebus_filter, &[
        b"sys.Label LIKE 'a%' ESCAPE '!' AND NOT (a + 1 > 2 OR EXISTS([b c])) AND user.x IN (1, 'y', NULL)",
        b"SET a = 'x'; REMOVE b; SET sys.Label = a + 1",
    ]),
    (functions_files, &[
        b"{\"version\":\"2.0\",\"functionTimeout\":\"00:05:00\",\"customHandler\":{\"description\":{\"defaultExecutablePath\":\"h\",\"arguments\":[\"a\"]}}}\0{\"bindings\":[{\"type\":\"timerTrigger\",\"direction\":\"in\",\"name\":\"t\",\"schedule\":\"0 */5 * * * *\"}],\"retry\":{\"strategy\":\"fixedDelay\",\"maxRetryCount\":-1,\"delayInterval\":\"00:00:05\"}}",
        b"{\"version\":\"2.0\"}\0{\"bindings\":[{\"type\":\"httpTrigger\",\"direction\":\"in\",\"name\":\"r\",\"route\":\"orders/{id:int?}\",\"methods\":[\"get\"],\"authLevel\":\"function\"},{\"type\":\"http\",\"direction\":\"out\",\"name\":\"$return\"}]}",
        b"{\"IsEncrypted\":false,\"Values\":{\"A\":\"b\"}}",
    ]),
    (control_request, &[
        b"POST /faults\n{\"target\":\"servicebus\",\"entity\":\"orders\",\"action\":\"reject\",\"condition\":\"a:b\",\"count\":2}",
        b"POST /clock/advance\n{\"seconds\":60}",
        b"POST /cosmos/my%20shop/orders/split\n",
    ]),
];

/// Well-formed input with some of its bytes changed, cut out or repeated.
fn damaged(sample: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let at = 0..sample.len();
    let change = (at, any::<u8>(), 0..4_u8, 1..40_usize);
    proptest::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = sample.to_vec();
        for (at, byte, how, length) in changes {
            let from = at.min(bytes.len());
            let to = (from + length).min(bytes.len());
            match how {
                0 => bytes.iter_mut().skip(from).take(1).for_each(|old| *old = byte),
                1 => drop(bytes.drain(from..to)),
                2 => bytes.truncate(to),
                _ => {
                    let part = bytes[from..to].repeat(usize::from(byte));
                    bytes.splice(from..from, part);
                }
            }
        }
        bytes
    })
}

fn any_case() -> impl Strategy<Value = (fn(&[u8]), Vec<u8>)> {
    select(CASES).prop_flat_map(|(parse, samples)| {
        let bytes = prop_oneof![
            4 => select(samples).prop_flat_map(damaged),
            1 => proptest::collection::vec(any::<u8>(), 0..300),
        ];
        (Just(parse), bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn damaged_bytes_make_no_parser_panic_or_hang((parse, bytes) in any_case()) {
        let begun = Instant::now();
        parse(&bytes);
        // Milliseconds, unless something runs away.
        prop_assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn no_bytes_and_whole_samples_are_parsed() {
    for (parse, samples) in CASES {
        parse(b"");
        for sample in *samples {
            parse(sample);
        }
    }
}
