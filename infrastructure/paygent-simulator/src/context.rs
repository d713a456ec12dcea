//! What every telegram's handler is given, and how it finds the payment it is about.

use chrono::{DateTime, Utc};

use crate::{
    book::Book,
    config::{Config, Merchant},
    entries::Token,
    refusal::Refusal,
    sandbox::Card,
    telegram::Request,
};

/// Who sent a telegram, when, and under which rules it is read.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) contract: &'a Merchant,
    /// Index of the merchant's part of the book.
    pub(crate) merchant: u16,
    pub(crate) now: DateTime<Utc>,
    /// The card network's answer if a fault prescribes one.
    pub(crate) network: Option<Refusal>,
}

impl Context<'_> {
    /// The one payment named by `payment_id` or else by `trading_id`; `none` and `several` are the codes otherwise.
    pub(crate) fn payment(
        &self,
        book: &Book,
        request: &Request,
        none: &'static str,
        several: &'static str,
    ) -> Result<u32, Refusal> {
        if let Some(id) = request.get("payment_id") {
            return book.find_payment(self.merchant, id).ok_or_else(|| Refusal::code(none));
        }
        let Some(trading_id) = request.get("trading_id") else {
            return Err(request.required("payment_id").err().unwrap_or_else(|| Refusal::key_missing("payment_id")));
        };
        let mut found = book.with_trading_id(self.merchant, trading_id);
        match (found.next(), found.next()) {
            (None, _) => Err(Refusal::code(none)),
            (Some(index), None) => Ok(index),
            (Some(_), Some(_)) => Err(Refusal::code(several)),
        }
    }

    /// The card behind an unspent token of this merchant: 2021, 2022, 2020, or P010 when the card has expired.
    pub(crate) fn token_card(&self, book: &Book, token: &str) -> Result<(u32, Card), Refusal> {
        let known = book.tokens.get(token).filter(|known| known.merchant == self.merchant);
        let Token { used, card, valid_until, .. } = known.ok_or_else(|| Refusal::code("2021"))?;
        if *used {
            return Err(Refusal::code("2022"));
        }
        if self.now.timestamp() > *valid_until {
            return Err(Refusal::code("2020"));
        }
        let index = *card;
        let card = book.card(index);
        if card.expired(self.now) { Err(Refusal::card_expired()) } else { Ok((index, card)) }
    }

    /// What the card network says to an authorisation of this card, unless a fault says it instead.
    pub(crate) fn network_answer(&self, card: Card) -> Result<(), Refusal> {
        self.network.clone().map_or_else(|| card.authorise(), Err)
    }
}

/// Marks a token as spent; only a successful telegram does.
pub(crate) fn spend(book: &mut Book, token: &str) {
    if let Some(token) = book.tokens.get_mut(token) {
        token.used = true;
    }
}

/// The keys under which replies describe a card.
pub(crate) fn describe(reply: crate::telegram::Reply, card: Card) -> crate::telegram::Reply {
    reply
        .with("fingerprint", card.fingerprint())
        .with("masked_card_number", card.masked())
        .with("card_valid_term", card.valid_term())
}

/// Acquirer and issuer as the simulator names them; the names are there to travel in Windows-31J.
pub(crate) mod bank {
    pub(crate) const ACQUIRER: &str = "50001";
    pub(crate) const ACQUIRER_NAME: &str = "シミュレータ加盟店会社";
    pub(crate) const ISSUER_NAME: &str = "シミュレータ発行会社①";
}
