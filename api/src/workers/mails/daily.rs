//! What the calendar brings, in shops that want it (S15): a mail to each buyer whose card is close to its end, another
//! once it is past (K1), and a list to the shop once a month if there is anybody on it (K2).
//!
//! A card gets each of the two forms once, however long it stays so and however many subscriptions it pays.

use super::ACTOR;
use crate::app::App;
use crate::mails::card_expiry::{affected_now, buyer};
use crate::mails::shop_profile::ShopProfile;
use crate::mails::texts::card_expiry::{Form, default, filled};
use crate::mails::texts::card_expiry_list;
use crate::mails::{self, MailError, NewLetter, exists, id_for};
use chrono::{Datelike as _, NaiveDate};
use std::collections::HashSet;
use teiki_domain::ids::{MemberId, ShopId};
use teiki_domain::mail::{About, MailKind, Recipient};
use teiki_infrastructure::key_ring::KeyError;
use teiki_projections::card_expiry_table::AffectedRow;
use teiki_projections::shop_list;

/// Asks for the mails of `today`, a date in Tokyo. What was asked for before is not asked for again.
pub(super) async fn run(app: &App, today: NaiveDate) -> Result<(), MailError> {
    app.settle().await?;
    for row in shop_list::all(&app.storage).await? {
        let Ok(shop) = row.shop_id.parse::<ShopId>() else { continue };
        let settings = app.shops.get(shop).await?.settings;
        if !settings.card_expiry_mails {
            continue;
        }
        let profile = ShopProfile::of(&settings);
        let affected = affected_now(app, shop).await?;
        to_buyers(app, &profile, &affected).await?;
        to_the_shop(app, shop, &profile, today, &affected).await?;
    }
    Ok(())
}

async fn to_buyers(app: &App, profile: &ShopProfile, affected: &[AffectedRow]) -> Result<(), MailError> {
    let mut seen = HashSet::new();
    for row in affected {
        let (Some(form), Ok(member), Ok(subscription)) =
            (Form::fitting(row.standing), row.member_id.parse::<MemberId>(), row.subscription_id.parse())
        else {
            continue;
        };
        if !seen.insert(member.clone()) {
            continue;
        }
        let cause = ["card_expiry", form.as_str(), member.as_str(), &row.card_id, &row.expiry.to_string()];
        let mail_id = id_for(member.shop(), &cause);
        if exists(app, &mail_id).await? {
            continue;
        }
        let name = match buyer(app, &member).await {
            Ok(Some(name)) => name,
            Ok(None) => continue,
            // One member that cannot be read must not keep the others without their mails.
            Err(MailError::Key(error @ KeyError::DoesNotOpen(_))) => {
                tracing::error!(%member, %error, "no mail about the card can be written");
                continue;
            }
            Err(error) => return Err(error),
        };
        let reason = match form {
            Form::Close => "the card is close to its end",
            Form::Expired => "the card is past its end",
        };
        let new = NewLetter {
            mail_id,
            kind: form.kind(),
            recipient: Recipient::Member,
            letter: filled(&default(form), &name, &member, profile),
            about: About { member_id: Some(member), subscription_id: Some(subscription), order_id: None },
        };
        match mails::request(app, new, &app.gateway.because(ACTOR, reason)).await {
            Ok(_) | Err(MailError::Erased(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn to_the_shop(
    app: &App,
    shop: ShopId,
    profile: &ShopProfile,
    today: NaiveDate,
    affected: &[AffectedRow],
) -> Result<(), MailError> {
    let month = format!("{:04}-{:02}", today.year(), today.month());
    let mail_id = id_for(shop, &["card_expiry_list", &month]);
    if affected.is_empty() || exists(app, &mail_id).await? {
        return Ok(());
    }
    let new = NewLetter {
        mail_id,
        kind: MailKind::CardExpiryList,
        recipient: Recipient::Shop,
        about: About::default(),
        letter: card_expiry_list::text(profile, today, affected),
    };
    mails::request(app, new, &app.gateway.because(ACTOR, "cards are close to their end or past it")).await?;
    Ok(())
}
