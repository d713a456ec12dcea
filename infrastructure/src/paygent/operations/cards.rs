//! 025, 026, 027, 116: the cards in Paygent's vault (C8, M1).

use super::read_success;
use crate::paygent::fields::Fields;
use crate::paygent::outcome::Outcome;
use crate::paygent::telegram::{Kind, Telegram};
use crate::paygent::{CardDetails, ListedCard, Paygent};
use crate::redacted::Redacted;
use std::fmt;
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::ids::{CardId, MemberId};

/// A card that was put into the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCard {
    /// Paygent's id of the card.
    pub card_id: CardId,
    /// What Paygent says of it.
    pub details: CardDetails,
    /// How many cards the member has now, 10 at most.
    pub cards: Option<u32>,
}

/// What is left after a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardsLeft {
    /// How many cards the member has now, if the reply says so.
    pub cards: Option<u32>,
}

/// What to change on a stored card; the number cannot change. `Debug` prints neither name nor expiry.
#[derive(Clone)]
pub struct CardUpdate {
    /// Owner of the card.
    pub member: MemberId,
    /// The card.
    pub card_id: CardId,
    /// New expiry; Paygent checks the card with its network then.
    pub valid_term: Option<CardExpiry>,
    /// New name on the card.
    pub cardholder_name: Option<String>,
}

impl fmt::Debug for CardUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardUpdate")
            .field("member", &self.member)
            .field("card_id", &self.card_id)
            .finish_non_exhaustive()
    }
}

impl Paygent {
    /// Puts the card behind a token into the vault (025) without an authorisation (M1). Codes: P023 the member has
    /// ten cards, P021 and P024 no vault in the contract, 2020 to 2022 the token is expired, unknown or used.
    ///
    /// After an unknown outcome [`Paygent::list_cards`] shows whether the card is there; its fingerprint does not
    /// tell repeated stores apart, so store again only when it is not.
    pub async fn store_card(&self, member: &MemberId, card_token: &Redacted<String>) -> Outcome<StoredCard> {
        let telegram = Telegram::new(Kind::StoreCard)
            .customer(member)
            .secret("card_token", card_token)
            .field("valid_check_flg", "0");
        read_success(self.call(telegram).await, |fields| {
            Ok(StoredCard {
                card_id: fields.required("customer_card_id")?,
                details: CardDetails::from_fields(fields),
                cards: count(fields),
            })
        })
    }

    /// Deletes one card (026). Codes: P022 no such card.
    pub async fn delete_card(&self, member: &MemberId, card_id: &CardId) -> Outcome<CardsLeft> {
        // An empty card id would delete every card of the member; `CardId` is never empty.
        let telegram = Telegram::new(Kind::DeleteCard).customer(member).field("customer_card_id", card_id.as_str());
        read_success(self.call(telegram).await, |fields| Ok(CardsLeft { cards: count(fields) }))
    }

    /// Deletes every card of a member (026). Having none is as good: P022 says just that here. May be repeated.
    pub async fn delete_all_cards(&self, member: &MemberId) -> Outcome<CardsLeft> {
        let telegram = Telegram::new(Kind::DeleteCard).customer(member).field("customer_card_id", "");
        match read_success(self.call(telegram).await, |fields| Ok(CardsLeft { cards: count(fields) })) {
            Outcome::Declined(declined) if declined.code == "P022" => Outcome::Approved(CardsLeft { cards: Some(0) }),
            other => other,
        }
    }

    /// Lists a member's cards, or the one asked for (027). Having none is an empty list: P026 says just that here.
    pub async fn list_cards(&self, member: &MemberId, card_id: Option<&CardId>) -> Outcome<Vec<ListedCard>> {
        let telegram =
            Telegram::new(Kind::ListCards).customer(member).optional("customer_card_id", card_id.map(CardId::as_str));
        match self.call_for_cards(telegram, &member.customer_id()).await {
            Outcome::Declined(declined) if declined.code == "P026" => Outcome::Approved(Vec::new()),
            other => other,
        }
    }

    /// Changes expiry or name of a stored card (116). Codes: P025 no such card; those of 020 when the check fails.
    pub async fn update_card(&self, update: &CardUpdate) -> Outcome<CardDetails> {
        let term = update.valid_term.map(String::from);
        let telegram = Telegram::new(Kind::UpdateCard)
            .customer(&update.member)
            .field("customer_card_id", update.card_id.as_str())
            .optional("card_valid_term", term.as_deref())
            .optional("cardholder_name", update.cardholder_name.as_deref());
        read_success(self.call(telegram).await, |fields| Ok(CardDetails::from_fields(fields)))
    }
}

fn count(fields: &Fields) -> Option<u32> {
    fields.lenient("num_of_cards")
}
