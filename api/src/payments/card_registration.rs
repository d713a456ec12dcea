use super::{PaymentError, Payments};
use crate::command_gateway::{Because, CommandError};
use teiki_domain::ids::MemberId;
use teiki_domain::member::{Member, MemberCommand, MemberEvent, MemberRefusal, StoredCard};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{Outcome, Paygent};
use teiki_infrastructure::redacted::Redacted;

/// What came of asking Paygent to keep a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardRegistration {
    /// It is kept, and charged from the next renewal on.
    Registered(StoredCard),
    /// Paygent refused: code and detail as received (E4).
    Failed {
        /// Paygent's code; empty when there was no usable answer.
        code: String,
        /// Paygent's detail, or why there was no usable answer.
        detail: String,
    },
}

impl Payments {
    /// Has the card behind `token` kept in Paygent's vault for the member (C8, M1). Nothing is authorised or charged.
    ///
    /// A lost answer leaves at most a card in the vault that nobody uses: the member is told it failed and registers
    /// again. That is the safe side, since only a card on record is ever charged.
    pub async fn register_card(
        &self,
        member: &MemberId,
        token: Redacted<String>,
        because: &Because,
    ) -> Result<CardRegistration, PaymentError> {
        let paygent = self.shops.paygent(member.shop()).await?;
        let id = member.as_str();
        let done = self.gateway.execute::<Member>(id, because, MemberCommand::RequestCardRegistration).await?;
        let registration = done.events.iter().find_map(|event| match event {
            MemberEvent::CardRegistrationRequested { registration } => Some(*registration),
            _ => None,
        });
        let failed = |code: String, detail: String| CardRegistration::Failed { code, detail };
        let Some(registration) = registration else {
            let why = "the request was cut off before, and what became of it is not known".to_owned();
            return Ok(failed(String::new(), why));
        };
        let result = match paygent.store_card(member, &token).await {
            Outcome::Approved(kept) => match kept.details.valid_term {
                Some(expiry) => CardRegistration::Registered(StoredCard {
                    card_id: kept.card_id,
                    masked_number: kept.details.masked_number.unwrap_or_default(),
                    expiry,
                }),
                None => failed(String::new(), "Paygent keeps the card but names no usable expiry".to_owned()),
            },
            Outcome::Declined(declined) | Outcome::Busy(declined) => failed(declined.code, declined.detail),
            Outcome::NotSent(why) => failed(String::new(), why.to_string()),
            Outcome::Unknown(why) => failed(String::new(), why.to_string()),
        };
        reached("kept");
        let command = match result.clone() {
            CardRegistration::Registered(card) => MemberCommand::RecordCardRegistered { registration, card },
            CardRegistration::Failed { code, detail } => {
                MemberCommand::RecordCardRegistrationFailed { registration, code, detail }
            }
        };
        let outcome = self.gateway.then(because, "outcome of the card registration");
        let loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
        let recorded = self.gateway.execute_on::<Member>(id, loaded, &outcome, command).await;
        if let Err(CommandError::Refused(MemberRefusal::Erased)) = recorded {
            // Erased while Paygent was asked: what was kept meanwhile is deleted after all the others.
            self.delete_late_card(&paygent, member, &result).await;
        }
        recorded?;
        Ok(result)
    }

    async fn delete_late_card(&self, paygent: &Paygent, member: &MemberId, kept: &CardRegistration) {
        let CardRegistration::Registered(card) = kept else { return };
        match paygent.delete_card(member, &card.card_id).await {
            Outcome::Approved(_) => {}
            Outcome::Declined(declined) if declined.code == "P022" => {}
            other => {
                // The history says that the cards are deleted; this one is not, and people must see to it.
                let outcome = other.map(drop);
                tracing::error!(%member, card = %card.card_id, ?outcome, "a card kept during the erasure is still at Paygent; delete it there");
            }
        }
    }
}
