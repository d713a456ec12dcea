//! Every list is read along an index on both stores, with a large shop in the store: nothing is scanned as a whole and
//! nothing is sorted, on the first page and on the last.
//!
//! `TEIKI_PLAN_ROWS` is how many orders there are; `make plans` takes a million.

use crate::cell::Cell;
use crate::mail_list::{self, MailFilter};
use crate::order_list::{OrderFilter, OrderRow};
use crate::query::{Cursor, Select};
use crate::reports::{self, read::Ask};
use crate::subscription_list::SubscriptionFilter;
use crate::table::Row as _;
use crate::testing::{SHOP, date, transaction};
use crate::today::{self, Counted};
use crate::{Projections, card_expiry_table, failed_orders, member_list, order_list, payment_work, transactions};
use chrono::DateTime;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Row as _};
use teiki_domain::mail::{self, MailKind};
use teiki_domain::subscription::Status;
use teiki_infrastructure::event_store::{LogReader, SqliteStorage, Storage, StorageOptions};

/// Orders, nine of ten of them in one shop.
fn rows() -> i64 {
    std::env::var("TEIKI_PLAN_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000)
}

/// How a query asks for one order: whatever else it says, a single row is looked up.
const NUMBERED: &str = "order_id = ";

macro_rules! bound {
    ($sql:expr, $cells:expr) => {{
        let mut query = sqlx::query($sql);
        for cell in $cells {
            query = match cell {
                Cell::Null => query.bind(None::<String>),
                Cell::Int(number) => query.bind(*number),
                Cell::Text(text) => query.bind(text.as_str()),
            };
        }
        query
    }};
}

/// How SQLite carries a query out.
async fn plan(sqlite: &SqliteStorage, select: &Select) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", select.sql());
    let rows = bound!(&sql, select.cells()).fetch_all(&sqlite.readers).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}

/// How PostgreSQL carries a query out: with these values, and without looking at them.
async fn plans(connection: &mut PgConnection, select: &Select) -> Vec<String> {
    let sql = format!("EXPLAIN {}", select.sql());
    let mut plans = vec![];
    for mode in ["force_custom_plan", "force_generic_plan"] {
        connection.execute(format!("SET plan_cache_mode = {mode}").as_str()).await.unwrap();
        let rows = bound!(&sql, select.cells()).persistent(false).fetch_all(&mut *connection).await.unwrap();
        plans.push(rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n"));
    }
    plans
}

/// A shop's orders of two years, 50,000 members, every tenth failed, one in ten thousand to be decided about.
fn orders(rows: i64, sqlite: bool) -> String {
    let text = |number: &str, digits: usize| match sqlite {
        true => format!("printf('%0{digits}d', {number})"),
        false => format!("lpad(({number})::text, {digits}, '0')"),
    };
    let shop = format!("CASE WHEN n % 10 = 0 THEN '00007' ELSE '{SHOP}' END");
    let day = match sqlite {
        true => format!("date('2024-04-01', '+' || (n * 730 / {rows}) || ' days')"),
        false => format!("to_char(date '2024-04-01' + (n * 730 / {rows})::integer, 'YYYY-MM-DD')"),
    };
    let value = |column: &str| match column {
        "order_id" => format!("{shop} || '-S' || {} || '-20240401'", text("n", 10)),
        "shop_id" => shop.clone(),
        "subscription_id" => format!("{shop} || '-S' || {}", text("n % 100000", 8)),
        "member_id" => format!("{shop} || '-M' || {}", text("n % 50000", 8)),
        "generation_date" | "delivery_date" => day.clone(),
        "goods" | "total" | "amount" => "1000 + (n * 7919) % 20000".to_owned(),
        "payment_status" => "CASE n % 10 WHEN 3 THEN 'failed' WHEN 4 THEN 'authorized' ELSE 'captured' END".to_owned(),
        "transaction_id" => format!("CASE WHEN n % 10 <> 3 THEN {shop} || {} END", text("n", 15)),
        "attempt_transaction_id" => format!("{shop} || {}", text("n", 15)),
        "valid_until" => format!("CASE WHEN n % 10 = 4 THEN {day} END"),
        "undecided_payment_id" => "CASE WHEN n % 10000 = 5 THEN 'x' END".to_owned(),
        "list" => "CASE WHEN n % 5 = 0 THEN 'open' WHEN n % 5 = 1 THEN 'cancelled' ELSE 'completed' END".to_owned(),
        "state" => "'\"Absent\"'".to_owned(),
        "three_d_secure" | "payment_checked" | "updated_position" => "0".to_owned(),
        _ => "''".to_owned(),
    };
    let table = OrderRow::table();
    let values = table.columns.iter().map(|column| match (value(column.name), column.nullable) {
        (value, true) if value == "''" => "NULL".to_owned(),
        (value, _) => value,
    });
    let numbers = match sqlite {
        true => format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) \
             SELECT {} FROM numbers",
            values.collect::<Vec<_>>().join(", ")
        ),
        false => format!(
            "SELECT {} FROM generate_series(1, {rows}::bigint) AS numbers (n)",
            values.collect::<Vec<_>>().join(", ")
        ),
    };
    format!("INSERT INTO {} ({}) {numbers}", table.name, table.column_list())
}

