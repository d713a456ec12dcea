use crate::card_expiry::CardExpiry;
use crate::ids::{CardId, MemberId};
use crate::sealed::Sealed;
use serde::{Deserialize, Serialize};

/// A card in Paygent's vault (C8). Its number never reaches us; what Paygent shows of it is kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCard {
    /// Its id in the vault.
    pub card_id: CardId,
    /// The number as Paygent masks it, such as `************1111`.
    pub masked_number: String,
    /// Valid to the last day of this month.
    pub expiry: CardExpiry,
}

/// What can have happened to a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberEvent {
    /// Became a member.
    MemberRegistered {
        /// The member.
        member_id: MemberId,
        /// Name, address, mail and phone, encrypted under the member's own key.
        profile: Sealed,
    },
    /// Intention: Paygent is about to be asked to keep a card (025). The token is not written down.
    CardRegistrationRequested {
        /// Number of the registration of this member, from 1.
        registration: u32,
    },
    /// Paygent keeps the card; it is the one charged from the next renewal on (M1).
    CardRegistered {
        /// Which registration.
        registration: u32,
        /// The card.
        card: StoredCard,
    },
    /// Paygent did not keep the card, or it cannot be said that it does; nothing is charged by this, and the buyer
    /// registers it again.
    CardRegistrationFailed {
        /// Which registration.
        registration: u32,
        /// Paygent's response code; empty when there was no usable answer.
        code: String,
        /// Paygent's response detail, or why there was no usable answer.
        detail: String,
    },
    /// Erased for good: the member's key is destroyed with this, and with it name, address, mail and phone in every
    /// event, table and copy of them. What was ordered and paid stays.
    MemberErased {},
    /// Paygent keeps no card of the erased member any more (026).
    StoredCardsDeleted {},
    /// Paygent may still keep cards of the erased member; deleting them is tried again when the member is erased again.
    StoredCardsNotDeleted {
        /// Paygent's response code; empty when there was no usable answer.
        code: String,
        /// Paygent's response detail, or why there was no usable answer.
        detail: String,
    },
    /// Somebody let work about this member go on that had been set aside (O12).
    MemberWorkReleased {
        /// Which work, such as `cards`.
        work: String,
    },
}
