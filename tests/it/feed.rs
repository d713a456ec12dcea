//! The feed: one shop's events in log order, in a form that stays, without personal data unless the key may see it.

use crate::payment_life::{day, order};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};
use teiki::feed;
use teiki::members::ERASED;
use teiki_domain::ids::{MemberId, ShopId};
use teiki_domain::member::{Member, MemberCommand};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::event_store::LogEvent;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, key_of, member, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

/// A shop with one authorised order and one that failed.
pub(crate) async fn shop_with_orders(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for (i, last_four) in ["1111", "8205"].iter().enumerate() {
        enrol(&app, &stage.simulator, i, last_four).await;
        subscribe(&app, i, "days:30", day("2026-04-01"), 5_000).await;
    }
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    stage
}

fn names(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn events_come_in_log_order_page_by_page(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let served = Served::start(&stage, &[]).await;
    let whole = served.get_json("/v1/events?limit=500").await;
    let events = whole["events"].as_array().unwrap();
    let positions: Vec<i64> = events.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
    assert_eq!(names(&whole)[0], "shop.opened");
    assert_eq!((&whole["more"], whole["next"].as_i64()), (&json!(false), positions.last().copied()));
    let failed = events.iter().find(|event| event["type"] == "order.authorization_failed").unwrap();
    assert_eq!(failed["aggregate"], json!({"type": "order", "id": order(1)}));
    assert_eq!(failed["data"]["code"], "2001");
    assert_eq!((&failed["version"], &failed["timestamp"]), (&json!(1), &json!("2026-03-31T15:00:30.000000Z")));
    assert!(failed["reason"].is_string() && failed["actor"].is_string(), "{failed}");
    assert!(failed["correlation_id"].is_string() && failed["causation_id"].is_string(), "{failed}");
    // Page by page it is the same, whatever the size of a page.
    for limit in [1, 3, 7] {
        let (mut after, mut read) = (0, vec![]);
        loop {
            let page = served.get_json(&format!("/v1/events?after={after}&limit={limit}")).await;
            read.extend(page["events"].as_array().unwrap().clone());
            after = page["next"].as_i64().unwrap();
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(&read, events, "{limit}");
    }
    let orders = served.get_json("/v1/events?types=order.*,member.registered&limit=500").await;
    let wanted = |name: &&str| name.starts_with("order.") || *name == "member.registered";
    assert_eq!(names(&orders), names(&whole).into_iter().filter(wanted).collect::<Vec<_>>());
    for (bad, field) in [
        ("after=-1", "after"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("wait=31", "wait"),
        ("types=orders.*", "types"),
        ("types=order", "types"),
        ("after=x", "after"),
        // As after a restore: what comes into the log up to there would be left out.
        (&format!("after={}", positions.last().unwrap() + 1), "after"),
        ("nonsense=1", "nonsense"),
    ] {
        let (status, problem) = served.send("GET", &format!("/v1/events?{bad}"), &Value::Null).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{bad}");
    }
    served.stop().await;
    stage.close().await;
}

/// Another shop's events are not shown, and the position goes on over them: nobody reads them again at each request.
async fn a_reader_steps_over_the_events_of_other_shops(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let other = ShopId::new(2397).unwrap();
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    for i in 0..300 {
        let member_id = MemberId::new(other, &format!("M{i}")).unwrap();
        let profile = Sealed::from_ciphertext("1.x".into());
        let command = MemberCommand::Register { member_id: member_id.clone(), profile };
        app.gateway.execute::<Member>(member_id.as_str(), &because, command).await.unwrap();
    }
    // The mails that follow, so that a server adds nothing by itself.
    teiki::workers::mails::round(&app).await.unwrap();
    let head = app.settle().await.unwrap();
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let whole = served.get_json("/v1/events?limit=500").await;
    assert_eq!((whole["next"].as_i64().unwrap(), &whole["more"]), (head, &json!(false)));
    assert!(!whole.to_string().contains("02397"), "nothing of another shop");
    let first = &whole["events"][0];
    assert_eq!(first["position"], 1);
    let mut own = whole["events"].as_array().unwrap().iter().filter(|event| event["type"] != "mail.requested");
    assert!(own.next_back().unwrap()["position"].as_i64().unwrap() <= head - 300, "the others lie behind");
    let nothing = served.get_json(&format!("/v1/events?after={head}")).await;
    assert_eq!(nothing, json!({"events": [], "next": head, "more": false}));
    served.stop().await;

    // The other shop's key sees the other side, although it lies behind everything of the first one. A profile that does
    // not open is an error for whoever asks for it, not an event left out.
    let key = key_of(&stage.url, other, &[Scope::Reading], stage.now).await;
    let served = Served::start_with(&stage, &[], &key).await;
    let page = served.get_json("/v1/events?limit=10").await;
    assert_eq!(names(&page), ["member.registered"; 10]);
    let rare = served.get_json("/v1/events?types=shop.*&limit=10").await;
    assert_eq!(names(&rare), [""; 0]);
    served.stop().await;
    stage.close().await;
}

/// A request that waits is answered by the event, long before its time is over, and an empty one when it is.
async fn waiting_ends_with_the_event(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let served = Served::start(&stage, &[]).await;
    let next = served.get_json("/v1/events?limit=500").await["next"].as_i64().unwrap();
    let begun = Instant::now();
    let path = format!("/v1/events?after={next}&wait=25&types=order.*");
    let waiting = served.get_json(&path);
    let acting = async {
        // This one is not waited for; the next one is.
        let person = json!({"member_id": "02396-M9", "name": "佐藤 光", "mail": "hikaru@example.jp"});
        assert_eq!(served.post("/v1/members", &person).await.0, StatusCode::CREATED);
        assert_eq!(served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await.0, StatusCode::OK);
    };
    let (page, ()) = tokio::join!(waiting, acting);
    assert_eq!(names(&page)[0], "order.capture_requested", "{page}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let next = served.get_json("/v1/events?limit=500").await["next"].as_i64().unwrap();
    let begun = Instant::now();
    let empty = served.get_json(&format!("/v1/events?after={next}&wait=1")).await;
    assert_eq!(empty, json!({"events": [], "next": next, "more": false}));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // A server that stops does not make readers wait.
    let path = format!("{}/v1/events?after={next}&wait=30", served.base);
    let waiting = tokio::spawn(served.client.get(path).send());
    served.get_json("/v1/events?limit=1").await;
    let begun = Instant::now();
    served.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // Answered, or not heard any more; in both cases at once.
    drop(waiting.await.unwrap());
    stage.close().await;
}

/// Personal data only for a key that may see it; sealed texts for nobody; a placeholder where a member was erased.
async fn personal_data_takes_its_scope(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let served = Served::start(&stage, &[]).await;
    let headers = [("x-actor", "%E7%94%B0%E4%B8%AD"), ("x-reason", "by phone")];
    let capture = served.client.post(format!("{}/v1/orders/{}/capture", served.base, order(0)));
    let capture = headers.iter().fold(capture, |request, (name, value)| request.header(*name, *value));
    assert_eq!(capture.send().await.unwrap().status(), StatusCode::OK);
    let open = served.get_json("/v1/events?limit=500").await;
    let profile =
        &open["events"].as_array().unwrap().iter().find(|e| e["type"] == "member.registered").unwrap()["data"];
    assert_eq!(profile["profile"]["name"], "山田 花子");
    assert_eq!(profile["profile"]["mail"], "hanako@example.jp");
    assert!(open.to_string().contains("田中 (key test)"), "who asked is a person");
    served.stop().await;

    let key = stage.key(&[Scope::Reading]).await;
    let served = Served::start_with(&stage, &[], &key).await;
    let closed = served.get_json("/v1/events?limit=500").await;
    assert_eq!(names(&closed), names(&open), "every event is there");
    let text = closed.to_string();
    let registered = closed["events"].as_array().unwrap().iter().find(|e| e["type"] == "member.registered").unwrap();
    assert_eq!(registered["data"].get("profile"), None, "{registered}");
    for personal in ["山田", "hanako", "田中"] {
        assert!(!text.contains(personal), "{personal}");
    }
    assert!(text.contains("\"actor\":\"key test\"") && text.contains("by phone"));
    for (name, page) in [("open", &open), ("closed", &closed)] {
        assert!(!page.to_string().contains("\"1."), "{name}: a sealed text");
        assert!(!page.to_string().contains("connect_password"), "{name}");
    }
    served.stop().await;

    // Erased: the key is gone.
    let app = stage.app().await;
    erase(&app, &member(0)).await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let page = served.get_json("/v1/events?types=member.registered").await;
    assert_eq!(page["events"][0]["data"]["profile"]["name"], ERASED);
    assert_eq!(page["events"][0]["data"]["profile"]["mail"], ERASED);
    assert_eq!(page["events"][1]["data"]["profile"]["name"], "山田 花子", "only one was erased");
    served.stop().await;

    // Without the scope for reading there is no feed at all.
    let key = stage.key(&[Scope::Commands, Scope::Audit, Scope::PersonalData]).await;
    let served = Served::start_with(&stage, &[], &key).await;
    assert_eq!(served.get("/v1/events").await.0, StatusCode::FORBIDDEN);
    served.stop().await;
    stage.close().await;
}

/// Deletes a member's key, as erasing does.
async fn erase(app: &teiki::app::App, member: &MemberId) {
    use teiki_infrastructure::event_store::Storage;
    const SQL: &str = "DELETE FROM member_keys WHERE member_id = $1";
    match &app.storage {
        Storage::Sqlite(sqlite) => {
            sqlx::query(SQL).bind(member.as_str()).execute(&sqlite.writer).await.unwrap();
        }
        Storage::Postgres(pool) => {
            sqlx::query(SQL).bind(member.as_str()).execute(pool).await.unwrap();
        }
    }
}

on_both_stores!(
    events_come_in_log_order_page_by_page,
    a_reader_steps_over_the_events_of_other_shops,
    waiting_ends_with_the_event,
    personal_data_takes_its_scope,
);

/// What other people's programs read: one file for each event and version of its public form, made of the stored samples
/// of the domain. A file that exists is never changed; a changed form gets a new version.
#[test]
fn the_public_form_of_every_event_is_its_golden_file() {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/events");
    let update = env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1");
    let mut forms: std::collections::BTreeMap<String, BTreeSet<String>> = Default::default();
    for folder in fs::read_dir(&stored).unwrap().map(|entry| entry.unwrap()) {
        let kind = folder.file_name().into_string().unwrap();
        for file in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let samples: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            for sample in samples {
                let event = LogEvent {
                    position: 1,
                    aggregate_type: kind.clone(),
                    aggregate_id: "02396-X".into(),
                    sequence: 1,
                    event_type: String::new(),
                    event_version: String::new(),
                    payload: sample.to_string(),
                    metadata: "{}".into(),
                    recorded_at: String::new(),
                    hash: [0; 32],
                };
                let event = feed::public(&event).unwrap();
                // In one order, however the JSON library was built.
                let mut data = serde_json::to_value(&event.data).unwrap();
                data.sort_all_objects();
                let data = data.to_string();
                // Sealed texts of the samples are looked for in what is shown of them.
                for sealed in sealed_in(&sample) {
                    assert!(!data.contains(&sealed), "{} shows what is sealed", event.name);
                }
                forms.entry(format!("{}.{}.json", event.name, event.version)).or_default().insert(data);
            }
        }
    }
    let known: BTreeSet<String> = feed::names().map(|(name, version)| format!("{name}.{version}.json")).collect();
    assert_eq!(forms.keys().cloned().collect::<BTreeSet<_>>(), known, "every event has a sample");
    fs::create_dir_all(&golden).unwrap();
    for (file, samples) in forms {
        let samples: Vec<Value> = samples.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let written = serde_json::to_string_pretty(&samples).unwrap() + "\n";
        let path = golden.join(&file);
        if update && !path.exists() {
            fs::write(&path, &written).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(kept, written, "{file} is what is shown now");
    }
}

/// Texts of fields that hold sealed values in stored samples.
fn sealed_in(sample: &Value) -> Vec<String> {
    let fields = sample.as_object().into_iter().flat_map(|event| event.values()).filter_map(Value::as_object);
    let secret = |(name, value): (&String, &Value)| {
        let sealed = ["profile", "connect_password", "token_key", "notice_key", "hash_key", "letter", "wording"]
            .contains(&name.as_str());
        value.as_str().filter(|_| sealed).map(str::to_owned)
    };
    fields.flatten().filter_map(secret).collect()
}
