//! The month's list of affected cards, to the shop (K2).

use super::parts::{RULE, date};
use crate::mails::Letter;
use crate::mails::shop_profile::ShopProfile;
use chrono::{Datelike as _, NaiveDate};
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_projections::card_expiry_table::AffectedRow;

/// Most cards that are named; how many more there are is said.
const NAMED_MAX: usize = 100;

/// The list. It names members by their id alone: an erased member's name would otherwise stay in the shop's mails.
pub fn text(shop: &ShopProfile, today: NaiveDate, affected: &[AffectedRow]) -> Letter {
    let expired = affected.iter().filter(|row| row.standing == ExpiryStanding::Expired).count();
    let (all, close) = (affected.len(), affected.len() - expired);
    let mut body = format!(
        "{}様\n\n\
         継続中の定期購入のうち、クレジットカードの有効期限が3か月をきっている、または切れているものが\n\
         {}現在 {all} 件あります(期限間近 {close} 件、期限切れ {expired} 件)。\n\
         管理画面の「カード管理」でご確認のうえ、購入者様へご案内ください。\n\n",
        shop.name,
        date(today),
    );
    for row in affected.iter().take(NAMED_MAX) {
        let standing = if row.standing == ExpiryStanding::Expired { "期限切れ" } else { "期限間近" };
        body.push_str(&format!(
            "{RULE}\n 定期購入番号: {}\n 会員ID: {}\n カード番号: {}\n 有効期限: {}({standing})\n",
            row.subscription_id, row.member_id, row.masked_number, row.expiry
        ));
    }
    body.push_str(RULE);
    body.push('\n');
    if all > NAMED_MAX {
        body.push_str(&format!(" ほか {} 件は「カード管理」でご確認ください。\n", all - NAMED_MAX));
    }
    let subject = format!("【カード有効期限のお知らせ】{}年{}月 該当 {all} 件", today.year(), today.month());
    Letter { subject, body }
}
