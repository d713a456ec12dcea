use super::{PaymentError, Payments};
use crate::command_gateway::{Because, CommandError};
use teiki_domain::ids::MemberId;
use teiki_domain::member::{Member, MemberCommand, MemberRefusal};
use teiki_infrastructure::paygent::{Outcome, Paygent};

/// What became of the cards that Paygent keeps of an erased member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardDeletion {
    /// None is kept any more, or none ever was.
    Gone,
    /// Some may be kept still.
    NotDeleted {
        /// Paygent's code; empty when there was no usable answer.
        code: String,
        /// Paygent's detail, or why there was no usable answer.
        detail: String,
    },
}

impl Payments {
    /// Has Paygent delete every card of an erased member (026) and puts what came of it on record. The erasure is the
    /// intention. Repeating it is harmless, since Paygent says so when there is none left.
    pub async fn delete_cards(&self, member: &MemberId, because: &Because) -> Result<CardDeletion, PaymentError> {
        let loaded = self.gateway.load::<Member>(member.as_str()).await?;
        match &loaded.aggregate {
            Member::Erased(erased) if !erased.cards_deleted => {}
            Member::Erased(_) => return Ok(CardDeletion::Gone),
            Member::Absent => return Err(refused(MemberRefusal::DoesNotExist)),
            Member::Registered(_) => return Err(refused(MemberRefusal::NotErased)),
        }
        let deletion = match self.shops.paygent(member.shop()).await {
            Ok(paygent) => delete(&paygent, member).await,
            Err(error) if error.is_unavailable() => return Err(error.into()),
            Err(error) => CardDeletion::NotDeleted { code: String::new(), detail: error.to_string() },
        };
        let command = match deletion.clone() {
            CardDeletion::Gone => MemberCommand::RecordCardsDeleted,
            CardDeletion::NotDeleted { code, detail } => MemberCommand::RecordCardsNotDeleted { code, detail },
        };
        let outcome = self.gateway.then(because, "what Paygent answered");
        self.gateway.execute_on::<Member>(member.as_str(), loaded, &outcome, command).await?;
        Ok(deletion)
    }
}

fn refused(refusal: MemberRefusal) -> PaymentError {
    PaymentError::Member(CommandError::Refused(refusal))
}

async fn delete(paygent: &Paygent, member: &MemberId) -> CardDeletion {
    let (code, detail) = match paygent.delete_all_cards(member).await {
        Outcome::Approved(_) => return CardDeletion::Gone,
        Outcome::Declined(declined) | Outcome::Busy(declined) => (declined.code, declined.detail),
        Outcome::NotSent(why) => (String::new(), why.to_string()),
        Outcome::Unknown(why) => (String::new(), why.to_string()),
    };
    CardDeletion::NotDeleted { code, detail }
}
