//! How fast a long log is folded. Not part of the usual run: `cargo test -p teiki-projections -- --ignored`.

use crate::support::{Fate, Shop, Story};
use std::time::Instant;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::Projections;

crate::on_both_stores! {
    #[ignore = "a measurement"]
    rebuilds_of_a_long_log;
}

const MEMBERS: u32 = 15_000;

/// Writes the streams straight into `events`, then lets the sequencer place them.
async fn write(shop: &Shop) -> i64 {
    for from in (0..MEMBERS).step_by(500) {
        let mut rows = vec![];
        for n in from..from + 500 {
            let (member, subscription, order) = shop.ids(n);
            for story in shop.story(n, Fate::of(n)) {
                let (kind, id, payloads) = match story {
                    Story::Member(events) => ("member", member.to_string(), json(&events)),
                    Story::Subscription(events) => ("subscription", subscription.to_string(), json(&events)),
                    Story::Order(events) => ("order", order.to_string(), json(&events)),
                };
                for (i, (event_type, payload)) in payloads.into_iter().enumerate() {
                    rows.push((kind, id.clone(), i as i64 + 1, event_type, payload));
                }
            }
        }
        const HEAD: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                            payload, metadata) ";
        macro_rules! insert {
            ($database:ty, $cast:literal, $pool:expr) => {
                for chunk in rows.chunks(500) {
                    let mut query = sqlx::QueryBuilder::<$database>::new(HEAD);
                    query.push_values(chunk, |mut row, (kind, id, sequence, event_type, payload)| {
                        row.push_bind(*kind).push_bind(id).push_bind(sequence).push_bind(event_type);
                        row.push_bind("1.0.0").push_bind(payload).push_unseparated($cast);
                        row.push("'{}'");
                    });
                    query.build().execute($pool).await.unwrap();
                }
            };
        }
        match &shop.storage {
            Storage::Sqlite(sqlite) => insert!(sqlx::Sqlite, "", &sqlite.writer),
            Storage::Postgres(pool) => insert!(sqlx::Postgres, "::json", pool),
        }
    }
    shop.sequencer.catch_up().await.unwrap()
}

fn json<E: cqrs_es::DomainEvent>(events: &[E]) -> Vec<(String, String)> {
    events.iter().map(|event| (event.event_type(), serde_json::to_string(event).unwrap())).collect()
}

async fn rebuilds_of_a_long_log(shop: Shop) {
    let begun = Instant::now();
    let head = write(&shop).await;
    println!("{head} events written in {:.1} s", begun.elapsed().as_secs_f64());
    let projections = Projections::open(shop.storage.clone(), shop.reader()).await.unwrap();
    let rate = |begun: Instant| head as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    assert_eq!(projections.catch_up().await.unwrap(), head);
    println!("all projections together: {:.0} events/s", rate(begun));
    for name in projections.names() {
        let before = projections.digest(name).await.unwrap();
        let begun = Instant::now();
        projections.rebuild(name, &|_, _| {}).await.unwrap();
        println!("rebuild of {name}: {:.0} events/s", rate(begun));
        assert_eq!(projections.digest(name).await.unwrap(), before);
    }
}
