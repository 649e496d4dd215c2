//! Every marker, and what no body can do: end the process, fill the memory, take for ever.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn decode(hex: &str) -> Result<String, Refusal> {
    let bytes = hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap());
    to_text(&std::iter::once(PREAMBLE).chain(bytes).collect::<Vec<u8>>())
}

#[track_caller]
fn reads(hex: &str, text: &str) {
    assert_eq!(decode(hex).as_deref(), Ok(text), "{hex}");
}

#[track_caller]
fn refuses(hex: &str, wanted: &str) {
    let refusal = decode(hex).unwrap_err();
    assert_eq!(refusal.status(), 400, "{hex}");
    assert!(refusal.to_string().contains(wanted), "{hex}: {refusal}");
}

#[test]
fn literals_and_numbers() {
    let cases = [
        ("D0", "null"),
        ("D1", "false"),
        ("D2", "true"),
        ("00", "0"),
        ("1F", "31"),
        ("C7 FE FF FF FF FF FF FF FF", "18446744073709551614"),
        ("C8 C8", "200"),
        ("C9 18 FC", "-1000"),
        ("CA 70 11 01 00", "70000"),
        ("CB 00 0E FA D5 FE FF FF FF", "-5000000000"),
        ("CC 00 00 00 00 00 00 0C 40", "3.5"),
        ("CC 00 00 00 00 00 00 08 40", "3"),
        ("CC 00 00 00 00 00 00 00 80", "0"),
        ("CD 00 00 C0 3F", "1.5"),
        ("CE 00 00 00 00 00 00 02 C0", "-2.25"),
        ("D7 C8", "200"),
        ("D8 FB", "-5"),
        ("D9 18 FC", "-1000"),
        ("DA 90 EE FE FF", "-70000"),
        ("DB FF FF FF FF FF FF FF 7F", "9223372036854775807"),
        ("DC FE FF FF FF", "4294967294"),
    ];
    for (hex, text) in cases {
        reads(hex, text);
    }
    reads("CC 9C 75 00 88 3C E4 37 7E", "1e+300");
}

