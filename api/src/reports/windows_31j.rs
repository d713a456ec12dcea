//! Text for spreadsheets that expect Windows-31J (Shift_JIS as Windows writes it).
//!
//! The encoder's ready-made function would write `&#12316;` for 〜 and a backslash for ¥. Here each character becomes
//! itself, the one Windows uses for it, or 〓, the mark printers put where a character is missing.

use encoding_rs::{EncoderResult, SHIFT_JIS};

/// 〓 in Windows-31J.
const MISSING: [u8; 2] = [0x81, 0xAC];

/// What Windows writes for characters that JIS has and Windows-31J has elsewhere.
fn as_windows_writes(character: char) -> char {
    match character {
        '〜' => '～',
        '‖' => '∥',
        '−' => '－',
        '¢' => '￠',
        '£' => '￡',
        '¬' => '￢',
        '—' => '―',
        '¥' => '￥',
        '‾' => '￣',
        '¦' => '￤',
        '\u{a0}' => ' ',
        other => other,
    }
}

/// Appends text.
pub(crate) fn append(text: &str, bytes: &mut Vec<u8>) {
    for character in text.chars().map(as_windows_writes) {
        if character.is_ascii() {
            bytes.push(character as u8);
            continue;
        }
        let (mut buffer, mut encoded) = ([0; 4], [0; 8]);
        let text: &str = character.encode_utf8(&mut buffer);
        let (result, _, written) =
            SHIFT_JIS.new_encoder().encode_from_utf8_without_replacement(text, &mut encoded, true);
        let encoded = encoded.get(..written).filter(|_| result == EncoderResult::InputEmpty);
        // What does not come back as it went would be read as something else.
        let back = |encoded: &&[u8]| {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(encoded).as_deref() == Some(text)
        };
        bytes.extend_from_slice(encoded.filter(back).unwrap_or(&MISSING));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        let mut bytes = vec![];
        append(text, &mut bytes);
        SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).unwrap().into_owned()
    }

    #[test]
    fn text_comes_back_as_itself_or_as_windows_writes_it() {
        for text in ["", "定期購入カゴ", "ABC 012 ~\\\r\n\t", "①㈱髙﨑Ⅳ", "ﾃｲｷ", "表ソ能十", "～∥－￠￡￢―￥￣￤"]
        {
            assert_eq!(round(text), text);
        }
        assert_eq!(round("波〜線‖−¢£¬—¥‾¦"), "波～線∥－￠￡￢―￥￣￤");
        assert_eq!(round("\u{a0}"), " ");
    }

    #[test]
    fn what_has_no_place_is_marked_and_never_an_entity() {
        for text in ["𠮷", "한", "é", "😀", "\u{301}", "\u{85}"] {
            assert_eq!(round(text), "〓", "{text:?}");
        }
        assert_eq!(round("𠮷野家"), "〓野家");
    }
}
