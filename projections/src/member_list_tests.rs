use super::*;
use crate::testing::*;
use teiki_domain::member::MemberEvent;

#[test]
fn a_member_keeps_the_sealed_profile_and_the_newest_card() {
    let row: MemberRow = fold(&MemberList, &[registered()]).unwrap().row(MEMBER).unwrap();
    assert_eq!((row.shop_id.as_str(), row.registered_at.as_str()), (SHOP, time(1).as_str()));
    assert_eq!((row.sealed_profile.ciphertext(), row.card_id), ("c2VhbGVk", None));

    let events = [registered(), card(2, "8", 2030, 1), card(1, "7", 2028, 3)];
    let row: MemberRow = fold(&MemberList, &events).unwrap().row(MEMBER).unwrap();
    assert_eq!((row.card_id.as_deref(), row.card_expiry_yyyymm, row.card_registration), (Some("8"), Some(203_001), 2));
    assert_eq!(row.card_masked.as_deref(), Some("************1111"));
}

#[test]
fn an_erased_member_stays_in_the_list_without_a_card() {
    let events = [registered(), card(1, "7", 2028, 3), member(MemberEvent::MemberErased {})];
    let row: MemberRow = fold(&MemberList, &events).unwrap().row(MEMBER).unwrap();
    assert_eq!((row.card_id, row.card_masked, row.card_expiry_yyyymm), (None, None, None));
    assert_eq!(row.erased_at.as_deref(), Some(time(3).as_str()));
}

#[test]
fn a_row_shows_no_ciphertext_in_its_debug_form() {
    let row: MemberRow = fold(&MemberList, &[registered()]).unwrap().row(MEMBER).unwrap();
    assert!(!format!("{row:?}").contains("c2VhbGVk"));
}
