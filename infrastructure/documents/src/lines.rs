//! Breaking text into lines as Japanese is broken: between any two characters, but not before what may not begin a line
//! or after what may not end one (禁則), and not inside a word of letters and digits that fits into a line.

use crate::face::Face;

/// What may not begin a line.
const NOT_FIRST: &str = "、。，．・：；？！゛゜ヽヾゝゞ々ー’”）〕］｝〉》」』】°′″℃％‰※,.:;?!)]}%ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ";
/// What may not end a line.
const NOT_LAST: &str = "‘“（〔［｛〈《「『【([{￥〒";

/// Breaks a text into clean lines no wider than `width` points at `size`. Only a single character can be wider than a
/// line. An empty text has no lines.
pub(crate) fn wrap(face: &Face, text: &str, size: f32, width: f32) -> Vec<String> {
    let clean = face.clean(text);
    let mut lines: Vec<String> = vec![];
    let mut line = String::new();
    let mut used = 0.0;
    for piece in pieces(face, clean.trim(), size, width) {
        let wide = face.width(piece, size);
        if used + wide > width && !line.is_empty() {
            let kept = line.trim_end().to_owned();
            lines.push(kept);
            line.clear();
            used = 0.0;
        }
        if !(line.is_empty() && piece.trim().is_empty()) {
            line.push_str(piece);
            used += wide;
        }
    }
    if !line.trim().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// What is not broken: words, and characters with those they may not be parted from.
fn pieces<'t>(face: &Face, text: &'t str, size: f32, width: f32) -> Vec<&'t str> {
    let mut pieces: Vec<&str> = vec![];
    let (mut begin, mut before) = (0, None);
    for (at, character) in text.char_indices() {
        if let Some(before) = before {
            let whole = text.get(begin..at).unwrap_or_default();
            let too_wide = face.width(whole, size) + face.width(character.encode_utf8(&mut [0; 4]), size) > width;
            if too_wide || !sticks(before, character) {
                pieces.push(whole);
                begin = at;
            }
        }
        before = Some(character);
    }
    pieces.push(text.get(begin..).unwrap_or_default());
    pieces
}

fn sticks(before: char, after: char) -> bool {
    let in_word = |c: char| c.is_ascii_graphic();
    NOT_FIRST.contains(after) || NOT_LAST.contains(before) || (in_word(before) && in_word(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at_five(text: &str) -> Vec<String> {
        wrap(&Face::new().unwrap(), text, 10.0, 50.1)
    }

    #[test]
    fn lines_break_between_characters_and_around_words() {
        assert_eq!(at_five(""), Vec::<String>::new());
        assert_eq!(at_five("定期購入の珈琲豆"), ["定期購入の", "珈琲豆"]);
        assert_eq!(at_five("日本 Teiki ABC"), ["日本 Teiki", "ABC"]);
        assert_eq!(at_five("珈琲豆 200g深煎"), ["珈琲豆", "200g深煎"]);
    }

    #[test]
    fn punctuation_neither_begins_nor_ends_a_line_where_it_may_not() {
        assert_eq!(at_five("定期購入の。豆"), ["定期購入", "の。豆"]);
        assert_eq!(at_five("珈琲の豆「甘」"), ["珈琲の豆", "「甘」"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        #[test]
        fn nothing_is_lost_and_no_line_is_too_wide(text in "[a-c。「」ー日本語 ￥😀\u{202e}]{0,60}", width in 12.0..80.0_f32) {
            let face = Face::new().unwrap();
            let lines = wrap(&face, &text, 10.0, width);
            let of = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(of(&lines.concat()), of(&face.clean(&text)));
            prop_assert!(lines.iter().all(|line| face.width(line, 10.0) <= width), "{:?}", lines);
        }
    }
}
