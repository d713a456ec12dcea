//! The views in the store: they outlive switches of the tables they read, with who may read them, and show nothing that
//! is not theirs to show.

use crate::rebuilding::execute;
use crate::support::{Fragile, Shop, on_postgres, on_sqlite, with_order_list};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::time::Duration;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::reports::{self, role};
use tokio_util::sync::CancellationToken;

crate::on_both_stores! {
    views_outlive_rebuilds_and_other_versions;
    views_that_are_missing_or_old_are_made_anew;
    no_view_shows_what_is_sealed_or_masked;
}

async fn count(shop: &Shop, sql: &str) -> i64 {
    match &shop.storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(sql).fetch_one(&sqlite.readers).await.unwrap(),
        Storage::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
    }
}

async fn views_outlive_rebuilds_and_other_versions(shop: Shop) {
    shop.fill(0..60).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    let before = count(&shop, "SELECT COUNT(*) FROM report_orders").await;
    assert_eq!(before, 60);
    for name in projections.names() {
        for _ in 0..2 {
            projections.rebuild(name, &|_, _| {}).await.unwrap();
        }
    }
    for report in reports::all() {
        count(&shop, &format!("SELECT COUNT(*) FROM {}", report.view())).await;
    }
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM report_orders").await, before);
    // The views read the tables that are followed now, not those that were switched out.
    shop.fill(60..61).await;
    projections.catch_up().await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM report_orders").await, 61);
    shop.open_with(with_order_list(Fragile::new(99))).await;
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM report_orders").await, 61);
}

async fn views_that_are_missing_or_old_are_made_anew(shop: Shop) {
    shop.fill(0..10).await;
    shop.open().await.catch_up().await.unwrap();
    execute(&shop.storage, "DROP VIEW report_orders").await;
    execute(&shop.storage, "DROP VIEW report_payments").await;
    execute(&shop.storage, "CREATE VIEW report_payments AS SELECT order_id FROM order_list").await;
    execute(&shop.storage, "DELETE FROM store_identity WHERE name = 'reports of payment_report'").await;
    shop.open().await;
    assert_eq!(count(&shop, "SELECT COUNT(order_id) FROM report_orders").await, 10);
    assert_eq!(count(&shop, "SELECT COUNT(transaction_id) FROM report_payments").await, 10);
}

async fn no_view_shows_what_is_sealed_or_masked(shop: Shop) {
    shop.fill(0..10).await;
    shop.open().await.catch_up().await.unwrap();
    let ask = reports::read::Ask { shop: shop.id, from: None, to: None, today: crate::support::date("2026-04-01") };
    for report in reports::listed() {
        let page = report.page(&shop.storage, &ask, None, 1_000).await.unwrap();
        let text = format!("{page:?}");
        // The sealed profile and the masked number that every member of these tests has.
        assert!(!text.contains("c2VhbGVk") && !text.contains("****"), "{}: {text}", report.name);
    }
}

#[test]
fn rebuilds_keep_grants_and_what_others_built_upon_a_view() {
    on_postgres("rebuilds_keep_grants", |shop: Shop| async move {
        shop.fill(0..10).await;
        let projections = shop.open().await;
        projections.catch_up().await.unwrap();
        let role = format!("teiki_test_{}", std::process::id());
        role::set_up(&shop.storage, &role).await.unwrap();
        execute(&shop.storage, "CREATE VIEW of_somebody_else AS SELECT order_id FROM report_orders").await;
        projections.rebuild("order_list", &|_, _| {}).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM of_somebody_else").await, 10);
        let may = |view: &str| format!("SELECT has_table_privilege('{role}', '{view}', 'SELECT')::int::bigint");
        assert_eq!(count(&shop, &may("report_orders")).await, 1);
        // A view with other columns is another view; whoever could read it still can.
        execute(&shop.storage, "DROP VIEW of_somebody_else").await;
        execute(&shop.storage, "DROP VIEW report_payments").await;
        execute(&shop.storage, "CREATE VIEW report_payments AS SELECT order_id FROM order_list").await;
        execute(&shop.storage, &format!("GRANT SELECT ON report_payments TO {role}")).await;
        execute(&shop.storage, "DELETE FROM store_identity WHERE name LIKE 'reports of %'").await;
        shop.open().await;
        assert_eq!(count(&shop, &may("report_payments")).await, 1);
        assert_eq!(count(&shop, "SELECT COUNT(transaction_id) FROM report_payments").await, 10);
        execute(&shop.storage, &format!("DROP OWNED BY {role}")).await;
        execute(&shop.storage, &format!("DROP ROLE {role}")).await;
    });
}

