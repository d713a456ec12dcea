//! Every list is read along an index on SQLite: nothing is scanned as a whole and nothing is sorted.

use crate::cell::Cell;
use crate::order_list::OrderFilter;
use crate::query::{Cursor, Select};
use crate::subscription_list::SubscriptionFilter;
use crate::testing::{date, transaction};
use crate::{Projections, card_expiry_table, failed_orders, member_list, order_list, payment_work, transactions};
use sqlx::Row as _;
use teiki_domain::subscription::Status;
use teiki_infrastructure::event_store::{LogReader, Storage, StorageOptions};

async fn plan(storage: &Storage, select: &Select) -> String {
    let Storage::Sqlite(sqlite) = storage else { unreachable!() };
    let sql = format!("EXPLAIN QUERY PLAN {}", select.sql());
    let mut query = sqlx::query(&sql);
    for cell in select.cells() {
        query = match cell {
            Cell::Null => query.bind(None::<String>),
            Cell::Int(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text.as_str()),
        };
    }
    let rows = query.fetch_all(&sqlite.readers).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn o2_every_list_is_read_along_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let storage = Storage::open(&url, &StorageOptions::default()).await.unwrap();
    Projections::open(storage.clone(), LogReader::new(storage.clone())).await.unwrap();

    let shop = "02396".parse().unwrap();
    let any = OrderFilter::default;
    let day = date("2026-04-01");
    let orders = [
        (any(), "by_date"),
        (OrderFilter { shop: Some(shop), ..any() }, "by_shop"),
        (OrderFilter { from: Some(day), to: Some(day), ..any() }, "by_date"),
        (OrderFilter { status: Some("failed".into()), ..any() }, "by_status"),
        (OrderFilter { failed_only: true, ..any() }, "by_status"),
        (OrderFilter { list: Some("cancelled".into()), ..any() }, "by_list"),
        (OrderFilter { member: Some("02396-M0001".parse().unwrap()), ..any() }, "by_member"),
        (OrderFilter { subscription: Some("02396-S1".parse().unwrap()), ..any() }, "by_subscription"),
        (OrderFilter { transaction_id: Some(transaction(5)), ..any() }, "by_transaction"),
        (OrderFilter { attempt_transaction_id: Some(transaction(5)), ..any() }, "by_attempt"),
    ];
    let after = Cursor::new("2026-04-01", "02396-S1-20260401");
    for (filter, index) in orders {
        for after in [None, Some(&after)] {
            let plan = plan(&storage, &filter.select(after, 50)).await;
            assert!(plan.contains(&format!("order_list_{index}_g1")), "{filter:?}: {plan}");
            // At most a handful of orders share a transaction ID; those may be sorted.
            assert!(!plan.contains("TEMP B-TREE") || index == "by_transaction" || index == "by_attempt", "{plan}");
        }
    }
    let amounts = OrderFilter { amount_min: Some(1), amount_max: Some(9), ..any() };
    let of_order_list = plan(&storage, &amounts.select(None, 50)).await;
    assert!(of_order_list.contains("USING INDEX order_list_by_"), "{of_order_list}");

    let running = SubscriptionFilter { status: Some(Status::Running), ..SubscriptionFilter::default() };
    let member = SubscriptionFilter { member: Some("02396-M1".parse().unwrap()), ..SubscriptionFilter::default() };
    let others = [
        (SubscriptionFilter::default().select(Some(&after), 50), "PRIMARY KEY"),
        (running.select(Some(&after), 50), "subscription_list_by_status_g1"),
        (member.select(None, 50), "subscription_list_by_member_g1"),
        (crate::due_renewals::select_due(day, "run", Some((day, "02396-S1")), 50), "due_renewals_by_date_g1"),
        (payment_work::select(None, false, Some(&after), 50), "payment_work_by_since_g1"),
        (payment_work::select(None, true, Some(&after), 50), "payment_work_by_open_g1"),
        (payment_work::select(Some(shop), true, None, 50), "payment_work_by_shop_g1"),
        (failed_orders::select(None, Some(&after), 50), "failed_orders_by_date_g1"),
        (failed_orders::select(Some(shop), Some(&after), 50), "failed_orders_by_shop_g1"),
        (transactions::select_since("2026-04-01", Some(&after), 50), "transactions_by_time_g1"),
        (order_list::select_expiring(None, day, Some(&after), 50), "order_list_by_validity_g1"),
        (member_list::select(Some(shop), Some(&after), 50), "member_list_by_shop_g1"),
        (card_expiry_table::select(day, None, Some(&after), 50), "card_expiry_cards_by_expiry_g1"),
    ];
    for (select, index) in others {
        let plan = plan(&storage, &select).await;
        assert!(plan.contains(index), "{}: {plan}", select.sql());
        assert!(!plan.contains("SCAN"), "{}: {plan}", select.sql());
        // Members share an expiry month, so the subscriptions of a month are sorted.
        assert!(!plan.contains("TEMP B-TREE") || index.starts_with("card_expiry"), "{}: {plan}", select.sql());
    }
    let _ = order_list::get(&storage, &"02396-S1-20260401".parse().unwrap()).await.unwrap();
}
