//! The members: their sealed profiles and the card in force.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key, by_keys};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::ids::{MemberId, ShopId};
use teiki_domain::member::MemberEvent as Event;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::event_store::Storage;

row! {
    /// One member.
    MemberRow in "member_list" {
        /// The member.
        key member_id,
        /// Shop, five digits.
        shop_id: String,
        /// Name, address, mail and phone, as they stand in the log: encrypted under the member's own key.
        sealed_profile: Sealed,
        /// When they became a member, RFC 3339.
        registered_at: String,
        /// The card's id in Paygent's vault; none without a card.
        card_id: Option<String>,
        /// The card's number as Paygent masks it.
        card_masked: Option<String>,
        /// The month the card ends, such as 202803.
        card_expiry_yyyymm: Option<i64>,
        /// Which registration the card came from; 0 without a card.
        card_registration: i64,
        /// When they were erased, RFC 3339; the profile cannot be read any more.
        erased_at: Option<String>,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes { by_shop: "shop_id, member_id", }
}

/// The projection.
#[derive(Debug)]
pub struct MemberList;

impl Projection for MemberList {
    fn name(&self) -> &'static str {
        "member_list"
    }

    fn version(&self) -> i64 {
        2
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["member"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![MemberRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Member(
            Event::MemberRegistered { .. } | Event::CardRegistered { .. } | Event::MemberErased {},
        ) = fact.event
        {
            rows.want::<MemberRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        match fact.event {
            RecordedEvent::Member(Event::MemberRegistered { member_id, profile }) => rows.put(MemberRow {
                member_id: member_id.to_string(),
                shop_id: member_id.shop().to_string(),
                sealed_profile: profile.clone(),
                registered_at: fact.recorded_at.to_owned(),
                card_id: None,
                card_masked: None,
                card_expiry_yyyymm: None,
                card_registration: 0,
                erased_at: None,
                updated_position: fact.position,
            }),
            RecordedEvent::Member(Event::CardRegistered { registration, card }) => {
                rows.update(fact.aggregate_id, |row: &mut MemberRow| {
                    // Answers may come in out of order; the newest registration is the one charged.
                    if row.card_registration <= i64::from(*registration) {
                        row.card_id = Some(card.card_id.to_string());
                        row.card_masked = Some(card.masked_number.clone());
                        row.card_expiry_yyyymm = Some(i64::from(card.expiry.as_yyyymm()));
                        row.card_registration = i64::from(*registration);
                    }
                    row.updated_position = fact.position;
                })
            }
            RecordedEvent::Member(Event::MemberErased {}) => rows.update(fact.aggregate_id, |row: &mut MemberRow| {
                (row.card_id, row.card_masked, row.card_expiry_yyyymm) = (None, None, None);
                row.erased_at = Some(fact.recorded_at.to_owned());
                row.updated_position = fact.position;
            }),
            _ => Ok(()),
        }
    }
}

pub(crate) fn select(shop: Option<ShopId>, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<MemberRow>();
    select.and_some("shop_id = ", shop.map(|id| id.to_string()).as_ref());
    select.page_by_key("member_id", after.map(|after| after.key.as_str()), limit);
    select
}

/// A page of members by id. `limit` is 1 to 1,000.
pub async fn page(
    storage: &Storage,
    shop: Option<ShopId>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<MemberRow, Cursor>, QueryError> {
    select(shop, after, limit).paged(storage, limit, |row: &MemberRow| Cursor::new("", &row.member_id)).await
}

/// One member.
pub async fn get(storage: &Storage, member_id: &MemberId) -> Result<Option<MemberRow>, QueryError> {
    by_key(storage, member_id.as_str()).await
}

/// Several members, by id; those that do not exist are left out.
pub async fn many(storage: &Storage, member_ids: &[MemberId]) -> Result<Vec<MemberRow>, QueryError> {
    let keys: Vec<_> = member_ids.iter().map(|id| id.to_string()).collect();
    by_keys(storage, &keys).await
}

#[cfg(test)]
#[path = "member_list_tests.rs"]
mod tests;
