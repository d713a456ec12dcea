//! Mails to buyers and to the shop (K1-K5, O15, C5 b): written here, put on record, and sent by
//! [`crate::workers::mails`].
//!
//! | file | what it does |
//! |---|---|
//! | [`texts`] | what each mail says: pure functions from data to a [`Letter`] |
//! | [`letter`] | subject and body: checked, sealed, opened |
//! | [`shop_profile`] | what mails say of the shop |
//! | [`order_mails`] | mails from an order's page (O15) |
//! | [`card_expiry`] | mails about a card's end, to all affected or a selection (K3, K4, K6) |
//!
//! A mail's id follows from what causes it, so asking twice makes one mail. Its text is written once, when it is
//! requested, and sealed: under the member's key where it is about a member, so that erasing the member erases it.

pub mod card_expiry;
pub mod letter;
pub mod order_mails;
pub mod placeholders;
pub mod shop_profile;
pub mod texts;

pub use letter::Letter;

use crate::app::{App, AppError};
use crate::command_gateway::{Because, CommandError};
use crate::shops::ShopError;
use letter::LetterError;
use teiki_domain::ids::{MailId, MemberId, OrderId, ShopId};
use teiki_domain::mail::{About, Details, Mail, MailCommand, MailKind, MailRefusal, NewMail, Recipient};
use teiki_domain::member::Member;
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::key_ring::KeyError;
use teiki_projections::QueryError;
use uuid::Uuid;

/// The names of mail ids are made in this space. Never changed: another one would send every mail again.
const SPACE: Uuid = Uuid::from_u128(0x7465_696b_692d_5d61_a96c_2d69_6473_2d31);

/// Why a mail cannot be requested, shown or tried again.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Its text cannot be used.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// There is no such order.
    #[error("order {0} does not exist; look for it in the order list")]
    NoSuchOrder(OrderId),
    /// O11: completed orders get no mails.
    #[error("order {0} is completed, and completed orders get no mails; write to the buyer by other means")]
    Completed(OrderId),
    /// There is no such member.
    #[error("member {0} does not exist; register the member first")]
    NoSuchMember(MemberId),
    /// The member was erased.
    #[error("member {0} was erased; nothing is sent to this member any more")]
    Erased(MemberId),
    /// Nobody was chosen.
    #[error("nobody was chosen; choose at least one subscription")]
    Nobody,
    /// The shop.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// The tables are behind.
    #[error(transparent)]
    App(#[from] AppError),
    /// The command.
    #[error(transparent)]
    Command(#[from] CommandError<MailRefusal>),
}

/// The id of the mail that these words name the cause of.
pub fn id_for(shop: ShopId, cause: &[&str]) -> MailId {
    MailId::new(shop, Uuid::new_v5(&SPACE, cause.join("\n").as_bytes()).as_u128())
}

/// The id of a mail that somebody asked for, by the command that did and who it is for.
fn id_by_hand(shop: ShopId, because: &Because, to: &str) -> MailId {
    id_for(shop, &["by hand", &because.command_id.to_string(), to])
}

/// A mail to be requested.
#[derive(Debug, Clone)]
pub struct NewLetter {
    /// Its id.
    pub mail_id: MailId,
    /// What it is for.
    pub kind: MailKind,
    /// Who gets it.
    pub recipient: Recipient,
    /// What it belongs to.
    pub about: About,
    /// What it says.
    pub letter: Letter,
}

/// Puts a mail on record, to be sent; says whether it is new. The same id again is already done.
pub async fn request(app: &App, new: NewLetter, because: &Because) -> Result<bool, MailError> {
    let NewLetter { mail_id, kind, recipient, about, letter } = new;
    letter.check()?;
    if exists(app, &mail_id).await? {
        return Ok(false);
    }
    if let Some(member) = &about.member_id {
        living(app, member).await?;
    }
    let sealed = letter.seal(app, &mail_id, &about).await?;
    let new = NewMail { mail_id: mail_id.clone(), kind, recipient, about, letter: sealed, now: app.clock.now() };
    let done = app.gateway.execute::<Mail>(mail_id.as_str(), because, MailCommand::Request(Box::new(new))).await?;
    Ok(!done.events.is_empty())
}

/// Whether there is a mail of this id.
pub async fn exists(app: &App, mail_id: &MailId) -> Result<bool, MailError> {
    Ok(app.gateway.load::<Mail>(mail_id.as_str()).await?.aggregate.details().is_some())
}

async fn living(app: &App, member: &MemberId) -> Result<(), MailError> {
    match app.gateway.load::<Member>(member.as_str()).await?.aggregate {
        Member::Registered(_) => Ok(()),
        Member::Erased(_) => Err(MailError::Erased(member.clone())),
        Member::Absent => Err(MailError::NoSuchMember(member.clone())),
    }
}

/// Tries a mail again that was given up, or at once one that waits for its next try.
pub async fn release(app: &App, mail_id: &MailId, because: &Because) -> Result<(), MailError> {
    app.gateway.execute::<Mail>(mail_id.as_str(), because, MailCommand::Release).await?;
    Ok(())
}

/// A mail and what it says; no text where the member was erased. `None` where there is no such mail.
pub async fn read(app: &App, mail_id: &MailId) -> Result<Option<(Details, Option<Letter>)>, MailError> {
    let loaded = app.gateway.load::<Mail>(mail_id.as_str()).await?;
    let Some(details) = loaded.aggregate.details() else { return Ok(None) };
    let letter = Letter::open(app, details).await?;
    Ok(Some((details.clone(), letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k1_the_same_cause_gives_the_same_id_for_ever() {
        let shop = ShopId::new(2396).unwrap();
        let id = id_for(shop, &["thanks", "02396-D00001"]);
        assert_eq!(id.as_str(), "02396-8f8eb0bdf04d59c1a566029f8f182792");
        assert_ne!(id, id_for(shop, &["thanks", "02396-D00002"]));
        assert_eq!(id.as_str().parse::<MailId>().unwrap(), id);
    }
}
