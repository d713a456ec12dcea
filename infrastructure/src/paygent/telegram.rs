//! Writing a request.

use super::encoding::{append_pair, to_windows_31j};
use crate::redacted::Redacted;
use std::fmt;
use teiki_domain::ids::{MemberId, PaymentId, TransactionId};
use teiki_domain::money::{LARGEST_PAYMENT, Yen};

/// Largest request Paygent takes, in bytes.
const LARGEST_REQUEST: usize = 102_400;

/// A request that cannot be sent as it is. No value is quoted: it may be a secret or personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A character outside Windows-31J, or a control character.
    #[error(
        "{field} holds the character {} , which Paygent's encoding (Windows-31J) cannot express; replace it",
        .character.escape_unicode()
    )]
    Unencodable {
        /// Name of the field.
        field: &'static str,
        /// The first such character.
        character: char,
    },
    /// A field that must not be empty.
    #[error("{0} is empty; Paygent needs a value")]
    Empty(&'static str),
    /// Zero yen, or more than seven digits.
    #[error("an amount of {0} cannot be paid by card; it is 1 to 9,999,999 yen")]
    Amount(Yen),
    /// Beyond 102,400 bytes.
    #[error("the request has {0} bytes; Paygent takes 102400 at most")]
    TooLarge(usize),
}

/// The telegrams of Paygent's card interface that are in use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Authorise,
    Void,
    Capture,
    Refund,
    ReviseAuthorisation,
    ReviseSale,
    StoreCard,
    DeleteCard,
    ListCards,
    UpdateCard,
    Difference,
    Inquire,
}

impl Kind {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Authorise => "020",
            Self::Void => "021",
            Self::Capture => "022",
            Self::Refund => "023",
            Self::StoreCard => "025",
            Self::DeleteCard => "026",
            Self::ListCards => "027",
            Self::ReviseAuthorisation => "028",
            Self::ReviseSale => "029",
            Self::Difference => "091",
            Self::Inquire => "094",
            Self::UpdateCard => "116",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Difference => "/n/ref/paynotice",
            Self::Inquire => "/n/ref/paymentref",
            _ => "/n/card/request",
        }
    }
}

/// Which payment is meant. Paygent's own id is the safer one: a transaction ID that was ever sent twice answers
/// 2005 or 13002 for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentRef {
    /// By Paygent's `payment_id`.
    Payment(PaymentId),
    /// By our transaction ID, Paygent's `trading_id` (O1).
    Transaction(TransactionId),
}

impl From<PaymentId> for PaymentRef {
    fn from(id: PaymentId) -> Self {
        Self::Payment(id)
    }
}

impl From<TransactionId> for PaymentRef {
    fn from(id: TransactionId) -> Self {
        Self::Transaction(id)
    }
}

impl fmt::Display for PaymentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payment(id) => write!(f, "payment {id}"),
            Self::Transaction(id) => write!(f, "{id}"),
        }
    }
}

/// A request being written. `Debug` prints its kind and subject only.
pub(super) struct Telegram {
    kind: Kind,
    /// What the log calls this call by.
    subject: String,
    trading_id: Option<String>,
    form: Vec<u8>,
    error: Option<RequestError>,
}

impl Telegram {
    pub(super) fn new(kind: Kind) -> Self {
        let telegram = Self { kind, subject: String::new(), trading_id: None, form: Vec::new(), error: None };
        telegram.field("telegram_kind", kind.code()).field("telegram_version", "1.0")
    }

    /// Adds a field; an empty value is sent as such.
    pub(super) fn field(mut self, name: &'static str, value: &str) -> Self {
        match to_windows_31j(value) {
            Ok(bytes) => append_pair(&mut self.form, name, &bytes),
            Err(character) => self.fail(RequestError::Unencodable { field: name, character }),
        }
        self
    }

    /// Adds a field that must have a value.
    pub(super) fn needed(mut self, name: &'static str, value: &str) -> Self {
        if value.is_empty() {
            self.fail(RequestError::Empty(name));
        }
        self.field(name, value)
    }

