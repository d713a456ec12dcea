use super::events::StoredCard;
use crate::ids::MemberId;
use crate::sealed::Sealed;

/// What can be asked of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberCommand {
    /// Become a member. Doing it again is already done; the profile given first stays.
    Register {
        /// The member.
        member_id: MemberId,
        /// Personal data, encrypted.
        profile: Sealed,
    },
    /// Erase the member: the personal data can never be read again. Doing it again is already done.
    Erase,
    /// Intend to have a card kept (M1, C8).
    RequestCardRegistration,
    /// Paygent keeps the card.
    RecordCardRegistered {
        /// Which registration.
        registration: u32,
        /// The card.
        card: StoredCard,
    },
    /// Paygent does not keep the card.
    RecordCardRegistrationFailed {
        /// Which registration.
        registration: u32,
        /// Paygent's response code; empty when there was no usable answer.
        code: String,
        /// Paygent's response detail, or why there was no usable answer.
        detail: String,
    },
    /// Paygent keeps no card of the erased member.
    RecordCardsDeleted,
    /// Paygent did not delete the cards of the erased member, or it cannot be said that it did.
    RecordCardsNotDeleted {
        /// Paygent's response code; empty when there was no usable answer.
        code: String,
        /// Paygent's response detail, or why there was no usable answer.
        detail: String,
    },
    /// Write down that somebody let work go on that was set aside (O12).
    RecordReleased {
        /// Which work, such as `cards`.
        work: String,
    },
}
