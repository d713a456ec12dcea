//! Reading a request's parameters, whichever of the known ways a client writes them.

use std::borrow::Cow;

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use crate::refusal::Refusal;

/// The parameters of one request, decoded.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pairs: Vec<(String, String)>,
    /// The first parameter whose bytes were not valid in the request's encoding.
    malformed: Option<String>,
}

impl Request {
    /// Reads the body, or the query string when the body is empty.
    ///
    /// The encoding is Windows-31J unless the telegram calls itself kind 450, the only one that is UTF-8.
    pub(crate) fn parse(body: &[u8], query: Option<&str>) -> Self {
        let raw = if body.iter().all(u8::is_ascii_whitespace) { query.unwrap_or("").as_bytes() } else { body };
        let pieces: Vec<(Vec<u8>, Vec<u8>)> = raw
            .split(|byte| *byte == b'&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                let middle = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
                (unescape(&piece[..middle]), unescape(piece.get(middle + 1..).unwrap_or(&[])))
            })
            .collect();
        let utf8 = pieces.iter().any(|(key, value)| key == b"telegram_kind" && value == b"450");
        let encoding: &'static Encoding = if utf8 { UTF_8 } else { SHIFT_JIS };
        let mut request = Self::default();
        for (key, value) in pieces {
            let (key, _) = encoding.decode_without_bom_handling(&key);
            let (value, bad) = encoding.decode_without_bom_handling(&value);
            if bad && request.malformed.is_none() {
                request.malformed = Some(key.clone().into_owned());
            }
            // Line breaks at the ends come from clients that write the body as a text line.
            let value = value.trim_matches(['\r', '\n']).to_owned();
            match request.pairs.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => request.pairs.push((key.into_owned(), value)),
            }
        }
        request
    }

    /// Whether the key was sent at all, with or without a value.
    pub(crate) fn has_key(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// The value, if it was sent and is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value, or P005 (no such key) or P006 (no value).
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| if self.has_key(name) { Refusal::value_missing(name) } else { Refusal::key_missing(name) })
    }

    /// The value made of digits only and no longer than `longest`, or P008/P009.
    pub(crate) fn digits(&self, name: &str, longest: usize) -> Result<Option<&str>, Refusal> {
        self.checked(name, longest, |c| c.is_ascii_digit())
    }

    /// The value made of letters, digits and `_` only and no longer than `longest`, or P008/P009.
    pub(crate) fn word(&self, name: &str, longest: usize) -> Result<Option<&str>, Refusal> {
        self.checked(name, longest, |c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// The value if it is one of `allowed`, or P010.
    pub(crate) fn one_of(&self, name: &str, allowed: &[&str]) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            Some(value) if !allowed.contains(&value) => Err(Refusal::bad_value(name)),
            value => Ok(value),
        }
    }

    fn checked(&self, name: &str, longest: usize, fits: impl Fn(char) -> bool) -> Result<Option<&str>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        if !value.chars().all(fits) {
            return Err(Refusal::bad_type(name));
        }
        if value.len() > longest { Err(Refusal::bad_length(name)) } else { Ok(Some(value)) }
    }

    /// A positive amount of at most 7 digits: P005, P006, P008, P009, or P014 when it is not above zero.
    pub(crate) fn amount(&self, name: &str) -> Result<u32, Refusal> {
        let text = self.required(name)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::bad_type(name));
        }
        if digits.len() > 7 {
            return Err(Refusal::bad_length(name));
        }
        match digits.parse::<u32>() {
            Ok(amount) if amount > 0 && digits.len() == text.len() => Ok(amount),
            _ => Err(Refusal::parameter("P014", name, "金額は1円以上を指定してください。")),
        }
    }

    /// P008 when some value was not valid text in the request's encoding.
    pub(crate) fn well_encoded(&self) -> Result<(), Refusal> {
        match &self.malformed {
            Some(name) => Err(Refusal::bad_type(name)),
            None => Ok(()),
        }
    }
}

