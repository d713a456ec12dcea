//! Following the log: catching up, two runners at once, stopping, waiting.

use crate::support::{Fate, Fragile, Shop, Story, aggregate, small, with_order_list};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use teiki_domain::order::Order;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::{ProjectionError, Projections, Status, order_list};
use tokio_util::sync::CancellationToken;

crate::on_both_stores! {
    every_table_says_what_the_aggregates_say;
    two_runners_at_once_apply_every_batch_once;
    a_runner_dropped_in_the_middle_leaves_whole_batches;
    a_projection_that_cannot_fold_stops_and_the_others_go_on;
    a_row_the_store_refuses_stops_only_its_projection_at_its_event;
    waiting_ends_when_passed_and_fails_when_stopped_or_late;
    a_new_projection_joins_the_others;
    a_restart_tries_a_stopped_projection_again;
    the_loop_follows_appends;
}

async fn every_table_says_what_the_aggregates_say(shop: Shop) {
    let head = shop.fill(0..40).await;
    let projections = shop.open().await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    for n in 0..40 {
        let (_, _, id) = shop.ids(n);
        let Some(Story::Order(events)) = shop.story(n, Fate::of(n)).pop() else { unreachable!() };
        let order: Order = aggregate(&events);
        let row = order_list::get(&shop.storage, &id).await.unwrap().unwrap();
        assert_eq!(row.payment_status, order.details().unwrap().payment.code());
        assert_eq!(row.transaction_id.is_some(), Fate::of(n) == Fate::Captured, "R2");
    }
    assert!(projections.positions().await.unwrap().iter().all(|(_, position)| *position == head));
    for name in projections.names() {
        assert_eq!(projections.compare(name).await.unwrap(), vec![], "{name}");
    }
}

async fn two_runners_at_once_apply_every_batch_once(shop: Shop) {
    let head = shop.fill(0..150).await;
    let runners = [shop.open().await, shop.open().await, shop.open().await];
    let reached = futures::future::join_all(runners.iter().map(|runner| {
        let runner = runner.clone();
        async move { tokio::spawn(async move { runner.catch_up().await }).await.unwrap() }
    }))
    .await;
    for reached in reached {
        assert_eq!(reached.unwrap(), head);
    }
    for name in runners[0].names() {
        assert_eq!(runners[0].compare(name).await.unwrap(), vec![], "{name}");
    }
    assert!(statuses(&runners[0]).await.iter().all(|status| status.status == "running"));
}

async fn a_runner_dropped_in_the_middle_leaves_whole_batches(shop: Shop) {
    let head = shop.fill(0..150).await;
    for micros in (0..60).map(|n| 150 + n * n * 10) {
        let runner = shop.open().await;
        let _ = tokio::time::timeout(Duration::from_micros(micros), runner.catch_up()).await;
        drop(runner);
    }
    let projections = shop.open().await;
    // Whatever was reached by then is whole; and it goes on from there.
    for name in projections.names() {
        assert_eq!(projections.compare(name).await.unwrap(), vec![], "{name}");
    }
    assert_eq!(projections.catch_up().await.unwrap(), head);
    for name in projections.names() {
        assert_eq!(projections.compare(name).await.unwrap(), vec![], "{name}");
    }
}

async fn statuses(projections: &Projections) -> Vec<Status> {
    projections.status().await.unwrap()
}

/// The position of the first event of the order of member `n`.
async fn position_of_order(shop: &Shop, n: u32) -> i64 {
    let (_, _, id) = shop.ids(n);
    shop.reader().stream("order", id.as_str()).await.unwrap().first().unwrap().position
}

async fn a_projection_that_cannot_fold_stops_and_the_others_go_on(shop: Shop) {
    let head = shop.fill(0..60).await;
    let broken = position_of_order(&shop, 33).await;
    let fragile = Fragile::current();
    let fails_at = fragile.fails_at.clone();
    fails_at.store(broken, Ordering::SeqCst);
    let projections = shop.open_with(with_order_list(fragile)).await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    for status in statuses(&projections).await {
        if status.name == "order_list" {
            assert_eq!((status.status.as_str(), status.position), ("stopped", broken - 1));
            assert_eq!(status.error, Some(format!("event {broken}: made to fail")));
        } else {
            assert_eq!((status.status.as_str(), status.position), ("running", head), "{}", status.name);
        }
    }
    // Everything before the event is in the table, nothing after it is.
    assert!(order_list::get(&shop.storage, &shop.ids(32).2).await.unwrap().is_some());
    assert!(order_list::get(&shop.storage, &shop.ids(33).2).await.unwrap().is_none());
    // The same process does not try again by itself.
    fails_at.store(0, Ordering::SeqCst);
    projections.catch_up().await.unwrap();
    let still = statuses(&projections).await;
    assert!(still.iter().any(|status| status.name == "order_list" && status.position == broken - 1));
}

