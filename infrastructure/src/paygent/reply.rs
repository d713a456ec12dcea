//! Reading a reply: `key=value` lines in Windows-31J.

use super::encoding::from_windows_31j;
use super::fields::Fields;
use super::outcome::{self, Declined, Outcome};

/// Largest reply that is read, in bytes. The largest real ones, a 3-D Secure page or a list of ten cards, are
/// a few ten thousand.
pub(super) const LARGEST_REPLY: usize = 1024 * 1024;

/// Why a reply tells nothing. It never quotes the reply, which may hold card data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Beyond the size limit of 1 MB.
    #[error("it is larger than 1 MB")]
    TooLarge,
    /// A byte that is not Windows-31J.
    #[error("it is not text in Windows-31J")]
    Encoding,
    /// A line that is not `key=value`, or a record that is not of its kind.
    #[error("its line {0} is not of the expected form")]
    Line(usize),
    /// It ends in the middle of a line or a list.
    #[error("it ends too early")]
    Truncated,
    /// The same key twice with different values.
    #[error("it has the same key twice with different values, the second time in line {0}")]
    Contradiction(usize),
    /// A field that must be there is missing or empty.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A field does not have its form.
    #[error("its {0} is not of the expected form")]
    BadValue(&'static str),
    /// It speaks of something else than was asked.
    #[error("its {0} is not the one that was asked for")]
    OtherSubject(&'static str),
}

/// A successful reply's values.
pub(super) type Reply = Fields;

/// Reads the lines of a reply.
///
/// A last line without its line end is taken as a cut reply, not as a value: half of a `payment_id` looks like a
/// whole one.
pub(super) fn read_lines(body: &[u8]) -> Result<Fields, ReplyError> {
    let text = decode(body)?;
    let mut fields = Fields::default();
    let mut rest = text.as_str();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let key = rest.split(['=', '\n']).next().unwrap_or_default();
        if let Some(page) = rest.get(key.len()..).filter(|_| key.ends_with("_html")).and_then(|r| r.strip_prefix('=')) {
            insert(&mut fields, key, page, number)?;
            break;
        }
        let (line, after) = rest.split_once('\n').ok_or(ReplyError::Truncated)?;
        rest = after;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(ReplyError::Line(number))?;
        insert(&mut fields, key, value, number)?;
    }
    Ok(fields)
}

/// The text of a reply within the size limit.
pub(super) fn decode(body: &[u8]) -> Result<String, ReplyError> {
    if body.len() > LARGEST_REPLY {
        return Err(ReplyError::TooLarge);
    }
    // U+0000 cannot be stored on PostgreSQL, and an outcome must never fail to be recorded for its text.
    from_windows_31j(body).map(|text| text.replace('\0', "\u{fffd}")).ok_or(ReplyError::Encoding)
}

fn insert(fields: &mut Fields, key: &str, value: &str, line: usize) -> Result<(), ReplyError> {
    if fields.insert(key, value) { Ok(()) } else { Err(ReplyError::Contradiction(line)) }
}

/// What `result`, `response_code` and `response_detail` say.
pub(super) fn judge<T>(result: Option<&str>, code: Option<&str>, detail: Option<&str>, done: T) -> Outcome<T> {
    match (result, code) {
        (Some("0"), _) => Outcome::Approved(done),
        (Some("1"), Some(code)) => {
            outcome::refusal(Declined { code: code.to_owned(), detail: detail.unwrap_or_default().to_owned() })
        }
        // A refusal without a code is not one to rely on: it says neither that it is final nor why.
        (Some("1"), None) => Outcome::Unknown(ReplyError::Missing("response_code").into()),
        (Some(_), _) => Outcome::Unknown(ReplyError::BadValue("result").into()),
        (None, _) => Outcome::Unknown(ReplyError::Missing("result").into()),
    }
}