#[test]
fn texts_in_every_form() {
    let cases = [
        ("20", r#""$s""#),
        ("2C", r#""id""#),
        ("3F", r#""_id""#),
        ("80", r#""""#),
        ("82 68 69", r#""hi""#),
        ("83 61 22 0A", r#""a\"\n""#),
        ("C0 02 C3 A9", r#""é""#),
        ("C1 02 00 68 69", r#""hi""#),
        ("C2 02 00 00 00 68 69", r#""hi""#),
        ("71 01 00 66 6F 6F", r#""Zm9v""#),
        ("71 01 01 66 6F", r#""Zm8=""#),
        ("71 01 FD 41", r#""QQ""#),
        ("72 02 00 00 66 6F 6F 62 61 72", r#""Zm9vYmFy""#),
        ("73 01 00 FB FF FE", r#""-__-""#),
        ("74 01 00 00 FB FF FE", r#""-__-""#),
        ("78 04 A1 B2", r#""1a2b""#),
        ("79 04 A1 B2", r#""1A2B""#),
        ("78 01 0F", r#""f""#),
        ("7A 07 13 53 1C 02", r#""2024-01""#),
        ("7B 04 30 10 32", r#""0123""#),
        ("7C 03 61 20 08", r#""abc""#),
        ("7D 04 61 40 20 0C", r#""abcd""#),
        ("7E 02 C8 34", r#""Hi""#),
        ("7F 02 00 C8 34", r#""Hi""#),
        ("DD 04 DE AD BE EF", r#""3q2+7w==""#),
        ("DE 03 00 01 02 03", r#""AQID""#),
        ("DF 00 00 00 00", r#""""#),
    ];
    for (hex, text) in cases {
        reads(hex, text);
    }
}

#[test]
fn guids_keep_their_case_and_quotes() {
    let bytes = "00 00 84 21 00 00 20 00 00 00 A6 F7 9A A8 00 00";
    reads(&format!("75 {bytes}"), r#""00004812-0000-0200-0000-6a7fa98a0000""#);
    reads(&format!("76 {bytes}"), r#""00004812-0000-0200-0000-6A7FA98A0000""#);
    reads(&format!("77 {bytes}"), r#""\"00004812-0000-0200-0000-6a7fa98a0000\"""#);
    let value = "D3 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F";
    reads(value, r#""03020100-0504-0706-0809-0a0b0c0d0e0f""#);
}

#[test]
fn arrays_and_objects_in_every_form() {
    let cases = [
        ("E0", "[]"),
        ("E1 D2", "[true]"),
        ("E2 03 00 01 D0", "[0,1,null]"),
        ("E3 03 00 00 01 D0", "[0,1,null]"),
        ("E4 03 00 00 00 00 01 D0", "[0,1,null]"),
        ("E5 03 03 00 01 D0", "[0,1,null]"),
        ("E6 03 00 03 00 00 01 D0", "[0,1,null]"),
        ("E7 03 00 00 00 03 00 00 00 00 01 D0", "[0,1,null]"),
        ("E8", "{}"),
        ("E9 2C D2", r#"{"id":true}"#),
        ("EA 04 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("EB 04 00 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("EC 04 00 00 00 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("ED 04 02 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("EE 04 00 02 00 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("EF 04 00 00 00 02 00 00 00 2C 00 3B 01", r#"{"id":0,"type":1}"#),
        ("E2 05 E1 00 E9 2C 01", r#"[[0],{"id":1}]"#),
        ("F0 D7 03 0A 14 1E", "[10,20,30]"),
        ("F0 DA 00", "[]"),
        ("F1 D9 03 00 FF FF 00 00 E8 03", "[-1,0,1000]"),
        ("F0 CD 02 00 00 C0 3F 00 00 80 BE", "[1.5,-0.25]"),
        ("F2 F0 D8 02 02 01 02 FD FC", "[[1,2],[-3,-4]]"),
        ("F3 F1 D7 02 00 01 00 01 02", "[[1,2]]"),
    ];
    for (hex, text) in cases {
        reads(hex, text);
    }
}

#[test]
fn a_text_can_refer_to_one_before() {
    for reference in ["C3 03", "C4 03 00", "C5 03 00 00", "C6 03 00 00 00"] {
        let bytes = 3 + reference.split(' ').count();
        reads(&format!("E2 {bytes:02X} 82 68 69 {reference}"), r#"["hi","hi"]"#);
    }
    refuses("C3 01", "reference leads to none");
    refuses("E2 03 05 C3 03", "0x05 at byte 3");
    refuses("C3 C8", "ends within");
}

#[test]
fn what_is_not_known_is_named_with_its_place() {
    refuses("CF 00 00", "0xCF at byte 1");
    refuses("E1 FF", "0xFF at byte 2");
    refuses("E2 01 D4", "0xD4 at byte 3");
    refuses("F0 D0 01 00", "0xD0 at byte 2");
    refuses("F2 F1 D7 00 00", "0xF1 at byte 2");
    refuses("E9 05 D0", "0x05 at byte 2");
    refuses("43", "dictionary, which no request carries, at byte 1");
    refuses("60 05", "dictionary");
}

#[test]
fn what_contradicts_itself_is_refused() {
    refuses("", "ends within the value at byte 1");
    refuses("CA 01 02", "ends within");
    refuses("C2 FF FF FF FF 00", "ends within");
    refuses("E4 FF FF FF FF", "ends within");
    refuses("D0 D0", "something follows the value, at byte 2");
    refuses("E5 01 05 00", "length or count");
    refuses("E2 01 C9 05 00", "length or count");
    refuses("81 FF", "not UTF-8");
    refuses("78 01 1F", "more characters");
    refuses("71 00 01", "base64");
    refuses("7B 02 7F FF", "not ASCII");
    refuses("CD 00 00 80 7F", "infinite");
}

#[test]
fn depth_and_length_have_their_ends() {
    let nested = |depth: usize| decode(&format!("{}D0", "E1 ".repeat(depth)));
    assert!(nested(DEPTH_MAX).is_ok());
    assert!(nested(DEPTH_MAX + 1).unwrap_err().to_string().contains("too deep"));
    let mut bomb = vec![PREAMBLE, 0xE4];
    let text = 60_000_u16;
    let references = 1_000;
    bomb.extend(u32::try_from(3 + usize::from(text) + 2 * references).unwrap().to_le_bytes());
    bomb.push(0xC1);
    bomb.extend(text.to_le_bytes());
    bomb.extend(vec![b'x'; text.into()]);
    bomb.extend([0xC3, 6].repeat(references));
    assert_eq!(to_text(&bomb).unwrap_err().status(), 413);
    let empty_rows = [0xF3, 0xF1, 0xD7, 0, 0, 0xFF, 0xFF].repeat(40);
    let mut rows = vec![PREAMBLE, 0xE3];
    rows.extend(u16::try_from(empty_rows.len()).unwrap().to_le_bytes());
    rows.extend(empty_rows);
    assert_eq!(to_text(&rows).unwrap_err().status(), 413);
}

/// As the SDK writes it: lengths and counts, never a reference.
fn encode(value: &Value, out: &mut Vec<u8>) {
    let framed = |marker: u8, count: usize, body: &[u8], out: &mut Vec<u8>| {
        out.push(marker);
        out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        out.extend(u32::try_from(count).unwrap().to_le_bytes());
        out.extend(body);
    };
    let mut body = Vec::new();
    match value {
        Value::Null => out.push(0xD0),
        Value::Bool(value) => out.push(0xD1 + u8::from(*value)),
        Value::Number(number) => {
            out.push(0xCB);
            out.extend(number.as_i64().unwrap().to_le_bytes());
        }
        Value::String(text) => {
            out.push(0xC2);
            out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
            out.extend(text.as_bytes());
        }
        Value::Array(items) => {
            for item in items {
                encode(item, &mut body);
            }
            framed(0xE7, items.len(), &body, out);
        }
        Value::Object(members) => {
            for (name, value) in members {
                encode(&json!(name), &mut body);
                encode(value, &mut body);
            }
            framed(0xEF, members.len(), &body, out);
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Bytes that are likely to be markers and short lengths.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![0u8..8, 0xC0u8..=0xF3, 0x70u8..0x84, any::<u8>()];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn whatever_comes_ends_in_json_or_in_a_refusal(body in soup()) {
        let body = [vec![PREAMBLE], body].concat();
        if let Ok(text) = to_text(&body) {
            prop_assert!(text.len() <= TEXT_BYTES_MAX);
            let read = serde_json::from_str::<Value>(&text);
            prop_assert!(read.is_ok(), "{text}: {read:?}");
        }
    }

    #[test]
    fn what_was_encoded_comes_back(value in values()) {
        let mut body = vec![PREAMBLE];
        encode(&value, &mut body);
        let text = to_text(&body).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