async fn a_restart_tries_a_stopped_projection_again(shop: Shop) {
    let head = shop.fill(0..20).await;
    let fragile = Fragile::current();
    fragile.fails_at.store(position_of_order(&shop, 9).await, Ordering::SeqCst);
    shop.open_with(with_order_list(fragile)).await.catch_up().await.unwrap();
    // Looking at it changes nothing.
    let mended = shop.open().await;
    assert!(statuses(&mended).await.iter().any(|status| status.status == "stopped"));
    assert_eq!(mended.catch_up().await.unwrap(), head);
    assert!(statuses(&mended).await.iter().all(|status| status.status == "running" && status.error.is_none()));
    assert_eq!(mended.compare("order_list").await.unwrap(), vec![]);
}

async fn a_row_the_store_refuses_stops_only_its_projection_at_its_event(shop: Shop) {
    let head = shop.fill(0..60).await;
    let broken = position_of_order(&shop, 33).await;
    let projections = shop.open_with(with_order_list(Fragile { unwritable_at: broken, ..Fragile::current() })).await;
    if let Storage::Sqlite(sqlite) = &shop.storage {
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON order_list WHEN NEW.generated_at = char(0) \
                      BEGIN SELECT RAISE(ABORT, 'refused'); END";
        sqlx::query(refuse).execute(&sqlite.writer).await.unwrap();
    }
    assert_eq!(projections.catch_up().await.unwrap(), head);
    for status in statuses(&projections).await {
        if status.name == "order_list" {
            assert_eq!((status.status.as_str(), status.position), ("stopped", broken - 1), "{:?}", status.error);
            assert!(status.error.unwrap().starts_with(&format!("event {broken}: the store refuses its rows")));
        } else {
            assert_eq!((status.status.as_str(), status.position), ("running", head), "{}", status.name);
        }
    }
}

async fn waiting_ends_when_passed_and_fails_when_stopped_or_late(shop: Shop) {
    let head = shop.fill(0..10).await;
    let projections = shop.open().await;
    let late = projections.wait_for(head, Duration::from_millis(20)).await;
    assert!(matches!(late, Err(ProjectionError::NotInTime { position, reached: 0 }) if position == head), "{late:?}");

    // Another process moves them; this one sees it.
    let other = shop.open().await;
    let (waited, _) = tokio::join!(projections.wait_for(head, Duration::from_secs(20)), other.catch_up());
    waited.unwrap();

    let fragile = Fragile::current();
    let broken = head + 6;
    fragile.fails_at.store(broken, Ordering::SeqCst);
    let projections = shop.open_with(with_order_list(fragile)).await;
    let head = shop.fill(10..12).await;
    projections.catch_up().await.unwrap();
    projections.wait_for(broken - 1, Duration::from_secs(1)).await.unwrap();
    let stopped = projections.wait_for(head, Duration::from_secs(20)).await;
    assert!(
        matches!(&stopped, Err(ProjectionError::Stopped { name, position, .. }) if name == "order_list" && *position == broken - 1),
        "{stopped:?}"
    );
}

async fn a_new_projection_joins_the_others(shop: Shop) {
    shop.fill(0..40).await;
    let mut fewer = teiki_projections::all();
    fewer.retain(|projection| projection.name() != "subscription_list");
    shop.open_with(fewer).await.catch_up().await.unwrap();
    let head = shop.fill(40..45).await;
    let projections = shop.open().await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    assert!(projections.positions().await.unwrap().iter().all(|(_, position)| *position == head));
    assert_eq!(projections.compare("subscription_list").await.unwrap(), vec![]);
}

async fn the_loop_follows_appends(shop: Shop) {
    let projections = shop.open().await;
    let stop = CancellationToken::new();
    let head = shop.sequencer.head();
    let sequencer = tokio::spawn(shop.sequencer.clone().run(stop.clone()));
    let runner = projections.clone();
    let follower = {
        let stop = stop.clone();
        tokio::spawn(async move { runner.run(stop, head).await })
    };
    for n in 0..20 {
        shop.member_with_order(n, Fate::of(n)).await;
    }
    projections.wait_for(20 * 8 - 2, Duration::from_secs(20)).await.unwrap();
    assert!(order_list::get(&shop.storage, &shop.ids(19).2).await.unwrap().is_some());
    stop.cancel();
    follower.await.unwrap();
    sequencer.await.unwrap();
}

#[test]
fn names_that_do_not_exist_are_answered_with_those_that_do() {
    crate::support::on_sqlite(|shop: Shop| async move {
        let projections =
            Projections::open_with(shop.storage.clone(), shop.reader(), teiki_projections::all(), small())
                .await
                .unwrap();
        let error = projections.rebuild("orders", &|_, _| {}).await.unwrap_err().to_string();
        let names: Vec<&str> = teiki_projections::all().iter().map(|projection| projection.name()).collect();
        assert!(error.contains("\"orders\"") && error.contains(&names.join(", ")), "{error}");
        let _: Arc<str> = error.into();
    });
}
