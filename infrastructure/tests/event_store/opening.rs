//! Opening, and what is refused.

use crate::order::fill;
use crate::place::{Place, execute, number, server_url};
use crate::tally::Tally;
use std::path::Path;
use teiki_infrastructure::event_store::{EventStore, LogReader, Sequencer, Storage, StorageError, StorageOptions};

async fn refused(url: &str) -> StorageError {
    let options = StorageOptions { acquire_timeout: std::time::Duration::from_secs(3), ..StorageOptions::default() };
    match Storage::open(url, &options).await {
        Err(error) => error,
        Ok(_) => panic!("{url} was opened"),
    }
}

/// Everything that tells whether a store was touched.
async fn picture(place: &Place, storage: &Storage) -> String {
    match storage {
        Storage::Sqlite(_) => {
            let path = place.url.strip_prefix("sqlite:").unwrap();
            format!("{:x?}", <sha2::Sha256 as sha2::Digest>::digest(std::fs::read(path).unwrap()))
        }
        Storage::Postgres(pool) => {
            let tables = "SELECT string_agg(relname || ':' || relfilenode, ' ' ORDER BY relname) FROM pg_class \
                          WHERE relnamespace = current_schema()::regnamespace";
            sqlx::query_scalar::<_, Option<String>>(tables).fetch_one(pool).await.unwrap().unwrap_or_default()
        }
    }
}

pub(crate) async fn a_store_opens_again_with_everything_in_it(place: Place) {
    let storage = place.open().await;
    fill(&EventStore::new(storage.clone()), 1, 3).await;
    storage.close().await;
    let storage = place.open().await;
    assert_eq!(EventStore::new(storage.clone()).load::<Tally>("s0").await.unwrap().sequence, 3);
    if let Storage::Postgres(pool) = &storage {
        // A commit is on disk, also where the database was set to answer before it is.
        let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(pool).await.unwrap();
        execute(&storage, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
        let again = place.open().await;
        let Storage::Postgres(pool) = &again else { panic!("another kind of store") };
        let setting: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(pool).await.unwrap();
        assert_eq!(setting, "on");
    }
    if let Storage::Sqlite(sqlite) = &storage {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&sqlite.readers).await.unwrap();
        let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&sqlite.writer).await.unwrap();
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&sqlite.writer).await.unwrap();
        assert_eq!((mode.as_str(), full, keys), ("wal", 2, 1));
        let write = sqlx::query("DELETE FROM events").execute(&sqlite.readers).await;
        assert!(write.unwrap_err().to_string().contains("readonly"));
    }
}

pub(crate) async fn two_engines_may_open_a_new_store_at_once(place: Place) {
    let (one, two) = tokio::join!(place.try_open(), place.try_open());
    let (one, two) = (one.unwrap(), two.unwrap());
    fill(&EventStore::new(one), 1, 1).await;
    assert_eq!(number(&two, "SELECT count(*) FROM events").await, 1);
}