/// The statements that fill the order list; indexes are made afterwards, which is much faster.
fn filling(rows: i64, sqlite: bool) -> Vec<String> {
    let table = OrderRow::table();
    let mut statements: Vec<_> =
        table.indexes.iter().map(|index| format!("DROP INDEX {}_{}_g1", table.name, index.name)).collect();
    statements.push(orders(rows, sqlite));
    statements.extend(table.index_sql(table.name, 1));
    statements
}

/// Every filter of the order list by itself, and those that are used together, all of one shop.
fn filters() -> Vec<OrderFilter> {
    let shop = OrderFilter { shop: SHOP.parse().ok(), ..OrderFilter::default() };
    let any = || shop.clone();
    let (day, later) = (Some(date("2025-01-01")), Some(date("2025-01-31")));
    let status = || OrderFilter { status: Some("authorized".into()), ..any() };
    let failed = || OrderFilter { failed_only: true, ..any() };
    let undecided = || OrderFilter { undecided_only: true, ..any() };
    let listed = || OrderFilter { list: Some("completed".into()), ..any() };
    let member = || OrderFilter { member: format!("{SHOP}-M00000007").parse().ok(), ..any() };
    let subscription = || OrderFilter { subscription: format!("{SHOP}-S00000007").parse().ok(), ..any() };
    let amounts = || OrderFilter { amount_min: Some(5_000), amount_max: Some(5_100), ..any() };
    let paid = || OrderFilter { transaction_id: Some(transaction(777)), ..any() };
    let tried = || OrderFilter { attempt_transaction_id: Some(transaction(777)), ..any() };
    let numbered = || OrderFilter { order: format!("{SHOP}-S0000000777-20240401").parse().ok(), ..any() };
    let single = [
        any(),
        status(),
        failed(),
        undecided(),
        listed(),
        member(),
        subscription(),
        amounts(),
        paid(),
        tried(),
        numbered(),
    ];
    let in_a_month = single.clone().map(|filter| OrderFilter { from: day, to: later, ..filter });
    let of_a_month = [OrderFilter { from: day, ..any() }, OrderFilter { to: later, ..any() }];
    let pairs = [
        OrderFilter { list: listed().list, ..status() },
        OrderFilter { list: listed().list, ..failed() },
        OrderFilter { list: listed().list, ..member() },
        OrderFilter { status: status().status, ..member() },
        OrderFilter { status: status().status, ..subscription() },
        OrderFilter { status: status().status, ..amounts() },
        OrderFilter { list: listed().list, ..amounts() },
        OrderFilter { amount_min: Some(20_900), ..failed() },
        OrderFilter { member: member().member, ..amounts() },
        OrderFilter { member: member().member, ..subscription() },
        OrderFilter { member: member().member, ..paid() },
        OrderFilter { status: status().status, ..paid() },
        OrderFilter { failed_only: true, ..member() },
        OrderFilter { failed_only: true, ..undecided() },
        OrderFilter { failed_only: true, ..numbered() },
        OrderFilter { list: listed().list, ..numbered() },
        OrderFilter { status: status().status, ..listed() },
        OrderFilter { amount_min: Some(1_000), ..any() },
        OrderFilter { amount_max: Some(1_100), ..any() },
    ];
    single.into_iter().chain(in_a_month).chain(of_a_month).chain(pairs).collect()
}

