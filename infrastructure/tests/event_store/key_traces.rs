//! Of a destroyed key no byte is left in the files of the store, and where somebody keeps it there that is said (A7).

use crate::place::{Place, execute, number};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};
use teiki_domain::ids::MemberId;
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::key_ring::{KeyError, KeyRing};

/// The bytes of the file that holds the keys; on SQLite with the write-ahead log.
async fn file(place: &Place, storage: &Storage) -> Vec<u8> {
    match storage {
        Storage::Sqlite(_) => {
            let path = place.url.strip_prefix("sqlite:").unwrap();
            ["", "-wal"].iter().flat_map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default()).collect()
        }
        Storage::Postgres(pool) => {
            execute(storage, "CHECKPOINT").await;
            let read = sqlx::query("SELECT pg_read_binary_file(pg_relation_filepath('member_keys'))");
            read.fetch_one(pool).await.unwrap().get(0)
        }
    }
}

fn holds(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn wrapped(storage: &Storage, member: &MemberId) -> String {
    let sql = format!("SELECT wrapped_key FROM member_keys WHERE member_id = '{member}'");
    match storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(&sql).fetch_one(&sqlite.readers).await.unwrap(),
        Storage::Postgres(pool) => sqlx::query_scalar(&sql).fetch_one(pool).await.unwrap(),
    }
}

/// The keys of three members, and what of them stands in the store.
async fn three(place: &Place, storage: &Storage) -> (KeyRing, Vec<(MemberId, String)>) {
    let keys = KeyRing::open(storage.clone(), &place.folder.join("teiki.key")).await.unwrap();
    let mut members = vec![];
    for i in 1..=3 {
        let member: MemberId = format!("02396-M{i}").parse().unwrap();
        keys.seal_for_new_member(&member, "山田 花子").await.unwrap();
        let wrapped = wrapped(storage, &member).await;
        members.push((member, wrapped));
    }
    (keys, members)
}

pub(crate) async fn a_destroyed_key_leaves_no_byte_in_the_files(place: Place) {
    let storage = place.open().await;
    let (keys, members) = three(&place, &storage).await;
    let before = file(&place, &storage).await;
    assert!(members.iter().all(|(_, key)| holds(&before, key)), "the search finds keys that are there");
    // Somebody whose transaction began earlier, and who does not read the keys.
    let old = match &storage {
        Storage::Sqlite(_) => None,
        Storage::Postgres(_) => {
            let mut old = PgConnection::connect(&place.url).await.unwrap();
            old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT COUNT(*) FROM events").await.unwrap();
            Some(old)
        }
    };
    keys.destroy_member_key(&members[0].0).await.unwrap();
    let after = file(&place, &storage).await;
    let left: Vec<bool> = members.iter().map(|(_, key)| holds(&after, key)).collect();
    assert_eq!(left, [false, true, true]);
    assert!(!holds(&after, &members[0].1[20..60]), "nor a part of it");
    if let Some(old) = old {
        old.close().await.unwrap();
    }
    // Nor where the server gathers what values there are.
    if let Storage::Postgres(_) = &storage {
        execute(&storage, "ANALYZE member_keys").await;
        let gathered = "SELECT COUNT(*) FROM pg_stats WHERE tablename = 'member_keys' AND attname = ";
        assert_eq!(number(&storage, &format!("{gathered}'member_id'")).await, 1, "the search finds what is gathered");
        assert_eq!(number(&storage, &format!("{gathered}'wrapped_key'")).await, 0);
    }
    for (member, _) in &members[1..] {
        assert!(keys.seal_for_member(member, "様").await.unwrap().is_some(), "the others are as before");
    }
    storage.close().await;
}

pub(crate) async fn a_reader_who_keeps_a_destroyed_key_in_a_file_is_told_of(place: Place) {
    let storage = place.open().await;
    let (keys, members) = three(&place, &storage).await;
    let (member, key) = &members[0];
    const READ: &str = "SELECT COUNT(*) FROM member_keys";
    enum Reader {
        Sqlite(SqliteConnection),
        Postgres(PgConnection),
    }
    let reader = match &storage {
        Storage::Sqlite(_) => {
            let mut reader = SqliteConnection::connect(&place.url).await.unwrap();
            reader.execute("BEGIN").await.unwrap();
            reader.execute(READ).await.unwrap();
            Reader::Sqlite(reader)
        }
        Storage::Postgres(_) => {
            let mut reader = PgConnection::connect(&place.url).await.unwrap();
            reader.execute("BEGIN").await.unwrap();
            reader.execute(READ).await.unwrap();
            Reader::Postgres(reader)
        }
    };
    let error = keys.destroy_member_key(member).await.unwrap_err();
    match &storage {
        Storage::Sqlite(_) => assert!(matches!(error, KeyError::StillInLog), "{error}"),
        Storage::Postgres(_) => assert!(matches!(error, KeyError::StillInTable), "{error}"),
    }
    let said = error.to_string();
    assert!(said.contains("the member is erased") && said.contains("erase again"), "{said}");
    assert_eq!(keys.seal_for_member(member, "様").await.unwrap(), None, "the key is destroyed all the same");
    assert!(holds(&file(&place, &storage).await, key), "and its bytes are where the error says");
    match reader {
        Reader::Sqlite(reader) => reader.close().await.unwrap(),
        Reader::Postgres(reader) => reader.close().await.unwrap(),
    }
    keys.destroy_member_key(member).await.unwrap();
    assert!(!holds(&file(&place, &storage).await, key));
    storage.close().await;
}
