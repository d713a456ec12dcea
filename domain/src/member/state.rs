use super::events::{MemberEvent as Event, StoredCard};
use crate::ids::MemberId;
use crate::sealed::Sealed;
use serde::{Deserialize, Serialize};

/// A member, or the fact that there is none under this id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Member {
    /// Never registered.
    #[default]
    Absent,
    /// Registered.
    Registered(Box<Details>),
    /// Was registered, and erased for good.
    Erased(Box<Erased>),
}

/// What is left of an erased member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The member.
    pub member_id: MemberId,
    /// Whether Paygent keeps no card of theirs: none was ever sent there, or all were deleted.
    pub cards_deleted: bool,
    /// Code and detail with which the deletion failed last.
    pub not_deleted: Option<(String, String)>,
}

/// A registered member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The member.
    pub member_id: MemberId,
    /// Personal data, encrypted.
    pub profile: Sealed,
    /// Cards kept, oldest first, with the registration each came from; the newest is the one charged.
    pub cards: Vec<(u32, StoredCard)>,
    /// Registrations intended so far.
    pub registrations: u32,
    /// Registrations that failed.
    pub failed: Vec<u32>,
}

impl Member {
    /// The details, if registered and not erased.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Member::Absent | Member::Erased(_) => None,
            Member::Registered(details) => Some(details),
        }
    }

    /// The card in force: that of the newest registration, whichever answer came in last.
    pub fn card(&self) -> Option<&StoredCard> {
        self.details()?.cards.iter().max_by_key(|(registration, _)| *registration).map(|(_, card)| card)
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match (&mut *self, event) {
            (Member::Absent, Event::MemberRegistered { member_id, profile }) => {
                *self = Member::Registered(Box::new(Details {
                    member_id: member_id.clone(),
                    profile: profile.clone(),
                    cards: vec![],
                    registrations: 0,
                    failed: vec![],
                }));
            }
            (Member::Registered(details), Event::CardRegistrationRequested { registration }) => {
                details.registrations = details.registrations.max(*registration);
            }
            (Member::Registered(details), Event::CardRegistered { registration, card }) => {
                details.cards.push((*registration, card.clone()));
            }
            (Member::Registered(details), Event::CardRegistrationFailed { registration, .. }) => {
                details.failed.push(*registration);
            }
            (Member::Registered(details), Event::MemberErased {}) => {
                *self = Member::Erased(Box::new(Erased {
                    member_id: details.member_id.clone(),
                    // A registration without an outcome may have left a card there as well.
                    cards_deleted: details.registrations == 0,
                    not_deleted: None,
                }));
            }
            (Member::Erased(erased), Event::StoredCardsDeleted {}) => erased.cards_deleted = true,
            (Member::Erased(erased), Event::StoredCardsNotDeleted { code, detail }) => {
                erased.not_deleted = Some((code.clone(), detail.clone()));
            }
            _ => {}
        }
    }
}