#[test]
fn the_reporting_role_reads_the_views_and_nothing_else() {
    on_postgres("the_reporting_role", |shop: Shop| async move {
        shop.fill(0..10).await;
        shop.open().await.catch_up().await.unwrap();
        let Storage::Postgres(pool) = &shop.storage else { unreachable!() };
        let role = format!("teiki_reader_{}", std::process::id());
        for _ in 0..2 {
            role::set_up(&shop.storage, &role).await.unwrap();
        }
        let mut connection = pool.acquire().await.unwrap();
        connection.execute(format!("SET ROLE {role}").as_str()).await.unwrap();
        for report in reports::all() {
            let rows: i64 = sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {}", report.view()))
                .fetch_one(&mut *connection)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", report.view()));
            assert!(rows > 0 || report.name == "unconfirmed_authorizations", "{}", report.view());
        }
        // Every table there is, also those that nobody thought of.
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
             AND relkind IN ('r', 'p')",
        )
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        for known in ["events", "event_log", "member_keys", "order_list", "member_list", "payment_attempts"] {
            assert!(tables.iter().any(|table| table == known), "{known} is not among {tables:?}");
        }
        for table in &tables {
            for sql in [format!("SELECT 1 FROM {table}"), format!("DELETE FROM {table}")] {
                let error = connection.execute(sql.as_str()).await.unwrap_err().to_string();
                assert!(error.contains("permission denied"), "{sql}: {error}");
            }
        }
        let error = connection.execute("DELETE FROM report_orders").await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{error}");
        connection.execute("RESET ROLE").await.unwrap();
        drop(connection);
        execute(&shop.storage, &format!("DROP OWNED BY {role}")).await;
        execute(&shop.storage, &format!("DROP ROLE {role}")).await;
        let error = role::set_up(&shop.storage, "x\"; DROP TABLE events; --").await.unwrap_err().to_string();
        assert!(error.contains("cannot be the name of a role"), "{error}");
    });
}

/// Somebody reads a view in a transaction that is left open: the switch waits for the end of it, and nothing is lost.
#[test]
fn a_long_reading_holds_up_the_switch_and_nothing_else() {
    on_postgres("a_long_reading", |shop: Shop| async move {
        shop.fill(0..10).await;
        let projections = shop.open().await;
        projections.catch_up().await.unwrap();
        let Storage::Postgres(pool) = &shop.storage else { unreachable!() };
        let mut reading = pool.begin().await.unwrap();
        reading.execute("SELECT * FROM report_orders LIMIT 1").await.unwrap();
        let switch = tokio::spawn({
            let projections = projections.clone();
            async move { projections.rebuild("order_list", &|_, _| {}).await }
        });
        // It has filled its tables and tries to switch: the reader's lock is waited for.
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = to_regclass('report_orders')";
        while count(&shop, waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shop.fill(10..12).await;
        projections.catch_up().await.unwrap();
        assert!(!switch.is_finished(), "the switch did not wait");
        reading.commit().await.unwrap();
        switch.await.unwrap().unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM report_orders").await, 12);
    });
}

/// S1, A7: an embedded store is opened by a reporting tool while the engine writes.
#[test]
fn the_file_is_read_beside_the_engine_that_writes() {
    on_sqlite(|shop: Shop| async move {
        let projections = shop.open().await;
        let Storage::Sqlite(sqlite) = &shop.storage else { unreachable!() };
        let path: String = sqlx::query("PRAGMA database_list").fetch_one(&sqlite.readers).await.unwrap().get("file");
        let stop = CancellationToken::new();
        let following = tokio::spawn({
            let (projections, stop) = (projections.clone(), stop.clone());
            let head = shop.sequencer.head();
            async move { projections.run(stop, head).await }
        });
        let writing = tokio::spawn({
            let shop = shop.clone();
            async move {
                for n in 0..60 {
                    shop.fill(n..n + 1).await;
                }
            }
        });
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).read_only(true);
        let mut tool = options.connect().await.unwrap();
        let mut seen = vec![];
        while !writing.is_finished() || seen.last() != Some(&60) {
            let rows: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM report_orders").fetch_one(&mut tool).await.unwrap();
            if seen.last() != Some(&rows) {
                seen.push(rows);
            }
        }
        assert!(seen.is_sorted() && seen.len() > 2, "{seen:?}");
        // A rebuild in the middle takes nothing from the reader.
        projections.rebuild("order_list", &|_, _| {}).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM report_orders").fetch_one(&mut tool).await.unwrap();
        assert_eq!(rows, 60);
        let refused = tool.execute("DELETE FROM order_list").await.unwrap_err().to_string();
        assert!(refused.contains("readonly"), "{refused}");
        tool.close().await.unwrap();
        writing.await.unwrap();
        stop.cancel();
        following.await.unwrap();
    });
}
