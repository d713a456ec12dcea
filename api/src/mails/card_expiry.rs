//! Mails about the end of a buyer's card, sent by hand: from an order (K3), a subscription (K4) or the card management
//! table (K6).

use super::shop_profile::ShopProfile;
use super::texts::card_expiry::{self as text, filled};
use super::{Letter, MailError, NewLetter, id_by_hand, request as request_mail};
use crate::app::App;
use crate::command_gateway::Because;
use crate::members;
use std::collections::HashSet;
use teiki_domain::ids::{MailId, MemberId, ShopId, SubscriptionId};
use teiki_domain::mail::{About, Recipient};
use teiki_domain::member::Member;
use teiki_projections::card_expiry_table::{AffectedRow, affected};

pub use text::{Form, PLACEHOLDERS, default};

/// Rows read at once.
const PAGE: u32 = 500;

/// Who gets the mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Every affected subscription whose card stands as the form says.
    All,
    /// These, whichever form is chosen.
    Selected(Vec<SubscriptionId>),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requested {
    /// The mails: one for each member, however many of the member's subscriptions were meant.
    pub mails: Vec<MailId>,
    /// Chosen subscriptions that get no mail: not running by card any more, or the card is good for long.
    pub not_affected: Vec<SubscriptionId>,
}

/// Every subscription of the shop whose card is close to its end or past it, today (K6).
pub async fn affected_now(app: &App, shop: ShopId) -> Result<Vec<AffectedRow>, MailError> {
    let today = app.clock.today();
    let (mut all, mut after) = (vec![], None);
    loop {
        let page = affected(&app.storage, today, Some(shop), after.as_ref(), PAGE).await?;
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Requests the mails: one text for everybody, in which placeholders such as `［購入者名］` become each buyer's own.
/// Asking again under the same command makes no second mail.
pub async fn request(
    app: &App,
    shop: ShopId,
    to: &To,
    form: Form,
    text: &Letter,
    because: &Because,
) -> Result<Requested, MailError> {
    text.check()?;
    app.settle().await?;
    let all = affected_now(app, shop).await?;
    let mut requested = Requested::default();
    let chosen: Vec<AffectedRow> = match to {
        To::All => all.into_iter().filter(|row| Form::fitting(row.standing) == Some(form)).collect(),
        To::Selected(ids) if ids.is_empty() => return Err(MailError::Nobody),
        To::Selected(ids) => {
            let wanted: HashSet<&str> = ids.iter().map(SubscriptionId::as_str).collect();
            let rows: Vec<_> = all.into_iter().filter(|row| wanted.contains(row.subscription_id.as_str())).collect();
            let found: HashSet<&str> = rows.iter().map(|row| row.subscription_id.as_str()).collect();
            requested.not_affected = ids.iter().filter(|id| !found.contains(id.as_str())).cloned().collect();
            rows
        }
    };
    let profile = ShopProfile::of(&app.shops.get(shop).await?.settings);
    let mut members = HashSet::new();
    for row in chosen {
        let (Ok(member), Ok(subscription)) = (row.member_id.parse::<MemberId>(), row.subscription_id.parse()) else {
            continue;
        };
        if members.insert(member.clone())
            && let Some(mail_id) = one(app, &profile, &member, subscription, form, text, because).await?
        {
            requested.mails.push(mail_id);
        }
    }
    Ok(requested)
}

async fn one(
    app: &App,
    profile: &ShopProfile,
    member: &MemberId,
    subscription: SubscriptionId,
    form: Form,
    text: &Letter,
    because: &Because,
) -> Result<Option<MailId>, MailError> {
    // Erased a moment ago: nobody to write to.
    let Some(buyer) = buyer(app, member).await? else { return Ok(None) };
    let mail_id = id_by_hand(member.shop(), because, member.as_str());
    let new = NewLetter {
        mail_id: mail_id.clone(),
        kind: form.kind(),
        recipient: Recipient::Member,
        about: About { member_id: Some(member.clone()), subscription_id: Some(subscription), order_id: None },
        letter: filled(text, &buyer, member, profile),
    };
    request_mail(app, new, because).await?;
    Ok(Some(mail_id))
}

/// A member's name; none where the member was erased.
pub(crate) async fn buyer(app: &App, member: &MemberId) -> Result<Option<String>, MailError> {
    let loaded = app.gateway.load::<Member>(member.as_str()).await?.aggregate;
    let Some(details) = loaded.details() else { return Ok(None) };
    Ok(members::open_profile(app, member, &details.profile).await?.map(|profile| profile.name))
}

/// The text of a form as one buyer would get it, for a preview.
pub async fn preview(app: &App, member: &MemberId, text: &Letter) -> Result<Letter, MailError> {
    let buyer = buyer(app, member).await?.ok_or_else(|| MailError::Erased(member.clone()))?;
    let profile = ShopProfile::of(&app.shops.get(member.shop()).await?.settings);
    Ok(filled(text, &buyer, member, &profile))
}