pub(crate) async fn a_newer_store_is_refused_and_untouched(place: Place) {
    let storage = place.open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 99, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    execute(&storage, newer).await;
    storage.close().await;
    let outside = match &storage {
        Storage::Sqlite(_) => storage,
        Storage::Postgres(_) => Storage::Postgres(sqlx::PgPool::connect(&place.url).await.unwrap()),
    };
    let before = picture(&place, &outside).await;
    let error = refused(&place.url).await;
    assert!(matches!(error, StorageError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("newer version of Teiki"), "{error}");
    assert_eq!(picture(&place, &outside).await, before);
}

pub(crate) async fn tables_of_something_else_are_refused_and_untouched(place: Place) {
    let outside = match place.url.strip_prefix("sqlite:") {
        Some(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            sqlx::raw_sql("CREATE TABLE events (id INTEGER)").execute(&pool).await.unwrap();
            pool.close().await;
            Storage::Sqlite(teiki_infrastructure::event_store::SqliteStorage { writer: pool.clone(), readers: pool })
        }
        None => {
            let pool = sqlx::PgPool::connect(&place.url).await.unwrap();
            sqlx::raw_sql("CREATE TABLE events (id bigint)").execute(&pool).await.unwrap();
            Storage::Postgres(pool)
        }
    };
    let before = picture(&place, &outside).await;
    let error = refused(&place.url).await;
    assert!(matches!(error, StorageError::NotAStore { .. }), "{error}");
    assert_eq!(picture(&place, &outside).await, before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_untouched() {
    Place::on_sqlite(|place| async move {
        let path = Path::new(place.url.strip_prefix("sqlite:").unwrap());
        for content in [b"hello".to_vec(), vec![0xff; 9000], b"SQLite format 3\0".to_vec()] {
            std::fs::write(path, &content).unwrap();
            let error = refused(&place.url).await;
            assert!(matches!(error, StorageError::NotAStore { .. }), "{error}");
            assert!(error.to_string().contains("store.db is not a store of Teiki"), "{error}");
            assert_eq!(std::fs::read(path).unwrap(), content);
        }
        let folder = refused(&format!("sqlite:{}", place.folder.display())).await;
        assert!(matches!(folder, StorageError::File { .. }), "{folder}");
        let nowhere = refused(&format!("sqlite:{}/missing/store.db", place.folder.display())).await;
        assert!(matches!(nowhere, StorageError::File { .. }), "{nowhere}");
    })
    .await;
}

#[tokio::test]
async fn an_address_of_nothing_is_refused_without_showing_a_password() {
    for url in [
        "",
        "mysql://a:geheim@b/c",
        "sqlite:",
        "sqlite::memory:",
        "postgres://user:geheim@host:99999/db",
        "postgres://user:geheim@[::/db",
        "postgres://user:geheim@localhost/db?sslmode=geheim",
        "postgres://user:geheim@127.0.0.1:1/db",
        "postgres://user@127.0.0.1:1/db?password=geheim",
    ] {
        let error = refused(url).await;
        let texts = format!("{error} {error:?}");
        assert!(!texts.contains("geheim"), "{texts}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named_without_the_password() {
    let url = crate::place::with_database(&server_url(), "teiki_test_nowhere");
    let text = refused(&url).await.to_string();
    assert!(text.contains("teiki_test_nowhere") && text.contains("does not exist"), "{text}");
}

#[tokio::test]
async fn schemas_of_one_database_are_stores_of_their_own() {
    Place::on_postgres(|place| async move {
        let pool = sqlx::PgPool::connect(&place.url).await.unwrap();
        sqlx::raw_sql("CREATE SCHEMA one; CREATE SCHEMA two").execute(&pool).await.unwrap();
        let separator = if place.url.contains('?') { '&' } else { '?' };
        for (schema, events) in [("one", 3), ("two", 5)] {
            let url = format!("{}{separator}options[search_path]={schema}", place.url);
            let storage = Place { url, ..place.clone() }.open().await;
            let store = EventStore::new(storage.clone());
            fill(&store, 1, events).await;
            assert_eq!(Sequencer::new(store).catch_up().await.unwrap(), events as i64);
            assert_eq!(LogReader::new(storage.clone()).verify(|_| ()).await.unwrap().head, events as i64);
            storage.close().await;
        }
        let count = |schema: &str| format!("SELECT count(*) FROM {schema}.event_log");
        for (schema, events) in [("one", 3), ("two", 5)] {
            let found: i64 = sqlx::query_scalar(&count(schema)).fetch_one(&pool).await.unwrap();
            assert_eq!(found, events);
        }
        let public: Option<String> =
            sqlx::query_scalar("SELECT to_regclass('public.events')::text").fetch_one(&pool).await.unwrap();
        assert_eq!(public, None);
        pool.close().await;
    })
    .await;
}
