//! The notice to the shop that a member changed the card (K5).

use super::parts::RULE;
use crate::mails::Letter;
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::member::StoredCard;

/// The notice.
pub fn text(member_id: &MemberId, buyer: &str, card: &StoredCard, subscriptions: &[SubscriptionId]) -> Letter {
    let numbers: String = subscriptions.iter().map(|id| format!(" 定期購入番号: {id}\n")).collect();
    let body = format!(
        "会員様が定期購入のお支払いに使うクレジットカードを変更しました。\n\
         次回の受注から、新しいカードに請求されます。\n\n\
         {RULE}\n 会員ID: {member_id}\n お名前: {buyer}様\n{numbers} \
         新しいカード: {}(有効期限 {})\n{RULE}\n",
        card.masked_number, card.expiry
    );
    Letter { subject: format!("【カード変更のお知らせ】会員 {member_id}"), body }
}
