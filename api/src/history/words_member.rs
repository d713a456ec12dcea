//! Members: every event in words.

use super::words::{failure, said};
use crate::console::Language;
use crate::words_engine::stored;
use teiki_domain::declines::Asked;
use teiki_domain::member::MemberEvent as Event;

/// `name` is what may be shown of the member's name.
pub(super) fn text(l: Language, event: &Event, name: &str) -> String {
    match event {
        Event::MemberRegistered { member_id, .. } => {
            said!(l, "会員登録: {member_id} {name}", "Member registered: {member_id} {name}")
        }
        Event::CardRegistrationRequested { registration } => {
            said!(l, "カード登録を依頼({registration}枚目)", "Card registration asked for (card {registration})")
        }
        Event::CardRegistered { registration, card } => {
            let (number, expiry, id) = (&card.masked_number, card.expiry, &card.card_id);
            said!(
                l,
                "カードを登録({registration}枚目): {number}、有効期限 {expiry}、カードID {id}",
                "Card registered (card {registration}): {number}, valid until {expiry}, card ID {id}"
            )
        }
        Event::CardRegistrationFailed { registration, code, detail } if code.is_empty() => {
            let detail = stored(l, detail);
            said!(
                l,
                "カード登録に失敗({registration}枚目): 有効な応答がありません({detail})",
                "Card registration failed (card {registration}): no usable answer ({detail})"
            )
        }
        Event::CardRegistrationFailed { registration, code, detail } => {
            let failure = failure(l, Asked::StoreCard, code, detail);
            said!(
                l,
                "カード登録に失敗({registration}枚目): {failure}",
                "Card registration failed (card {registration}): {failure}"
            )
        }
        Event::MemberErased {} => {
            l.t("会員の個人情報を削除(削除済み)", "The member's personal data was erased").to_owned()
        }
        Event::StoredCardsDeleted {} => {
            l.t("ペイジェントに登録されたカードを削除", "The cards stored at Paygent were deleted").to_owned()
        }
        Event::MemberWorkReleased { work } => super::words::released(l, work),
        Event::StoredCardsNotDeleted { code, detail } if code.is_empty() => {
            let detail = stored(l, detail);
            said!(
                l,
                "ペイジェントに登録されたカードを削除できていません: 有効な応答がありません({detail})",
                "The cards stored at Paygent could not be deleted: no usable answer ({detail})"
            )
        }
        Event::StoredCardsNotDeleted { code, detail } => {
            let failure = failure(l, Asked::DeleteCards, code, detail);
            said!(
                l,
                "ペイジェントに登録されたカードを削除できていません: {failure}",
                "The cards stored at Paygent could not be deleted: {failure}"
            )
        }
    }
}
