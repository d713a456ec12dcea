//! Reading the reply of 027, the list of stored cards: comma-separated values.

use super::fields::Fields;
use super::outcome::Outcome;
use super::reply::{self, ReplyError};
use super::{CardDetails, jst};
use chrono::{DateTime, Utc};
use std::fmt;
use teiki_domain::ids::CardId;

/// A card in Paygent's vault (C8). `Debug` prints its id only.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedCard {
    /// Paygent's id of the card.
    pub card_id: CardId,
    /// What Paygent says of it; a list brings no fingerprint.
    pub details: CardDetails,
    /// When it was used last, to the minute.
    pub last_used: Option<DateTime<Utc>>,
    /// Name on the card.
    pub cardholder_name: Option<String>,
    /// `card_expire_flag` as sent; its values are not documented.
    pub expire_flag: Option<String>,
}

impl fmt::Debug for ListedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedCard").field("card_id", &self.card_id).finish_non_exhaustive()
    }
}

/// Reads and judges a list of the cards of `customer_id`. A refusal may come as lines instead, when it was made
/// before the telegram was looked at.
pub(super) fn read(body: &[u8], customer_id: &str) -> Outcome<Vec<ListedCard>> {
    let text = match reply::decode(body) {
        Ok(text) => text,
        Err(error) => return Outcome::Unknown(error.into()),
    };
    let text = text.trim_start_matches(['\r', '\n']);
    if !text.starts_with('"') {
        return reply::read(body).and_then(|_| Outcome::Unknown(ReplyError::Line(1).into()));
    }
    match read_records(text) {
        Ok(records) => judge(&records, customer_id),
        Err(error) => Outcome::Unknown(error.into()),
    }
}

fn read_records(text: &str) -> Result<Vec<csv::StringRecord>, ReplyError> {
    if !text.ends_with('\n') {
        return Err(ReplyError::Truncated);
    }
    // A quote that is never closed would swallow the rest of the list without an error.
    if !text.matches('"').count().is_multiple_of(2) {
        return Err(ReplyError::Truncated);
    }
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .enumerate()
        .map(|(index, record)| record.map_err(|_| ReplyError::Line(index + 1)))
        .collect()
}

fn judge(records: &[csv::StringRecord], customer_id: &str) -> Outcome<Vec<ListedCard>> {
    let Some((head, rest)) = records.split_first().filter(|(head, _)| head.get(0) == Some("1")) else {
        return Outcome::Unknown(ReplyError::Line(1).into());
    };
    let field = |index| head.get(index).filter(|value| !value.is_empty());
    reply::judge(field(1), field(2), field(3), ()).and_then(|()| match cards(rest, customer_id) {
        Ok(cards) => Outcome::Approved(cards),
        Err(error) => Outcome::Unknown(error.into()),
    })
}

/// The cards after the first record: one record of column names, the data, and the count, which proves that the
/// list is whole.
fn cards(records: &[csv::StringRecord], customer_id: &str) -> Result<Vec<ListedCard>, ReplyError> {
    let Some((last, rest)) = records.split_last().filter(|(last, _)| last.get(0) == Some("4")) else {
        return Err(ReplyError::Truncated);
    };
    let (columns, data) = match rest.split_first() {
        Some((columns, data)) => (columns, data),
        None => (&csv::StringRecord::new(), rest),
    };
    if !rest.is_empty() && columns.get(0) != Some("2") {
        return Err(ReplyError::Line(2));
    }
    if last.get(1).and_then(|count| count.parse().ok()) != Some(data.len()) {
        return Err(ReplyError::Truncated);
    }
    data.iter().enumerate().map(|(index, record)| card(columns, record, index + 3, customer_id)).collect()
}

