//! What stands for a name in a text, such as `［購入者名］`, until the mail is written.

/// Puts the values into the text, in one pass: what a value holds is never taken for a placeholder. Placeholders nobody
/// knows stay as they are.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('［') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        match values.iter().find(|(name, _)| from.starts_with(name)) {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &from[name.len()..];
            }
            None => {
                filled.push('［');
                rest = &from['［'.len_utf8()..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn k1_placeholders_are_filled_once_and_unknown_ones_stay() {
        let values = [("［購入者名］", "［会員ID］さん"), ("［会員ID］", "02396-M1")];
        let text = "［購入者名］様 ID:［会員ID］［［不明］［";
        assert_eq!(fill(text, &values), "［会員ID］さん様 ID:02396-M1［［不明］［");
    }
}
