//! `teiki verify` beside the log: the file, the members' keys and the report views (A7).

use crate::verify::{lived, verify};
use serde_json::Value;
use sqlx::{AnyConnection, Connection as _};
use teiki::members::{self, Profile};
use teiki_tests::stage::{Stage, member};
use teiki_tests::stores::{self, StoreKind};
use teiki_tests::tamper::Intruder;

fn reasons(found: &Value) -> Vec<&str> {
    found["findings"].as_array().unwrap().iter().map(|finding| finding["why"].as_str().unwrap()).collect()
}

async fn number(connection: &mut AnyConnection, sql: &str) -> usize {
    usize::try_from(sqlx::query_scalar::<_, i64>(sql).fetch_one(connection).await.unwrap()).unwrap()
}

/// One byte of an index, as a failing disk would change it: the log reads as before, and the feed ends early.
async fn a_damaged_index_is_found(kind: StoreKind) {
    let stage = lived(kind).await;
    if kind == StoreKind::Postgres {
        // The server has a tool of its own for that; the check must not be in the way.
        assert!(verify(&stage, &stage.url, &[]).await.0);
        return stage.close().await;
    }
    let url = stores::copy(&stage.url, stage.folder()).await;
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
    let size = number(&mut connection, "SELECT page_size FROM pragma_page_size").await;
    let root = "SELECT rootpage FROM sqlite_master WHERE name = 'event_log_shops'";
    let start = (number(&mut connection, root).await - 1) * size;
    connection.close().await.unwrap();
    let path = url.strip_prefix("sqlite:").unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let shop = bytes[start..start + size].windows(5).position(|part| part == b"02396").unwrap();
    bytes[start + shop + 4] = b'7';
    std::fs::write(path, bytes).unwrap();

    let (whole, found) = verify(&stage, &url, &[]).await;
    let why = reasons(&found);
    assert!(!whole && why.iter().any(|why| why.contains("event_log_shops")), "{found}");
    assert!(why.iter().all(|why| why.contains("REINDEX") && why.contains("restore")), "{found}");
    let mut intruder = Intruder::at(&url).await;
    intruder.execute("REINDEX event_log_shops").await;
    intruder.leave().await;
    let (whole, found) = verify(&stage, &url, &[]).await;
    assert!(whole, "what it says to do mends it: {found}");
    stage.close().await;
}

async fn a_view_that_is_missing_or_another_is_found(kind: StoreKind) {
    let stage = lived(kind).await;
    let mut intruder = Intruder::at(&stage.url).await;
    intruder.execute("DROP VIEW report_orders").await;
    intruder.execute("DROP VIEW report_daily_failures").await;
    intruder.execute("CREATE VIEW report_daily_failures AS SELECT 1 AS shop_id").await;
    intruder.leave().await;
    let (whole, found) = verify(&stage, &stage.url, &[]).await;
    let why = reasons(&found);
    assert!(!whole && why.len() == 2, "{found}");
    let about = |view: &str, what: &str| {
        let start = format!("the view {view} {what}");
        let why = why.iter().find(|why| why.starts_with(&start)).unwrap_or_else(|| panic!("{start}: {found}"));
        why.split('`').nth(1).unwrap().split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    for command in [about("report_orders", "is missing"), about("report_daily_failures", "is not what")] {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = stage.teiki(&arguments).output().await.unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let (whole, found) = verify(&stage, &stage.url, &[]).await;
    assert!(whole, "what it says to do mends it: {found}");
    stage.close().await;
}

/// A store with a member who was erased; the wrapped key that member had.
async fn with_an_erased_member(kind: StoreKind) -> (Stage, String) {
    let stage = lived(kind).await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: "山田 花子".into(), mail: "hanako@example.jp".into(), ..Profile::default() };
    members::register(&app, &member(7), &profile, &because).await.unwrap();
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&stage.url).await.unwrap();
    let sql = format!("SELECT wrapped_key FROM member_keys WHERE member_id = '{}'", member(7));
    let wrapped = sqlx::query_scalar(&sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    teiki::erasure::erase(&app, &member(7), &because).await.unwrap();
    app.stop().await;
    (stage, wrapped)
}

async fn keys_that_are_not_as_they_must_be_are_found(kind: StoreKind) {
    let (stage, wrapped) = with_an_erased_member(kind).await;
    let (whole, found) = verify(&stage, &stage.url, &[]).await;
    assert!(whole && found["keys"] == 2 && found["keys_opened"] == true, "{found}");
    let (first, second, erased) = (member(0), member(1), member(7));
    let insert = "INSERT INTO member_keys (member_id, wrapped_key) VALUES";
    for (sql, member, what) in [
        (format!("DELETE FROM member_keys WHERE member_id = '{first}'"), &first, "is missing"),
        (format!("{insert} ('{erased}', '{wrapped}')"), &erased, "and the member was erased"),
        (
            format!("UPDATE member_keys SET wrapped_key = '{wrapped}' WHERE member_id = '{second}'"),
            &second,
            "does not open",
        ),
    ] {
        let url = stores::copy(&stage.url, stage.folder()).await;
        let mut intruder = Intruder::at(&url).await;
        assert_eq!(intruder.execute(&sql).await, 1, "{sql}");
        intruder.leave().await;
        let (whole, found) = verify(&stage, &url, &[]).await;
        let why = reasons(&found);
        assert!(!whole && why.len() == 1 && why[0].contains(member.as_str()) && why[0].contains(what), "{found}");
        stores::drop_store(&url).await;
    }

    // Without the master key that is said and no finding; with another one it is a finding.
    let with_key = async |name: &str| {
        let mut command = stage.teiki(&["verify", "--json"]);
        let output = command.env("TEIKI_KEY_FILE", stage.folder().join(name)).output().await.unwrap();
        (output.status.success(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (whole, found) = with_key("nowhere.key").await;
    assert!(whole && found["keys_opened"] == false && !stage.folder().join("nowhere.key").exists(), "{found}");
    std::fs::write(stage.folder().join("other.key"), "ab".repeat(32)).unwrap();
    let (whole, found) = with_key("other.key").await;
    assert!(!whole && reasons(&found)[0].contains("is not the one this store was written with"), "{found}");
    stage.close().await;
}

on_both_stores!(
    a_damaged_index_is_found,
    a_view_that_is_missing_or_another_is_found,
    keys_that_are_not_as_they_must_be_are_found,
);
