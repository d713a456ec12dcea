//! What Paygent says about a card.

use super::fields::Fields;
use std::fmt;
use teiki_domain::card_expiry::CardExpiry;

/// A card as Paygent describes it; never its number. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CardDetails {
    /// Masked number as Paygent sends it, such as `************1234`.
    pub masked_number: Option<String>,
    /// Expiry; `None` also when Paygent's text is not MMYY.
    pub valid_term: Option<CardExpiry>,
    /// Paygent's fingerprint of the number: equal for the same card stored twice.
    pub fingerprint: Option<String>,
    /// Brand code.
    pub brand: Option<String>,
}

impl CardDetails {
    pub(super) fn from_fields(fields: &Fields) -> Self {
        Self {
            masked_number: fields.text("masked_card_number"),
            valid_term: fields.lenient("card_valid_term"),
            fingerprint: fields.text("fingerprint"),
            brand: fields.text("card_brand"),
        }
    }
}

impl fmt::Debug for CardDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardDetails([redacted])")
    }
}
