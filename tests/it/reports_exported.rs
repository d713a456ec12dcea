//! Whole reports as files: they come back as they went, nothing in them is carried out, and they take no more memory the
//! longer they are.

use crate::payment_life::{order, served};
use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn download(served: &Served, path: &str) -> (String, Bytes) {
    let response = served.client.get(format!("{}{path}", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert!(response.headers().contains_key("teiki-position"), "{path}");
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, response.bytes().await.unwrap())
}

/// A row of Parquet as the page of JSON shows it.
fn object(row: &parquet::record::Row) -> Value {
    let value = |field: &Field| match field {
        Field::Null => Value::Null,
        Field::Long(number) => json!(number),
        Field::Str(text) => json!(text),
        other => panic!("{other:?}"),
    };
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect::<serde_json::Map<_, _>>().into()
}

async fn files_come_back_as_the_pages_say(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "8205"]).await;
    // A formula from the card network, and a character that Windows-31J does not have.
    stage.simulator.script(Rule::once(Fault::decline("2003", "=1+1")).on(TelegramKind::Authorise));
    let path = format!("/v1/orders/{}/authorize", order(1));
    let (status, problem) = served.post(&path, &json!({"attempt": 2})).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{problem}");
    let method = json!({"payment_method": {"external": "代引〜𠮷"}});
    let (status, changed) = served.put(&format!("/v1/orders/{}/payment-method", order(0)), &method).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    let position = changed["position"].as_i64().unwrap();
    let page = served.get_json(&format!("/v1/reports/orders?min_position={position}")).await;
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);

    let (kind, csv) = download(&served, "/v1/reports/orders?format=csv").await;
    assert_eq!(kind, "text/csv; charset=utf-8");
    let csv = std::str::from_utf8(&csv).unwrap().strip_prefix('\u{feff}').expect("a byte order mark").to_owned();
    let (kind, sjis) = download(&served, "/v1/reports/orders?format=csv&encoding=windows-31j").await;
    assert_eq!(kind, "text/csv; charset=windows-31j");
    let (sjis, _, broken) = encoding_rs::SHIFT_JIS.decode(&sjis);
    assert!(!broken && !sjis.contains("&#") && sjis.contains("external:代引～〓"), "{sjis}");
    assert_eq!(sjis, csv.replace("代引〜𠮷", "代引～〓"));

    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let (_, parquet) = download(&served, "/v1/reports/orders?format=parquet").await;
    let parquet = SerializedFileReader::new(parquet).unwrap();
    let parquet: Vec<Value> = parquet.get_row_iter(None).unwrap().map(|row| object(&row.unwrap())).collect();
    assert_eq!((records.len(), parquet.len()), (rows.len(), rows.len()));
    for ((row, record), parquet) in rows.iter().zip(&records).zip(&parquet) {
        assert_eq!(row, parquet);
        for (name, cell) in names.iter().zip(record) {
            let expected = match &row[name] {
                Value::Null => String::new(),
                Value::String(text) if text.starts_with('=') => format!("'{text}"),
                Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            assert_eq!(cell, expected, "{name}");
        }
    }
    assert!(csv.contains("'=1+1") && rows.iter().any(|row| row["failure_detail"] == "=1+1"), "{csv}");
    served.stop().await;
    stage.close().await;
}

/// Rows of the long report, and of the short one that is a part of it.
const MANY: i64 = 150_000;
const FEW: i64 = 15_000;
/// How much more memory the long one may take, in KB. It has some 36 MB as text and 180 MB as cells.
const MARGIN: u64 = 24 * 1024;
/// What SQLite may keep of the file beside that: 2 MB in each of its nine readers, which come to it one by one.
const CACHES: u64 = 9 * 2 * 1024;

/// Writes payments straight into the table that the report reads; the first of them are of another day.
async fn write_payments(stage: &Stage) {
    let columns = "payment_key, shop_id, order_id, subscription_id, member_id, attempt, transaction_id, cause, \
        requested_at, requested_on, requested_yen, state, payment_id, payment_yen, authorized_on, captured_on, \
        closed_on, valid_until, failure_code, failure_detail, updated_position";
    let row = format!(
        "'02396-D' || n || '-20260401/1', '02396', '02396-D' || n || '-20260401', '02396-D' || n, '02396-M' || n, 1, \
         '02396' || (100000000000000 + n), 'generation', '2026-04-01T00:00:30.000000Z', \
         CASE WHEN n <= {FEW} THEN '2026-04-01' ELSE '2026-04-02' END, 5000, 'authorized', CAST(n AS TEXT), 5000, \
         '2026-04-01', NULL, NULL, '2026-05-31', NULL, 'もう少し長い説明文です', n"
    );
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let numbers =
            format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})");
        let sql = format!("INSERT INTO payment_attempts ({columns}) {numbers} SELECT {row} FROM numbers");
        connection.execute(sql.as_str()).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&stage.url).await.unwrap();
        let numbers = format!("generate_series(1, {MANY}::bigint) AS numbers (n)");
        let sql = format!("INSERT INTO payment_attempts ({columns}) SELECT {row} FROM {numbers}");
        connection.execute(sql.as_str()).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The most memory the process has held so far, in KB.
fn peak(served: &Served) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.child.id().unwrap())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn a_long_export_takes_no_more_memory_than_a_short_one(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    write_payments(&stage).await;
    let served = Served::start(&stage, &[("TEIKI_CONCURRENCY", "1")]).await;
    let margin = MARGIN + if kind == StoreKind::Sqlite { CACHES } else { 0 };
    for format in ["csv", "parquet"] {
        let length = async |rest: &str| {
            let path = format!("{}/v1/reports/payments?format={format}{rest}", served.base);
            let mut response = served.client.get(path).send().await.unwrap();
            let mut length = 0;
            while let Some(chunk) = response.chunk().await.unwrap() {
                length += chunk.len();
            }
            length
        };
        let short = length("&to=2026-04-01").await;
        let after_short = peak(&served);
        let long = length("").await;
        let after_long = peak(&served);
        assert!(long > 8 * short, "{format}: {long} bytes are not ten times {short}");
        assert!(after_long <= after_short + margin, "{format}: {after_short} KB became {after_long} KB");
    }
    served.stop().await;
    // Every row is in it, once.
    let output = stage.teiki(&["report", "payments", "--format", "json"]).output().await.unwrap();
    let rows = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(i64::try_from(rows).unwrap(), MANY);
    stage.close().await;
}

on_both_stores!(files_come_back_as_the_pages_say, a_long_export_takes_no_more_memory_than_a_short_one);
