//! Personal data is sealed with the member's own key, and nothing but becoming a member makes one (A7).

use crate::place::{Place, number};
use teiki_domain::ids::MemberId;
use teiki_infrastructure::key_ring::KeyRing;

pub(crate) async fn a_destroyed_key_is_not_made_again_by_sealing(place: Place) {
    let storage = place.open().await;
    let keys = KeyRing::open(storage.clone(), &place.folder.join("teiki.key")).await.unwrap();
    let member: MemberId = "02396-M1".parse().unwrap();
    let count = "SELECT COUNT(*) FROM member_keys";

    assert_eq!(keys.seal_for_member(&member, "山田 花子").await.unwrap(), None, "not a member yet");
    assert_eq!(number(&storage, count).await, 0);
    let first = keys.seal_for_new_member(&member, "山田 花子").await.unwrap();
    let second = keys.seal_for_member(&member, "様").await.unwrap().unwrap();
    assert_eq!(keys.open_for_member(&member, &first).await.unwrap().unwrap().as_str(), "山田 花子");
    assert_eq!(keys.open_for_member(&member, &second).await.unwrap().unwrap().as_str(), "様");

    keys.destroy_member_key(&member).await.unwrap();
    assert_eq!(keys.seal_for_member(&member, "様").await.unwrap(), None, "erased");
    assert_eq!(number(&storage, count).await, 0);
    assert!(keys.open_for_member(&member, &first).await.unwrap().is_none());
    storage.close().await;
}