    /// Adds a field if there is a value.
    pub(super) fn optional(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Adds a secret or a token.
    pub(super) fn secret(self, name: &'static str, value: &Redacted<String>) -> Self {
        self.needed(name, value.expose())
    }

    /// Adds our transaction ID; a reply that names another one is not accepted.
    pub(super) fn transaction(mut self, id: &TransactionId) -> Self {
        self.trading_id = Some(id.to_string());
        self.subject = id.to_string();
        self.field("trading_id", id.as_str())
    }

    /// Adds the one id that names the payment.
    pub(super) fn payment(mut self, payment: &PaymentRef) -> Self {
        match payment {
            PaymentRef::Transaction(id) => self.transaction(id),
            PaymentRef::Payment(id) => {
                self.subject = payment.to_string();
                self.field("payment_id", id.as_str())
            }
        }
    }

    /// Adds the owner of a stored card.
    pub(super) fn customer(mut self, member: &MemberId) -> Self {
        if self.subject.is_empty() {
            self.subject = member.to_string();
        }
        self.field("customer_id", &member.customer_id())
    }

    /// Adds an amount to be paid.
    pub(super) fn amount(mut self, amount: Yen) -> Self {
        if amount == Yen::ZERO || amount > LARGEST_PAYMENT {
            self.fail(RequestError::Amount(amount));
        }
        self.field("payment_amount", &amount.get().to_string())
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn trading_id(&self) -> Option<&str> {
        self.trading_id.as_deref()
    }

    /// The body to send.
    pub(super) fn into_body(self) -> Result<Vec<u8>, RequestError> {
        match self.error {
            Some(error) => Err(error),
            None if self.form.len() > LARGEST_REQUEST => Err(RequestError::TooLarge(self.form.len())),
            None => Ok(self.form),
        }
    }

    /// The first error is the one reported.
    fn fail(&mut self, error: RequestError) {
        self.error.get_or_insert(error);
    }
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").field("kind", &self.kind).field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(telegram: Telegram) -> String {
        String::from_utf8(telegram.into_body().unwrap()).unwrap()
    }

    #[test]
    fn o1_the_transaction_id_travels_as_trading_id_with_leading_zeros() {
        let id: TransactionId = "02396000000000831705".parse().unwrap();
        let telegram = Telegram::new(Kind::Authorise).transaction(&id).amount(Yen::new(1234).unwrap());
        assert_eq!(telegram.trading_id(), Some("02396000000000831705"));
        assert_eq!(
            body(telegram),
            "telegram_kind=020&telegram_version=1.0&trading_id=02396000000000831705&payment_amount=1234"
        );
    }

    #[test]
    fn what_cannot_be_expressed_is_refused_with_the_field_named_and_nothing_quoted() {
        let telegram = Telegram::new(Kind::UpdateCard).field("cardholder_name", "SECRET 〜");
        assert!(!format!("{telegram:?}").contains("SECRET"));
        let error = telegram.into_body().unwrap_err();
        assert_eq!(error, RequestError::Unencodable { field: "cardholder_name", character: '〜' });
        let text = error.to_string();
        assert!(text.contains("\\u{301c}") && text.contains("cardholder_name") && !text.contains("SECRET"), "{text}");
    }

    #[test]
    fn amounts_are_one_yen_to_seven_digits() {
        for (yen, fits) in [(0, false), (1, true), (9_999_999, true), (10_000_000, false)] {
            let telegram = Telegram::new(Kind::Authorise).amount(Yen::new(yen).unwrap());
            assert_eq!(telegram.into_body().is_ok(), fits, "{yen}");
        }
    }

    #[test]
    fn a_missing_token_and_a_huge_request_are_refused() {
        let telegram = Telegram::new(Kind::StoreCard).secret("card_token", &Redacted::from(""));
        assert_eq!(telegram.into_body(), Err(RequestError::Empty("card_token")));
        let telegram = Telegram::new(Kind::UpdateCard).field("add_info1", &"x".repeat(LARGEST_REQUEST));
        assert!(matches!(telegram.into_body(), Err(RequestError::TooLarge(_))));
    }

    #[test]
    fn every_kind_has_the_path_it_belongs_to() {
        for (kind, code, path) in [
            (Kind::Authorise, "020", "/n/card/request"),
            (Kind::Void, "021", "/n/card/request"),
            (Kind::Capture, "022", "/n/card/request"),
            (Kind::Refund, "023", "/n/card/request"),
            (Kind::StoreCard, "025", "/n/card/request"),
            (Kind::DeleteCard, "026", "/n/card/request"),
            (Kind::ListCards, "027", "/n/card/request"),
            (Kind::ReviseAuthorisation, "028", "/n/card/request"),
            (Kind::ReviseSale, "029", "/n/card/request"),
            (Kind::UpdateCard, "116", "/n/card/request"),
            (Kind::Difference, "091", "/n/ref/paynotice"),
            (Kind::Inquire, "094", "/n/ref/paymentref"),
        ] {
            assert_eq!((kind.code(), kind.path()), (code, path));
        }
    }
}
