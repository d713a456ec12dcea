//! The buyer's return from 3-D Secure (C3): a query string that passes through the buyer's browser.

use super::check_value;
use super::encoding::read_form;
use super::outcome::Declined;
use crate::redacted::Redacted;
use std::fmt;
use std::str::FromStr;

/// Id of one authentication (`3ds_auth_id`), 36 letters, digits and hyphens. It serves one payment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThreeDSecureId(String);

impl ThreeDSecureId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ThreeDSecureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ThreeDSecureId {
    type Err = ThreeDSecureError;
    fn from_str(text: &str) -> Result<Self, ThreeDSecureError> {
        if text.len() == 36 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ThreeDSecureError::Content("3ds_auth_id"))
        }
    }
}

/// How well the buyer was authenticated (`attempt_kbn`), for the attempt control (S6 ⑪).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Empty: authenticated.
    Authenticated,
    /// 0: attempted only; the issuer is liable.
    IssuerLiable,
    /// 1: attempted only; the merchant is liable.
    MerchantLiable,
}

/// What a checked return says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreeDSecureReturn {
    /// The payment may go on with this id, if the attempt control allows it. The caller must compare the id with
    /// the one this buyer was sent out with.
    Passed {
        /// Id to pay with.
        auth_id: ThreeDSecureId,
        /// How well the buyer was authenticated.
        attempt: Attempt,
    },
    /// It failed, such as 31007, or 31013 when the buyer never came back.
    Failed {
        /// Id of the failed authentication, where one was made.
        auth_id: Option<ThreeDSecureId>,
        /// Paygent's words (E4). The check value does not cover them.
        declined: Declined,
    },
}

/// A return that must not be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThreeDSecureError {
    /// No key to check with is configured.
    #[error("no result-reception hash key is configured for 3-D Secure; enter it in the shop settings")]
    NoKey,
    /// Not a query string, or a contradictory one.
    #[error("the return from 3-D Secure is not readable; have the buyer start again")]
    Form,
    /// No check value, or one that does not fit.
    #[error("the check value of the return from 3-D Secure is missing or wrong; compare the hash key with Paygent's")]
    CheckValue,
    /// A field does not have its form.
    #[error("the {0} of 3-D Secure is not of the expected form; have the buyer start again")]
    Content(&'static str),
}

impl ThreeDSecureReturn {
    /// Reads the query string (without `?`) and checks it against the result-reception hash key (S6 ⑩).
    pub fn receive(query: &str, hash_key: &Redacted<String>) -> Result<Self, ThreeDSecureError> {
        if hash_key.expose().is_empty() {
            return Err(ThreeDSecureError::NoKey);
        }
        let fields = read_form(query.as_bytes()).ok_or(ThreeDSecureError::Form)?;
        let part = |key| fields.get(key).unwrap_or_default();
        let (result, id, attempt) = (part("result"), part("3ds_auth_id"), part("attempt_kbn"));
        let expected = check_value::of(&[result, id, attempt, hash_key.expose()]);
        if !check_value::equal(&expected, part("hc")) {
            return Err(ThreeDSecureError::CheckValue);
        }
        // Nothing stands between the hashed fields, so a buyer could move characters from one to the next, say the
        // attempt into the id, and keep the check value. Fixed lengths of the first two forbid that.
        match result {
            "0" => Ok(Self::Passed { auth_id: id.parse()?, attempt: read_attempt(attempt)? }),
            "1" => Ok(Self::Failed {
                auth_id: if id.is_empty() { None } else { Some(id.parse()?) },
                declined: Declined {
                    code: part("response_code").to_owned(),
                    detail: part("response_detail").to_owned(),
                },
            }),
            _ => Err(ThreeDSecureError::Content("result")),
        }
    }
}

fn read_attempt(text: &str) -> Result<Attempt, ThreeDSecureError> {
    match text {
        "" => Ok(Attempt::Authenticated),
        "0" => Ok(Attempt::IssuerLiable),
        "1" => Ok(Attempt::MerchantLiable),
        _ => Err(ThreeDSecureError::Content("attempt_kbn")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-1111-1111-1111-111111111111";
    // Published for result 0, this id, attempt 0 and the key below.
    const HC: &str = "e3f5400fb96b6ae955ac16f58cc81ba33e93f5ae35ec4a07bac6f0496c51bc43";

    fn key() -> Redacted<String> {
        Redacted::from("test_1234567890123456789")
    }

    fn query(result: &str, id: &str, attempt: &str, hc: &str) -> String {
        format!("result={result}&3ds_auth_id={id}&attempt_kbn={attempt}&hc={hc}&response_code=31007")
    }

    fn signed(result: &str, id: &str, attempt: &str) -> String {
        query(result, id, attempt, &check_value::of(&[result, id, attempt, key().expose()]))
    }

    #[test]
    fn c3_the_published_check_value_is_accepted() {
        assert_eq!(
            ThreeDSecureReturn::receive(&query("0", ID, "0", HC), &key()),
            Ok(ThreeDSecureReturn::Passed { auth_id: ID.parse().unwrap(), attempt: Attempt::IssuerLiable })
        );
    }

    #[test]
    fn c3_every_attempt_and_failure_is_told_apart() {
        for (attempt, meaning) in [("", Attempt::Authenticated), ("1", Attempt::MerchantLiable)] {
            let answer = ThreeDSecureReturn::receive(&signed("0", ID, attempt), &key());
            assert!(matches!(answer, Ok(ThreeDSecureReturn::Passed { attempt, .. }) if attempt == meaning));
        }
        for id in ["", ID] {
            let answer = ThreeDSecureReturn::receive(&signed("1", id, ""), &key());
            assert!(matches!(answer, Ok(ThreeDSecureReturn::Failed { declined, .. }) if declined.code == "31007"));
        }
        let odd = ThreeDSecureReturn::receive(&signed("0", ID, "2"), &key());
        assert_eq!(odd, Err(ThreeDSecureError::Content("attempt_kbn")));
    }

    #[test]
    fn c3_a_buyer_cannot_change_the_result_nor_move_characters_between_fields() {
        for (result, id, attempt) in [("1", ID, "0"), ("0", ID, "1"), ("0", ID, ""), ("", ID, "0")] {
            let answer = ThreeDSecureReturn::receive(&query(result, id, attempt, HC), &key());
            assert_eq!(answer, Err(ThreeDSecureError::CheckValue), "{result} {id} {attempt}");
        }
        // The same characters, cut elsewhere: the check value fits, the forms do not.
        let moved = [("0", format!("{ID}0"), ""), ("", format!("0{ID}"), "0"), ("01", ID[1..].to_owned(), "0")];
        for (result, id, attempt) in moved {
            let answer = ThreeDSecureReturn::receive(&query(result, &id, attempt, HC), &key());
            assert!(matches!(answer, Err(ThreeDSecureError::Content(_))), "{result} {id} {attempt}: {answer:?}");
        }
        assert_eq!(
            ThreeDSecureReturn::receive(&query("0", ID, "0", HC), &Redacted::from("")),
            Err(ThreeDSecureError::NoKey)
        );
    }
}
