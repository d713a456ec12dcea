//! The recipe for a new projection (CONTRIBUTING.md), followed to the letter: rows, fold, registration, and nothing else.

use crate::support::Shop;
use teiki_domain::order::OrderEvent;
use teiki_domain::recorded::RecordedEvent;
use teiki_projections::projection::{Fact, Projection};
use teiki_projections::row;
use teiki_projections::table::{Row as _, Table};
use teiki_projections::working_set::{FoldError, WorkingSet};

crate::on_both_stores! {
    a_projection_added_to_an_existing_store_is_filled_from_the_first_event;
}

row! {
    /// How many orders a member has.
    MemberOrdersRow in "member_orders" {
        /// The member.
        key member_id,
        /// Orders generated.
        orders: i64,
        /// Position of the first of them.
        first_position: i64,
    }
    indexes { by_orders: "orders, member_id", }
}

struct MemberOrders;

impl Projection for MemberOrders {
    fn name(&self) -> &'static str {
        "member_orders"
    }
    fn version(&self) -> i64 {
        1
    }
    fn aggregates(&self) -> &'static [&'static str] {
        &["order"]
    }
    fn tables(&self) -> Vec<&'static Table> {
        vec![MemberOrdersRow::table()]
    }
    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Order(OrderEvent::OrderGenerated { member_id, .. }) = fact.event {
            rows.want::<MemberOrdersRow>(member_id.as_str());
        }
    }
    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Order(OrderEvent::OrderGenerated { member_id, .. }) = fact.event else { return Ok(()) };
        let row = rows.get::<MemberOrdersRow>(member_id.as_str())?.cloned();
        let mut row = row.unwrap_or_else(|| MemberOrdersRow {
            member_id: member_id.to_string(),
            orders: 0,
            first_position: fact.position,
        });
        row.orders += 1;
        rows.put(row)
    }
}

async fn a_projection_added_to_an_existing_store_is_filled_from_the_first_event(shop: Shop) {
    // A store that has lived, more than one batch long, with all its projections at the head.
    let head = shop.fill(0..60).await;
    let projections = shop.open().await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    let before = projections.digest("order_list").await.unwrap();
    drop(projections);

    let mut all = teiki_projections::all();
    all.push(std::sync::Arc::new(MemberOrders));
    let projections = shop.open_with(all).await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    let digest = projections.digest("member_orders").await.unwrap();
    assert_eq!((digest.position, digest.tables[0].rows), (head, 60));
    assert_eq!(projections.compare("member_orders").await.unwrap(), vec![]);
    let first = "SELECT MIN(first_position) FROM member_orders";
    let first: i64 = match &shop.storage {
        teiki_infrastructure::event_store::Storage::Sqlite(sqlite) => {
            sqlx::query_scalar(first).fetch_one(&sqlite.readers).await.unwrap()
        }
        teiki_infrastructure::event_store::Storage::Postgres(pool) => {
            sqlx::query_scalar(first).fetch_one(pool).await.unwrap()
        }
    };
    assert!(first < 8, "the first order of the log is missing: {first}");
    assert_eq!(projections.digest("order_list").await.unwrap(), before, "the others were left alone");
}
