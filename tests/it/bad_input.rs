//! What is wrong around the engine gets one clear sentence, and nothing is lost.

use teiki_domain::payment_method::SaleMode;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

/// Runs `teiki renew` with changed variables; it must fail with one sentence that has all of `parts`.
async fn refused(stage: &Stage, variables: &[(&str, &str)], arguments: &[&str], parts: &[&str]) {
    let mut command = stage.teiki(arguments);
    command.envs(variables.iter().copied());
    let output = command.output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{variables:?} {arguments:?}");
    assert_eq!(error.trim().lines().count(), 1, "one sentence: {error}");
    for part in parts {
        assert!(error.contains(part), "{part} in: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_surroundings_are_told_in_one_sentence() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", "2026-04-01".parse().unwrap(), 1_000).await;
    app.stop().await;

    let file = |name: &str, text: &str| {
        let path = stage.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let key = file("other.key", &format!("{}\n", "ab".repeat(32)));
    let not_a_key = file("not-a.key", "hello");
    let not_a_store = format!("sqlite:{}", file("not-a-store.db", &"this is no database ".repeat(100)));
    let not_pem = file("not.pem", "-----BEGIN NONSENSE-----");
    let missing = stage.folder().join("missing.pem").display().to_string();
    let missing_key = stage.folder().join("missing.key").display().to_string();
    for (variables, arguments, parts) in [
        (&[("TEIKI_PAYGENT_CLIENT_CERTIFICATE", missing.as_str())][..], &["renew"][..], &["missing.pem"][..]),
        (&[("TEIKI_PAYGENT_CLIENT_CERTIFICATE", not_pem.as_str())], &["renew"], &["not.pem"]),
        (&[("TEIKI_PAYGENT_CA", missing.as_str())], &["renew"], &["missing.pem"]),
        (&[("TEIKI_KEY_FILE", key.as_str())], &["renew"], &["other.key", "not the one"]),
        (&[("TEIKI_KEY_FILE", not_a_key.as_str())], &["renew"], &["not-a.key", "64 hexadecimal"]),
        (&[("TEIKI_KEY_FILE", missing_key.as_str())], &["renew"], &["missing.key", "backup"]),
        (&[("TEIKI_DATABASE_URL", not_a_store.as_str())], &["renew"], &["not-a-store.db"]),
        (&[("TEIKI_DATABASE_URL", "mysql://localhost/x")], &["renew"], &["sqlite:", "postgres://"]),
        (&[("TEIKI_CONCURRENCY", "0")], &["renew"], &["concurrency"]),
        (&[("TEIKI_LISTEN", "nowhere")], &["serve"], &["127.0.0.1"]),
        (&[], &["renew", "--through", "2026-04-02"], &["future"]),
        (&[], &["renew", "--through", "yesterday"], &["YYYY-MM-DD"]),
        (&[], &["rebuild", "nonsense"], &["nonsense", "order_list"]),
    ] {
        refused(&stage, variables, arguments, parts).await;
    }
    // A store of a newer program is refused and left as it is.
    let path = stage.url.strip_prefix("sqlite:").unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (9999, 'of the future', 1, x'00', 0)";
    sqlx::query(newer).execute(&pool).await.unwrap();
    refused(&stage, &[], &["renew"], &["newer"]).await;
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9999").execute(&pool).await.unwrap();
    pool.close().await;

    // After all of that the night runs as if nothing had been.
    let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["generated"], &summary["captured"]), (&1.into(), &1.into()), "{summary}");
    stage.close().await;
}

/// A rebuild from the first event leaves every table exactly as it was.
#[tokio::test(flavor = "multi_thread")]
async fn rebuilt_tables_show_the_same() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..4 {
        enrol(&app, &stage.simulator, i, if i == 3 { "8205" } else { "1111" }).await;
        subscribe(&app, i, "days:1", "2026-04-01".parse().unwrap(), 1_000).await;
    }
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let app = stage.app().await;
    app.settle().await.unwrap();
    let mut before = Vec::new();
    for name in app.projections.names() {
        before.push(app.projections.digest(name).await.unwrap());
    }
    app.stop().await;
    let output = stage.teiki(&["rebuild", "--all"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let app = stage.app().await;
    for (name, before) in app.projections.names().into_iter().zip(before) {
        assert_eq!(app.projections.digest(name).await.unwrap(), before, "{name}");
        assert!(app.projections.compare(name).await.unwrap().is_empty(), "{name}");
    }
    app.stop().await;
    stage.close().await;
}