/// Undoes form encoding; a `%` that is not followed by two hex digits stands for itself.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let code = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match (byte, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(value)) => {
                bytes.push(value);
                at += 2;
            }
            _ => bytes.push(byte),
        }
        at += 1;
    }
    bytes
}

/// What a telegram is answered with, before it is written out in an encoding.
#[derive(Debug)]
pub(crate) enum Reply {
    /// `key=value` lines.
    Pairs(Vec<(&'static str, Cow<'static, str>)>),
    /// 027: result, code, detail, then the columns and rows unless there are none.
    Table { outcome: Option<Refusal>, columns: &'static [&'static str], rows: Vec<Vec<String>> },
}

impl Reply {
    /// A reply that says "done", to which keys can be added.
    pub(crate) fn done() -> Self {
        Self::Pairs(vec![("result", "0".into()), ("response_code", "".into()), ("response_detail", "".into())])
    }

    /// Pairs without the keys that replies begin with, for a form.
    pub(crate) fn plain() -> Self {
        Self::Pairs(Vec::new())
    }

    /// The pairs as a form in Windows-31J, as Paygent posts it.
    pub(crate) fn form(self) -> String {
        let Self::Pairs(pairs) = self else { return String::new() };
        fn in_windows_31j(text: &str) -> Cow<'_, [u8]> {
            SHIFT_JIS.encode(text).0
        }
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.encoding_override(Some(&in_windows_31j)).extend_pairs(pairs);
        form.finish()
    }

    /// Adds one key; a table has none.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        if let Self::Pairs(pairs) = &mut self {
            pairs.push((key, value.into()));
        }
        self
    }

    /// The reply to a refused telegram; kind 027 answers its refusals as CSV too.
    pub(crate) fn refused(refusal: Refusal, trading_id: &str, table: bool) -> Self {
        if table {
            return Self::Table { outcome: Some(refusal), columns: &[], rows: Vec::new() };
        }
        let payment_id = refusal.payment_id.filter(|_| refusal.code == "2003").map(|id| id.to_string());
        Self::Pairs(vec![
            ("result", "1".into()),
            ("response_code", refusal.code),
            ("response_detail", refusal.detail.into()),
            ("payment_id", payment_id.unwrap_or_default().into()),
            ("trading_id", trading_id.to_owned().into()),
        ])
    }

    /// Writes the reply in Windows-31J, or in UTF-8 for kind 450.
    ///
    /// `mood` chooses among the forms that the protocol leaves open: 0 is plain.
    pub(crate) fn encode(self, utf8: bool, mood: u64) -> Vec<u8> {
        let text = match self {
            Self::Pairs(pairs) => pairs_text(pairs, mood),
            Self::Table { outcome, columns, rows } => table_text(outcome, columns, &rows),
        };
        if utf8 {
            return text.into_bytes();
        }
        SHIFT_JIS.encode(&text).0.into_owned()
    }
}

fn pairs_text(mut pairs: Vec<(&'static str, Cow<'static, str>)>, mood: u64) -> String {
    let mut text = String::with_capacity(512);
    if mood % 3 == 2 {
        text.push_str("\r\n");
    }
    if mood % 2 == 1 {
        pairs.reverse();
    }
    for (key, value) in pairs {
        text.push_str(key);
        text.push('=');
        text.push_str(&value);
        text.push_str("\r\n");
    }
    text
}

fn table_text(outcome: Option<Refusal>, columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    match &outcome {
        Some(refusal) => record(&mut text, ["1", "1", &refusal.code, &refusal.detail]),
        None => record(&mut text, ["1", "0", "", ""]),
    }
    if !rows.is_empty() {
        record(&mut text, std::iter::once("2").chain(columns.iter().copied()));
        for row in rows {
            record(&mut text, std::iter::once("3").chain(row.iter().map(String::as_str)));
        }
    }
    record(&mut text, ["4", &rows.len().to_string()]);
    text
}

fn record<'a>(text: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}