/// The queries of the order list: each filter on its first page, on its last, and behind it.
fn questions() -> Vec<(String, Select)> {
    let oldest = Cursor::new("2024-04-01", &format!("{SHOP}-S0000000051-20240401"));
    let middle = Cursor::new("2025-01-15", &format!("{SHOP}-S0000050000-20240401"));
    let mut questions = vec![];
    for filter in filters() {
        for after in [None, Some(&middle), Some(&oldest)] {
            questions.push((format!("{filter:?} after {after:?}"), filter.select(after, 50)));
        }
        for before in [&middle, &oldest] {
            questions.push((format!("{filter:?} before {before:?}"), filter.select_before(before, 50)));
        }
    }
    let shop = SHOP.parse().unwrap();
    let through = date("2026-04-01");
    questions.push(("expiring".to_owned(), order_list::select_expiring(Some(shop), through, None, 50)));
    let counted =
        [Counted::Status("failed"), Counted::Status("unknown"), Counted::LapsingThrough(through), Counted::Undecided];
    questions.extend(counted.iter().map(|it| (format!("{it:?}"), today::select(shop, it))));
    let ask = Ask { shop, from: None, to: None, today: through };
    let report = reports::find("orders").unwrap();
    for after in [None, Some(&middle)] {
        questions.push(("report_orders".to_owned(), report.rows(&ask, after, 1_000)));
    }
    questions
}

async fn opened(url: &str) -> Storage {
    let storage = Storage::open(url, &StorageOptions::default()).await.unwrap();
    Projections::open(storage.clone(), LogReader::new(storage.clone())).await.unwrap();
    storage
}

#[tokio::test]
async fn o2_a_large_shops_orders_are_read_along_an_index_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let mut statements = filling(rows(), true);
    // Without statistics, as the engine leaves them, and with them: connections read them when they are opened.
    for statistics in [false, true] {
        let storage = opened(&url).await;
        let Storage::Sqlite(sqlite) = &storage else { unreachable!() };
        for statement in std::mem::replace(&mut statements, vec!["ANALYZE".to_owned()]) {
            sqlite.writer.execute(statement.as_str()).await.unwrap();
        }
        storage.close().await;
        let storage = opened(&url).await;
        let Storage::Sqlite(sqlite) = &storage else { unreachable!() };
        for (question, select) in questions() {
            // What was found along the index, and nothing else, is counted.
            let plan = plan(sqlite, &select).await.replace("SCAN counted", "").replace("USING COVERING", "USING");
            if select.sql().contains(NUMBERED) {
                assert!(plan.contains("(order_id=?)") && !plan.contains("SCAN"), "{plan} for {question}");
                continue;
            }
            assert!(plan.contains("SEARCH order_list USING INDEX order_list_by_"), "{plan} for {question}");
            // Where nearly every order is known to be this shop's, the index of all shops serves as well.
            let all_shops = statistics && plan.contains("order_list_by_date_g1");
            assert!(plan.contains("(shop_id=?") || all_shops, "{plan} for {question}");
            // With statistics SQLite sorts rows that it knows to be a handful; the engine never makes them.
            let sorted = plan.contains("TEMP B-TREE") && !statistics;
            assert!(!plan.contains("SCAN") && !sorted, "{plan} for {question}");
        }
        storage.close().await;
    }
    let storage = opened(&url).await;
    let of = |id: u64| OrderFilter { transaction_id: Some(transaction(id)), ..OrderFilter::default() };
    for (id, found) in [(777, 1), (773, 0), (770, 0)] {
        assert_eq!(order_list::list(&storage, &of(id), None, 10).await.unwrap().rows.len(), found, "{id}");
    }
    storage.close().await;
}

