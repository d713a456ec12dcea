//! Members: every event in words.

use super::words::failure;
use teiki_domain::declines::Asked;
use teiki_domain::member::MemberEvent as Event;

/// `name` is what may be shown of the member's name.
pub(super) fn text(event: &Event, name: &str) -> String {
    match event {
        Event::MemberRegistered { member_id, .. } => format!("会員登録: {member_id} {name}"),
        Event::CardRegistrationRequested { registration } => format!("カード登録を依頼({registration}枚目)"),
        Event::CardRegistered { registration, card } => format!(
            "カードを登録({registration}枚目): {}、有効期限 {}、カードID {}",
            card.masked_number, card.expiry, card.card_id
        ),
        Event::CardRegistrationFailed { registration, code, detail } if code.is_empty() => {
            format!("カード登録に失敗({registration}枚目): 有効な応答がありません({detail})")
        }
        Event::CardRegistrationFailed { registration, code, detail } => {
            format!("カード登録に失敗({registration}枚目): {}", failure(Asked::StoreCard, code, detail))
        }
        Event::MemberErased {} => "会員の個人情報を削除(削除済み)".to_owned(),
        Event::MemberWorkReleased { work } => super::words::released(work),
        Event::StoredCardsDeleted {} => "ペイジェントに登録されたカードを削除".to_owned(),
        Event::StoredCardsNotDeleted { code, detail } if code.is_empty() => {
            format!("ペイジェントに登録されたカードを削除できていません: 有効な応答がありません({detail})")
        }
        Event::StoredCardsNotDeleted { code, detail } => {
            format!("ペイジェントに登録されたカードを削除できていません: {}", failure(Asked::DeleteCards, code, detail))
        }
    }
}