fn card(
    columns: &csv::StringRecord,
    record: &csv::StringRecord,
    line: usize,
    customer_id: &str,
) -> Result<ListedCard, ReplyError> {
    if record.get(0) != Some("3") || record.len() != columns.len() {
        return Err(ReplyError::Line(line));
    }
    let mut fields = Fields::default();
    for (column, value) in columns.iter().zip(record).skip(1) {
        if !fields.insert(column, value) {
            return Err(ReplyError::Contradiction(2));
        }
    }
    if fields.get("customer_id").is_some_and(|id| id != customer_id) {
        return Err(ReplyError::OtherSubject("customer_id"));
    }
    Ok(ListedCard {
        card_id: fields.required("customer_card_id")?,
        details: CardDetails {
            masked_number: fields.text("card_number"),
            valid_term: fields.lenient("card_valid_term"),
            fingerprint: None,
            brand: fields.text("card_brand"),
        },
        last_used: fields.get("card_last_use_date").and_then(jst::parse),
        cardholder_name: fields.text("cardholder_name"),
        expire_flag: fields.text("card_expire_flag"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::UnknownReason;
    use super::*;

    const COLUMNS: &str = "\"2\",\"customer_id\",\"customer_card_id\",\"card_number\",\"card_valid_term\",\
        \"card_last_use_date\",\"card_brand\",\"cardholder_name\",\"new_column\",\"card_expire_flag\"\r\n";

    fn list(rows: &str, count: &str) -> Vec<u8> {
        let text = format!("\"1\",\"0\",\"\",\"\"\r\n{COLUMNS}{rows}\"4\",\"{count}\"\r\n");
        encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
    }

    fn row(card_id: &str, name: &str) -> String {
        format!(
            "\"3\",\"02396_M1\",\"{card_id}\",\"************1234\",\"0328\",\"202601010900\",\"VISA\",\"{name}\",\"\",\"0\"\r\n"
        )
    }

    #[test]
    fn c8_cards_are_read_with_quotes_commas_and_japanese_in_names() {
        let body = list(&(row("71", "表, \"\"TARO\"\"") + &row("72", "")), "2");
        let cards = read(&body, "02396_M1").approved().unwrap();
        assert_eq!(cards.len(), 2);
        assert_eq!(cards[0].card_id.as_str(), "71");
        assert_eq!(cards[0].cardholder_name.as_deref(), Some("表, \"TARO\""));
        assert_eq!(cards[0].details.valid_term, "0328".parse().ok());
        assert_eq!(cards[0].details.masked_number.as_deref(), Some("************1234"));
        assert_eq!(cards[0].last_used, "2026-01-01T00:00:00Z".parse().ok());
        assert_eq!(cards[0].expire_flag.as_deref(), Some("0"));
        assert_eq!(cards[1].cardholder_name, None);
        let printed = format!("{cards:?}");
        assert!(!printed.contains("TARO") && !printed.contains("1234") && !printed.contains("0328"), "{printed}");
    }

    #[test]
    fn e4_a_refused_list_keeps_its_code_in_either_form() {
        for body in [
            &b"\"1\",\"1\",\"P026\",\"none\"\r\n\"4\",\"0\"\r\n"[..],
            b"result=1\r\nresponse_code=P026\r\nresponse_detail=none\r\n",
        ] {
            match read(body, "02396_M1") {
                Outcome::Declined(d) => assert_eq!((d.code.as_str(), d.detail.as_str()), ("P026", "none")),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn hostile_lists_are_unknown() {
        let good = list(&row("71", "TARO"), "1");
        let mut bodies: Vec<Vec<u8>> = (0..good.len()).map(|cut| good[..cut].to_vec()).collect();
        bodies.extend([
            list(&row("71", "TARO"), "2"),
            list(&row("71", "TARO"), ""),
            list(&row("", "TARO"), "1"),
            list(&row("not digits", "TARO"), "1"),
            list(&row("71", "TARO\",\"too many"), "1"),
            list(&row("71", "open \" quote"), "1"),
            list("\"9\",\"x\"\r\n", "1"),
            b"\"1\",\"0\",\"\",\"\"\r\n".to_vec(),
            b"\"2\",\"0\"\r\n\"4\",\"0\"\r\n".to_vec(),
            b"\"1\",\"5\",\"\",\"\"\r\n\"4\",\"0\"\r\n".to_vec(),
            b"\"1\",\"1\",\"\",\"\"\r\n\"4\",\"0\"\r\n".to_vec(),
            b"result=0\r\n".to_vec(),
            b"\"\x81\"\r\n".to_vec(),
            [b"\"1\",\"0\"".to_vec(), vec![b' '; reply::LARGEST_REPLY]].concat(),
        ]);
        for body in bodies {
            let outcome = read(&body, "02396_M1");
            assert!(
                matches!(outcome, Outcome::Unknown(UnknownReason::Reply(_))),
                "{outcome:?} {:?}",
                String::from_utf8_lossy(&body[..body.len().min(400)])
            );
        }
    }

    #[test]
    fn somebody_elses_cards_are_not_accepted() {
        let outcome = read(&list(&row("71", "TARO"), "1"), "02396_M2");
        assert!(
            matches!(outcome, Outcome::Unknown(UnknownReason::Reply(ReplyError::OtherSubject("customer_id")))),
            "{outcome:?}"
        );
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert!(read(b"\"1\",\"0\",\"\",\"\"\r\n\"4\",\"0\"\r\n", "x").approved().unwrap().is_empty());
    }
}