#[tokio::test]
async fn o2_a_large_shops_orders_are_read_along_an_index_on_postgres() {
    let server = std::env::var("TEIKI_TEST_POSTGRES_URL")
        .expect("TEIKI_TEST_POSTGRES_URL is not set; run `make test`, or `tests/postgres cargo test`");
    let (address, query) =
        server.split_once('?').map_or((server.as_str(), String::new()), |(a, q)| (a, format!("?{q}")));
    let (before, _) = address.rsplit_once('/').unwrap();
    let database = format!("teiki_plans_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(format!("CREATE DATABASE {database}").as_str()).await.unwrap();
    let url = format!("{before}/{database}{query}");
    let storage = opened(&url).await;
    let pool = PgPool::connect(&url).await.unwrap();
    for statement in filling(rows(), false) {
        pool.execute(statement.as_str()).await.unwrap();
    }
    pool.execute("ANALYZE order_list").await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    for (question, select) in questions() {
        for plan in plans(&mut connection, &select).await {
            if select.sql().contains(NUMBERED) {
                assert!(plan.contains("(order_id = ") && !plan.contains("Seq Scan"), "{question}:\n{plan}");
                continue;
            }
            // Where nearly every order is this shop's, the index of all shops serves as well.
            let all_shops = plan.contains("order_list_by_date_g1");
            assert!(plan.contains("(shop_id =") || all_shops, "{question}:\n{plan}");
            assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{question}:\n{plan}");
        }
    }
    drop(connection);
    pool.close().await;
    storage.close().await;
    admin.execute(format!("DROP DATABASE {database} WITH (FORCE)").as_str()).await.unwrap();
}

/// The lists that are shorter, and those that a worker or a page reads for all shops at once.
#[tokio::test]
async fn o2_every_other_list_is_read_along_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let storage = opened(&format!("sqlite:{}", folder.path().join("store.db").display())).await;
    let Storage::Sqlite(sqlite) = &storage else { unreachable!() };

    let shop = SHOP.parse().unwrap();
    let day = date("2026-04-01");
    let after = Cursor::new("2026-04-01", "02396-S1-20260401");
    let running = SubscriptionFilter { status: Some(Status::Running), ..SubscriptionFilter::default() };
    let member = SubscriptionFilter { member: Some("02396-M1".parse().unwrap()), ..SubscriptionFilter::default() };
    let any = OrderFilter::default;
    let mails = || MailFilter { shop: Some(shop), ..MailFilter::default() };
    let lists = [
        (any().select(Some(&after), 50), "order_list_by_date_g1"),
        (OrderFilter { from: Some(day), to: Some(day), ..any() }.select(None, 50), "order_list_by_date_g1"),
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
        (crate::product_list::select(shop, None, Some(&after), 50), "product_list_by_shop_g1"),
        (member_list::select(Some(shop), Some(&after), 50), "member_list_by_shop_g1"),
        (card_expiry_table::select(day, None, Some(&after), 50), "card_expiry_cards_by_expiry_g1"),
        (mail_list::due_select(DateTime::UNIX_EPOCH, 50), "mail_list_by_due_g1"),
        (mails().select(Some(&after), 50), "mail_list_by_shop_g1"),
        (
            MailFilter { status: Some(mail::Status::GivenUp), ..mails() }.select(Some(&after), 50),
            "mail_list_by_status_g1",
        ),
        (MailFilter { kind: Some(MailKind::Thanks), ..mails() }.select(Some(&after), 50), "mail_list_by_kind_g1"),
        (MailFilter { order: "02396-S1-20260401".parse().ok(), ..mails() }.select(None, 50), "mail_list_by_order_g1"),
        (
            MailFilter { subscription: "02396-S1".parse().ok(), ..mails() }.select(None, 50),
            "mail_list_by_subscription_g1",
        ),
        (MailFilter { member: "02396-M1".parse().ok(), ..mails() }.select(None, 50), "mail_list_by_member_g1"),
        (mail_list::select_alone(shop, Some(&after), 50), "mail_list_by_member_g1"),
    ];
    for (select, index) in lists {
        let plan = plan(sqlite, &select).await;
        assert!(plan.contains(index), "{}: {plan}", select.sql());
        assert!(!plan.contains("SCAN") || index == "order_list_by_date_g1", "{}: {plan}", select.sql());
        // Members share an expiry month, so the subscriptions of a month are sorted.
        assert!(!plan.contains("TEMP B-TREE") || index.starts_with("card_expiry"), "{}: {plan}", select.sql());
    }
    let ask = Ask { shop, from: None, to: None, today: day };
    for report in reports::all() {
        for after in [None, Some(&after)] {
            let select = report.rows(&ask, after, 50);
            let plan = plan(sqlite, &select).await;
            assert!(plan.contains("(shop_id=?"), "{}: {plan}", report.name);
            // Running totals need every day of the shop; there are few.
            let totals = matches!(report.name, "subscription_days" | "subscription_months");
            assert!(totals || !plan.contains("SCAN order_list"), "{}: {plan}", report.name);
            println!("{}: {plan}", report.name);
        }
    }
    let _ = order_list::get(&storage, &"02396-S1-20260401".parse().unwrap()).await.unwrap();
    storage.close().await;
}
