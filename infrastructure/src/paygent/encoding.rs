//! Windows-31J in both directions, and form encoding on top of it.

use super::fields::Fields;
use encoding_rs::{EncoderResult, SHIFT_JIS};

/// Text as Windows-31J, or the first character that has no place there.
///
/// The encoder's ready-made function would write `&#12316;` for 〜 and turn ¥ into a backslash; both would reach
/// Paygent as other text than was meant, so anything that does not come back as it went is refused.
pub(super) fn to_windows_31j(text: &str) -> Result<Vec<u8>, char> {
    let mut bytes = Vec::with_capacity(text.len() + 4);
    for character in text.chars() {
        if character.is_ascii() && !character.is_ascii_control() {
            bytes.push(character as u8);
            continue;
        }
        let (mut buffer, mut encoded) = ([0; 4], [0; 8]);
        let text: &str = character.encode_utf8(&mut buffer);
        let mut encoder = SHIFT_JIS.new_encoder();
        let (result, _, written) = encoder.encode_from_utf8_without_replacement(text, &mut encoded, true);
        let encoded = encoded.get(..written).filter(|_| result == EncoderResult::InputEmpty).ok_or(character)?;
        if character.is_control() || from_windows_31j(encoded).as_deref() != Some(text) {
            return Err(character);
        }
        bytes.extend_from_slice(encoded);
    }
    Ok(bytes)
}

/// Text from Windows-31J; `None` when a byte does not belong there. No byte order mark is honoured: it would switch
/// the encoding to one Paygent does not use.
pub(super) fn from_windows_31j(bytes: &[u8]) -> Option<String> {
    SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

/// Appends `name=value` of a form; `value` is bytes of the target encoding.
pub(super) fn append_pair(form: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !form.is_empty() {
        form.push(b'&');
    }
    append_escaped(form, name.as_bytes());
    form.push(b'=');
    append_escaped(form, value);
}

fn append_escaped(form: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => form.push(byte),
            b' ' => form.push(b'+'),
            _ => form.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

/// Reads a form or query string. `None` when an escape is broken, a byte belongs to no encoding or a key comes twice
/// with different values.
///
/// Nobody has shown in which encoding Paygent writes these, so UTF-8 is tried first (text in Windows-31J is hardly
/// ever valid UTF-8), then Windows-31J. What the check values cover is ASCII in both.
pub(super) fn read_form(form: &[u8]) -> Option<Fields> {
    let mut fields = Fields::default();
    for pair in form.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |&b| b == b'=');
        let name = unescape(halves.next().unwrap_or_default())?;
        let value = unescape(halves.next().unwrap_or_default())?;
        if !fields.insert(&name, &value) {
            return None;
        }
    }
    Some(fields)
}

fn unescape(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => from_windows_31j(error.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn japanese_and_the_vendor_characters_survive_the_round_trip() {
        for text in ["", "定期購入カゴ", "ABC 012 ~\\", "①㈱髙﨑Ⅳ", "ﾃｲｷ", "ー~¢", "表ソ能"] {
            let bytes = to_windows_31j(text);
            match bytes {
                Ok(bytes) => assert_eq!(from_windows_31j(&bytes).unwrap(), text),
                Err(character) => assert!("¢".contains(character), "{text} {character:?}"),
            }
        }
        assert_eq!(to_windows_31j("髙").unwrap(), [0xFB, 0xFC]);
        assert_eq!(to_windows_31j("表").unwrap(), [0x95, 0x5C]);
    }

    #[test]
    fn characters_without_a_place_are_refused_not_replaced() {
        for (text, culprit) in [
            ("波〜線", '〜'),
            ("¥100", '¥'),
            ("𠮷野", '𠮷'),
            ("e\u{301}", '\u{301}'),
            ("한", '한'),
            ("a\u{0}b", '\u{0}'),
            ("a\r\nb", '\r'),
            ("\u{80}", '\u{80}'),
            ("\u{feff}", '\u{feff}'),
            ("😀", '😀'),
        ] {
            assert_eq!(to_windows_31j(text), Err(culprit), "{text:?}");
        }
    }

    #[test]
    fn bytes_outside_the_encoding_are_not_replaced() {
        for bytes in [&b"\x81"[..], b"result=0\x81\r\n", b"\xFF", b"\xFD\xFE", b"\xEF\xBB\xBFresult=0"] {
            let text = from_windows_31j(bytes);
            assert!(text.is_none_or(|t| t != "result=0" && !t.contains('\u{fffd}')), "{bytes:?}");
        }
        assert_eq!(from_windows_31j(b"\x81"), None);
    }

    #[test]
    fn forms_escape_everything_but_the_plain_characters() {
        let mut form = Vec::new();
        append_pair(&mut form, "a", b"1 2&=+%");
        append_pair(&mut form, "b", &to_windows_31j("表").unwrap());
        append_pair(&mut form, "c", b"");
        assert_eq!(form, b"a=1+2%26%3D%2B%25&b=%95%5C&c=");
        let read = read_form(&form).unwrap();
        assert_eq!((read.get("a"), read.get("b"), read.get("c")), (Some("1 2&=+%"), Some("表"), None));
    }

    #[test]
    fn hostile_forms_are_refused() {
        for form in ["a=%", "a=%2", "a=%zz", "a=%+1", "a=1&a=2", "a=%81"] {
            assert!(read_form(form.as_bytes()).is_none(), "{form}");
        }
        assert!(read_form(b"&&a=1&a=1&b").is_some());
        assert_eq!(read_form("a=%E8%A1%A8".as_bytes()).unwrap().get("a"), Some("表"));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_comes_back_unchanged(text in any::<String>()) {
            if let Ok(bytes) = to_windows_31j(&text) {
                prop_assert_eq!(from_windows_31j(&bytes), Some(text));
            }
        }

        #[test]
        fn reading_a_form_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_form(&bytes);
        }
    }
}