/// Reads and judges a reply of lines.
pub(super) fn read(body: &[u8]) -> Outcome<Reply> {
    match read_lines(body) {
        Ok(fields) => match judge(fields.get("result"), fields.get("response_code"), fields.get("response_detail"), ())
        {
            Outcome::Approved(()) => Outcome::Approved(fields),
            other => other.map(|()| Fields::default()),
        },
        Err(error) => Outcome::Unknown(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::UnknownReason;
    use super::*;
    use proptest::prelude::*;

    fn unusable(body: &[u8]) -> ReplyError {
        match read(body) {
            Outcome::Unknown(UnknownReason::Reply(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_are_read_in_any_order_with_unknown_keys_and_a_leading_empty_line() {
        let body = b"\r\nnew_key=x\r\npayment_id=123\r\nresponse_code=\r\nresult=0\r\n=odd\r\nnote=a=b\r\n";
        let reply = read(body).approved().unwrap();
        assert_eq!(reply.get("payment_id"), Some("123"));
        assert_eq!(reply.get("response_code"), None);
        assert_eq!(reply.get("note"), Some("a=b"));
    }

    #[test]
    fn a_key_ending_in_html_swallows_the_rest() {
        let body = b"result=0\r\nout_acs_html=<html>\r\n<p a=1>\r\nresult=1\r\nno line end";
        let reply = read(body).approved().unwrap();
        assert_eq!(reply.get("out_acs_html"), Some("<html>\r\n<p a=1>\r\nresult=1\r\nno line end"));
    }

    #[test]
    fn e4_a_refusal_keeps_code_and_detail_whole() {
        let mut body = b"result=1\r\nresponse_code=P010\r\nresponse_detail=\"card_valid_term\"".to_vec();
        body.extend(encoding_rs::SHIFT_JIS.encode("有効期限が正しくありません").0.iter());
        body.extend(b"\r\n");
        match read(&body) {
            Outcome::Declined(d) => {
                assert_eq!(d.code, "P010");
                assert_eq!(d.detail, "\"card_valid_term\"有効期限が正しくありません");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hostile_replies_are_unknown_and_never_a_refusal_or_an_approval() {
        for (body, error) in [
            (&b""[..], ReplyError::Missing("result")),
            (b"\r\n\r\n", ReplyError::Missing("result")),
            (b"result=0", ReplyError::Truncated),
            (b"result=0\r\npayment_id=12", ReplyError::Truncated),
            (b"resul", ReplyError::Truncated),
            (b"result\r\n", ReplyError::Line(1)),
            (b"result=0\r\nhalf\r\n", ReplyError::Line(2)),
            (b"result=\r\n", ReplyError::Missing("result")),
            (b"result=2\r\n", ReplyError::BadValue("result")),
            (b"result=00\r\n", ReplyError::BadValue("result")),
            (b"result= 0\r\n", ReplyError::BadValue("result")),
            (b"RESULT=0\r\n", ReplyError::Missing("result")),
            (b"result=1\r\n", ReplyError::Missing("response_code")),
            (b"result=1\r\nresponse_code=\r\nresponse_detail=x\r\n", ReplyError::Missing("response_code")),
            (b"result=0\r\nresult=1\r\n", ReplyError::Contradiction(2)),
            (b"result=0\r\npayment_id=1\r\npayment_id=2\r\n", ReplyError::Contradiction(3)),
            (b"result=0\r\nname=\x81\r\n", ReplyError::Encoding),
            (b"\xFF\xFEr\0e\0", ReplyError::Encoding),
            (b"\xEF\xBB\xBFresult=0\r\n", ReplyError::Encoding),
            (b"<html><body>503</body></html>\n", ReplyError::Line(1)),
            (b"result_html=0\r\n", ReplyError::Missing("result")),
        ] {
            assert_eq!(unusable(body), error, "{:?}", String::from_utf8_lossy(body));
        }
        assert_eq!(unusable(&vec![b'\n'; LARGEST_REPLY + 1]), ReplyError::TooLarge);
        let mut largest = b"result=0\r\n".to_vec();
        largest.resize(LARGEST_REPLY, b'\n');
        assert!(read(&largest).approved().is_some());
    }

    #[test]
    fn the_same_key_twice_with_the_same_value_is_no_contradiction() {
        assert!(read(b"result=0\r\nresult=0\r\n").approved().is_some());
    }

    proptest! {
        #[test]
        fn any_cut_of_a_good_reply_is_whole_or_unknown_but_never_a_shorter_id(cut in 0usize..46) {
            let body = b"result=0\r\nresponse_code=\r\npayment_id=1234567\r\n";
            match read(&body[..cut]) {
                Outcome::Approved(reply) => prop_assert!(matches!(reply.get("payment_id"), None | Some("1234567"))),
                Outcome::Unknown(_) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }

        #[test]
        fn reading_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }
    }
}
