//! `teiki verify` and `teiki seal`: whatever is done to a store behind the engine's back is found, with its position.

use serde_json::Value;
use std::path::{Path, PathBuf};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe, subscription};
use teiki_tests::stores::{self, StoreKind};
use teiki_tests::tamper::{Intruder, Row};

/// A shop with two orders, one of them failed.
pub(crate) async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for (i, last_four) in ["1111", "8205"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, last_four).await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    renew(&stage).await;
    stage
}

async fn renew(stage: &Stage) {
    let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs `teiki verify --json` on a store; returns whether it ended well, and what it found.
pub(crate) async fn verify(stage: &Stage, url: &str, more: &[&str]) -> (bool, Value) {
    let mut command = stage.teiki(&["verify", "--json"]);
    let output = command.args(more).env("TEIKI_DATABASE_URL", url).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON; {text}"));
    assert_eq!(output.status.success(), found["findings"] == serde_json::json!([]), "{found}");
    (output.status.success(), found)
}

/// Seals the store in a file of this name.
async fn seal(stage: &Stage, name: &str) -> PathBuf {
    let path = stage.folder().join(name);
    let output = stage.teiki(&["seal", "--out", path.to_str().unwrap()]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The positions of the findings, in their order.
fn positions(found: &Value) -> Vec<Option<i64>> {
    found["findings"].as_array().unwrap().iter().map(|finding| finding["position"].as_i64()).collect()
}

async fn a_whole_store_passes_beside_a_running_engine(kind: StoreKind) {
    let stage = lived(kind).await;
    let early = seal(&stage, "early.seal").await;
    let served = Served::start(&stage, &[]).await;
    let late = seal(&stage, "late.seal").await;
    let (whole, found) = verify(&stage, &stage.url, &["--seal", text(&early), "--seal", text(&late)]).await;
    assert!(whole, "{found}");
    assert!(found["head"].as_i64().unwrap() > 20 && found["tables"].as_i64().unwrap() >= 7, "{found}");
    assert_eq!(found["seals"], 2);
    let sealed: Value = serde_json::from_str(&std::fs::read_to_string(&late).unwrap()).unwrap();
    assert_eq!((&sealed["hash"], &sealed["position"]), (&found["hash"], &found["head"]));
    served.stop().await;

    // The key is its owner's, the public half beside it; a seal is not overwritten; words for people.
    let public = std::fs::read_to_string(stage.folder().join("seal.key.pub")).unwrap();
    assert_eq!(sealed["public_key"], public.trim());
    let again = stage.teiki(&["seal", "--out", text(&late)]).output().await.unwrap();
    assert!(!again.status.success());
    let output = stage.teiki(&["verify"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("不一致はありません"));

    // A seal that was changed, or made with another key, is no seal.
    let forged = stage.folder().join("forged.seal");
    let text_of = std::fs::read_to_string(&late).unwrap();
    std::fs::write(&forged, text_of.replace("2026-", "2027-")).unwrap();
    let output = stage.teiki(&["verify", "--seal", text(&forged)]).output().await.unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("signature"));

    // A store that is not there is not made.
    if kind == StoreKind::Sqlite {
        let nowhere = stage.folder().join("nowhere.db");
        let url = format!("sqlite:{}", nowhere.display());
        let output = stage.teiki(&["verify"]).env("TEIKI_DATABASE_URL", url).output().await.unwrap();
        assert!(!output.status.success() && !nowhere.exists());
    }
    stage.close().await;
}

/// One way of changing a store, and the position at which it must be found.
struct Tampering {
    what: &'static str,
    sql: Vec<String>,
    chained_anew: bool,
    position: i64,
}

fn tamperings(log: &[Row]) -> Vec<Tampering> {
    let place = |name: &str, id: &str| {
        let row = log.iter().find(|row| row.event_type == name && row.stream.1.starts_with(id));
        row.unwrap_or_else(|| panic!("{name} of {id} is in the log")).position
    };
    let first = subscription(0).to_string();
    let (generated, requested) = (place("OrderGenerated", &first), place("AuthorizationRequested", &first));
    let order = &log[usize::try_from(requested - 1).unwrap()];
    let (order_type, order_id, sequence) = (&order.stream.0, &order.stream.1, order.sequence);
    let after = place("AuthorizationSucceeded", &first);
    let head = i64::try_from(log.len()).unwrap();
    let stored = format!("aggregate_type = '{order_type}' AND aggregate_id = '{order_id}' AND sequence = {sequence}");
    let in_log =
        |change: &str, position: i64| vec![format!("UPDATE event_log SET {change} WHERE position = {position}")];
    let lower = "payload = replace(payload, '3960', '1960')";
    let name = "event_type = 'CaptureRequested'";
    vec![
        Tampering {
            what: "a flipped byte in the log",
            sql: in_log(lower, requested),
            chained_anew: false,
            position: requested,
        },
        Tampering {
            what: "a flipped byte in a stored event",
            sql: vec![format!("UPDATE events SET event_version = '1.0.1' WHERE {stored}")],
            chained_anew: false,
            position: requested,
        },
        Tampering {
            what: "a deleted position",
            sql: vec![format!("DELETE FROM event_log WHERE position = {generated}")],
            chained_anew: false,
            position: generated,
        },
        Tampering {
            what: "swapped positions",
            sql: [(generated, 9000), (generated + 1, generated), (9000, generated + 1)]
                .map(|(from, to)| format!("UPDATE event_log SET position = {to} WHERE position = {from}"))
                .to_vec(),
            chained_anew: false,
            position: generated,
        },
        Tampering {
            what: "a truncated log",
            sql: vec![format!("DELETE FROM event_log WHERE position >= {head}")],
            chained_anew: false,
            position: head,
        },
        Tampering {
            what: "an event deleted everywhere, the chain made anew",
            sql: vec![
                format!("DELETE FROM events WHERE {stored}"),
                format!("DELETE FROM event_log WHERE position = {requested}"),
            ],
            chained_anew: true,
            // The next one of the same stream, which has moved up by one.
            position: after - 1,
        },
        Tampering {
            what: "an event under another name, the chain made anew",
            sql: vec![
                format!("UPDATE events SET {name} WHERE {stored}"),
                format!("UPDATE event_log SET {name} WHERE position = {requested}"),
            ],
            chained_anew: true,
            position: requested,
        },
    ]
}

async fn every_tampering_is_found_with_its_position(kind: StoreKind) {
    let stage = lived(kind).await;
    let mut intruder = Intruder::at(&stage.url).await;
    let log = intruder.log().await;
    intruder.leave().await;
    for Tampering { what, sql, chained_anew, position } in tamperings(&log) {
        let url = stores::copy(&stage.url, stage.folder()).await;
        let mut intruder = Intruder::at(&url).await;
        for sql in sql {
            assert_eq!(intruder.execute(&sql).await, 1, "{what}: {sql}");
        }
        if chained_anew {
            intruder.chain_anew().await;
        }
        intruder.leave().await;
        let (whole, found) = verify(&stage, &url, &[]).await;
        assert!(!whole, "{what}");
        assert_eq!(positions(&found), [Some(position)], "{what}: {found}");
        stores::drop_store(&url).await;
    }
    stage.close().await;
}

async fn what_is_whole_in_itself_is_found_by_a_seal(kind: StoreKind) {
    let mut stage = lived(kind).await;
    let old = stores::copy(&stage.url, stage.folder()).await;
    let early = seal(&stage, "early.seal").await;
    let (_, at_first) = verify(&stage, &stage.url, &[]).await;
    stage.set_day("2026-05-01".parse().unwrap());
    renew(&stage).await;
    let late = seal(&stage, "late.seal").await;

    // An older copy is whole, and fits the seal of its time; the newer seal finds it out.
    let head = at_first["head"].as_i64().unwrap();
    assert!(verify(&stage, &old, &["--seal", text(&early)]).await.0);
    let (_, found) = verify(&stage, &old, &["--seal", text(&early), "--seal", text(&late)]).await;
    assert_eq!(positions(&found), [Some(head + 1)], "{found}");
    assert!(found["findings"][0]["why"].as_str().unwrap().contains("older copy"), "{found}");
    stores::drop_store(&old).await;

    // The end cut off everywhere, the chain left whole.
    let cut = stores::copy(&stage.url, stage.folder()).await;
    let mut intruder = Intruder::at(&cut).await;
    let last = intruder.log().await.pop().unwrap();
    let (kind_of, id, sequence) = (&last.stream.0, &last.stream.1, last.sequence);
    intruder
        .execute(&format!(
            "DELETE FROM events WHERE aggregate_type = '{kind_of}' AND aggregate_id = '{id}' AND sequence = {sequence}"
        ))
        .await;
    intruder.execute(&format!("DELETE FROM event_log WHERE position = {}", last.position)).await;
    intruder.chain_anew().await;
    intruder.leave().await;
    let (_, found) = verify(&stage, &cut, &["--seal", text(&late)]).await;
    assert_eq!(positions(&found)[0], Some(last.position), "{found}");
    let (_, found) = verify(&stage, &cut, &[]).await;
    assert!(positions(&found).iter().all(Option::is_none), "the tables alone still tell: {found}");
    stores::drop_store(&cut).await;

    // An amount changed everywhere, the chain made anew and the tables rebuilt: nothing but a seal can tell.
    let changed = stores::copy(&stage.url, stage.folder()).await;
    let mut intruder = Intruder::at(&changed).await;
    let row = intruder.log().await.into_iter().find(|row| row.event_type == "AuthorizationRequested").unwrap();
    let (kind_of, id, sequence) = (&row.stream.0, &row.stream.1, row.sequence);
    let lower = match kind {
        StoreKind::Sqlite => "replace(payload, '3960', '1960')",
        StoreKind::Postgres => "replace(payload::text, '3960', '1960')::json",
    };
    intruder.execute(&format!("UPDATE events SET payload = {lower} WHERE aggregate_type = '{kind_of}' AND aggregate_id = '{id}' AND sequence = {sequence}")).await;
    let lower = "replace(payload, '3960', '1960')";
    intruder.execute(&format!("UPDATE event_log SET payload = {lower} WHERE position = {}", row.position)).await;
    intruder.chain_anew().await;
    intruder.leave().await;
    let rebuilt = stage.teiki(&["rebuild", "--all"]).env("TEIKI_DATABASE_URL", &changed).output().await.unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert!(verify(&stage, &changed, &[]).await.0);
    let (_, found) = verify(&stage, &changed, &["--seal", text(&early), "--seal", text(&late)]).await;
    let sealed: Vec<_> = [&at_first, &verify(&stage, &stage.url, &[]).await.1].map(|of| of["head"].as_i64()).to_vec();
    assert_eq!(positions(&found), sealed, "{found}");
    stores::drop_store(&changed).await;
    stage.close().await;
}

async fn a_changed_table_is_found(kind: StoreKind) {
    let stage = lived(kind).await;
    let order = format!("{}-20260401", subscription(0));
    let mut intruder = Intruder::at(&stage.url).await;
    assert_eq!(intruder.execute(&format!("UPDATE order_list SET amount = 1 WHERE order_id = '{order}'")).await, 1);
    assert_eq!(intruder.execute("DELETE FROM member_list WHERE member_id LIKE '%M00001'").await, 1);
    intruder.leave().await;
    let (whole, found) = verify(&stage, &stage.url, &[]).await;
    let why: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|finding| finding["why"].as_str().unwrap()).collect();
    assert!(!whole && why.len() == 2, "{found}");
    assert!(why[0].contains("member_list") && why[0].contains("is missing"), "{found}");
    assert!(why[1].contains(&order) && why[1].contains("amount"), "{found}");
    stage.close().await;
}

on_both_stores!(
    a_whole_store_passes_beside_a_running_engine,
    every_tampering_is_found_with_its_position,
    what_is_whole_in_itself_is_found_by_a_seal,
    a_changed_table_is_found,
);
