//! Reading JSON objects that must have exactly the fields they are to have.

use serde_json::{Map, Value};

/// The object in `text`.
pub(crate) fn object(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// A text of the object.
pub(crate) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    map.get(name)?.as_str()
}

/// A number of the object, zero or more.
pub(crate) fn number(map: &Map<String, Value>, name: &str) -> Option<i64> {
    map.get(name)?.as_i64().filter(|number| *number >= 0)
}

/// 32 bytes of the object, written as 64 lower-case hexadecimal digits.
pub(crate) fn bytes(map: &Map<String, Value>, name: &str) -> Option<[u8; 32]> {
    let text = text(map, name)?;
    let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

/// The object with these fields in this order, as the form writes it: no other text means the same.
pub(crate) fn written(map: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let mut parts = vec![];
    for name in names {
        parts.push(format!("\"{name}\":{}", map.get(*name)?));
    }
    Some(format!("{{{}}}", parts.join(",")))
}
