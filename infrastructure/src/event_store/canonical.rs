//! One written form of a JSON value, the same from both databases and for ever, because hashes are made of it.
//!
//! Keys are sorted by their UTF-8 bytes, nothing stands between the tokens, and text is escaped only where JSON
//! demands it. A number has one form however it was written, without an exponent: PostgreSQL turns `1e2` into `100`,
//! and keeps `100.0`, so both become `100`.

use serde_json::{Number, Value};

/// Writes the canonical form of `value` to the end of `out`.
pub(super) fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            // serde_json's map keeps its keys sorted or not, depending on what else is in the build.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_value(item, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Number, out: &mut String) {
    use std::fmt::Write as _;
    let written = match number.as_f64() {
        Some(0.0) => write!(out, "0"),
        // The shortest digits that read back as the same number, never with an exponent. serde_json's own form of
        // floats has changed between its versions.
        Some(float) if number.is_f64() => write!(out, "{float}"),
        _ => write!(out, "{number}"),
    };
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + 1;
        if escape.is_empty() {
            let digits = b"0123456789abcdef";
            out.push_str("\\u00");
            out.push(char::from(digits[usize::from(byte >> 4)]));
            out.push(char::from(digits[usize::from(byte & 0xf)]));
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(stored: &str) -> Option<String> {
        let mut out = String::new();
        write_value(&serde_json::from_str(stored).ok()?, &mut out);
        Some(out)
    }

    #[test]
    fn one_form_whatever_was_stored() {
        for (stored, expected) in [
            (r#"{ "b": 1, "a": {"d": null, "c": [true, false]} }"#, r#"{"a":{"c":[true,false],"d":null},"b":1}"#),
            (r#"{"bb":1,"a":2,"c":3}"#, r#"{"a":2,"bb":1,"c":3}"#),
            ("[1e2, 100.0, 100, -0.0, -5.0]", "[100,100,100,0,-5]"),
            ("[1e16, 10000000000000000]", "[10000000000000000,10000000000000000]"),
            ("[1e20, 100000000000000000000]", "[100000000000000000000,100000000000000000000]"),
            ("[18446744073709551615, -9223372036854775808]", "[18446744073709551615,-9223372036854775808]"),
            ("[0.1, 1.5e-3, 1e-7, 0.0, -0]", "[0.1,0.0015,0.0000001,0,0]"),
            (
                r#""\u5b9a\u671f\u8cfc\u5165 \/ \"\\\n\u0001\u001f\u007f""#,
                "\"定期購入 / \\\"\\\\\\n\\u0001\\u001f\u{7f}\"",
            ),
        ] {
            assert_eq!(canonical(stored).as_deref(), Some(expected), "{stored}");
        }
        assert_eq!(canonical("{"), None);
        assert_eq!(canonical("{} {}"), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_means_the_same_and_is_its_own_canonical_form(value in any_json()) {
            let text = canonical(&value.to_string()).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
            prop_assert_eq!(canonical(&text).unwrap(), text);
        }
    }
}
