//! Rebuilding beside the live tables.

use crate::support::{Fragile, Shop, with_order_list};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::digest::What;
use teiki_projections::{ProjectionError, order_list};
use tokio_util::sync::CancellationToken;

crate::on_both_stores! {
    a_rebuild_equals_the_live_tables;
    a_rebuild_while_the_log_grows_loses_nothing;
    an_interrupted_rebuild_leaves_the_live_tables_and_is_dropped;
    two_rebuilds_at_once_end_well;
    another_version_is_rebuilt_when_opened;
    missing_tables_are_rebuilt_when_opened;
    a_rebuild_mends_a_stopped_projection;
    a_rebuild_that_cannot_fold_changes_nothing;
    comparing_finds_what_differs;
}

pub(crate) async fn execute(storage: &Storage, sql: &str) {
    match storage {
        Storage::Sqlite(sqlite) => drop(sqlx::query(sql).execute(&sqlite.writer).await.unwrap()),
        Storage::Postgres(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
    }
}

async fn a_rebuild_equals_the_live_tables(shop: Shop) {
    let head = shop.fill(0..100).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    for name in projections.names() {
        let before = projections.digest(name).await.unwrap();
        let seen = Mutex::new(vec![]);
        let position = projections.rebuild(name, &|at, head| seen.lock().unwrap().push((at, head))).await.unwrap();
        assert_eq!(position, head);
        assert_eq!(projections.digest(name).await.unwrap(), before, "{name}");
        let seen = seen.into_inner().unwrap();
        assert!(seen.len() > 2 && seen.is_sorted() && seen.last() == Some(&(head, head)), "{seen:?}");
    }
    // Twice: names of indexes and constraints do not collide with those of the generation before.
    projections.rebuild("order_list", &|_, _| {}).await.unwrap();
    let statuses = projections.status().await.unwrap();
    assert_eq!(statuses.len(), projections.names().len());
    assert!(statuses.iter().any(|status| status.name == "order_list" && status.generation == 3));
    let head = shop.fill(100..105).await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
    assert_eq!(projections.compare("order_list").await.unwrap(), vec![]);
}

async fn a_rebuild_while_the_log_grows_loses_nothing(shop: Shop) {
    shop.fill(0..60).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    let stop = CancellationToken::new();
    let runner = projections.clone();
    let (token, head) = (stop.clone(), shop.sequencer.head());
    let follower = tokio::spawn(async move { runner.run(token, head).await });
    let writer = shop.clone();
    let growing = tokio::spawn(async move {
        let mut head = 0;
        for n in (60..140).step_by(4) {
            head = writer.fill(n..n + 4).await;
        }
        head
    });
    while !growing.is_finished() {
        projections.rebuild("order_list", &|_, _| {}).await.unwrap();
        projections.rebuild("due_renewals", &|_, _| {}).await.unwrap();
    }
    let head = growing.await.unwrap();
    projections.wait_for(head, Duration::from_secs(20)).await.unwrap();
    stop.cancel();
    follower.await.unwrap();
    for name in projections.names() {
        assert_eq!(projections.compare(name).await.unwrap(), vec![], "{name}");
    }
}

async fn an_interrupted_rebuild_leaves_the_live_tables_and_is_dropped(shop: Shop) {
    let head = shop.fill(0..100).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    let before = projections.digest("order_list").await.unwrap();
    // Ended as if by a crash, at the first word of progress.
    let rebuilding = projections.clone();
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let _ = rebuilding
            .rebuild("order_list", &move |at, _| {
                let _ = said.send(at);
                std::thread::sleep(Duration::from_millis(20));
            })
            .await;
    });
    heard.recv().await.unwrap();
    task.abort();
    let _ = task.await;
    assert!(projections.status().await.unwrap().iter().any(|status| status.name == "order_list__next"));
    assert_eq!(projections.digest("order_list").await.unwrap(), before);

    let stop = CancellationToken::new();
    let (token, heads, runner) = (stop.clone(), shop.sequencer.head(), shop.open().await);
    let follower = tokio::spawn(async move { runner.run(token, heads).await });
    tokio::time::timeout(Duration::from_secs(20), async {
        while projections.status().await.unwrap().iter().any(|status| status.name.contains("__")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("leftovers were not dropped");
    stop.cancel();
    follower.await.unwrap();
    assert_eq!(projections.rebuild("order_list", &|_, _| {}).await.unwrap(), head);
    assert_eq!(projections.digest("order_list").await.unwrap(), before);
}

async fn two_rebuilds_at_once_end_well(shop: Shop) {
    shop.fill(0..100).await;
    let (one, two) = (shop.open().await, shop.open().await);
    one.catch_up().await.unwrap();
    let (first, second) = tokio::join!(one.rebuild("order_list", &|_, _| {}), two.rebuild("order_list", &|_, _| {}));
    // The second waits for the first; begun in the same instant, one of them may be told so.
    for result in [&first, &second] {
        assert!(matches!(result, Ok(_) | Err(ProjectionError::TakenOver { .. })), "{result:?}");
    }
    assert!(first.is_ok() || second.is_ok());
    assert_eq!(one.compare("order_list").await.unwrap(), vec![]);
    assert_eq!(one.status().await.unwrap().len(), one.names().len());
}

async fn another_version_is_rebuilt_when_opened(shop: Shop) {
    let head = shop.fill(0..50).await;
    let old = shop.open().await;
    old.catch_up().await.unwrap();
    execute(&shop.storage, "UPDATE order_list SET list = 'of the old version'").await;
    let new = shop.open_with(with_order_list(Fragile::new(99))).await;
    let row = order_list::get(&shop.storage, &shop.ids(1).2).await.unwrap().unwrap();
    assert_eq!(row.list, "open");
    assert!(
        new.status().await.unwrap().iter().any(|s| s.name == "order_list" && s.version == 99 && s.position == head)
    );
    // The old program, still running, keeps its hands off and says so.
    let head = shop.fill(50..52).await;
    old.catch_up().await.unwrap();
    let refused = old.wait_for(head, Duration::from_secs(5)).await;
    assert!(matches!(refused, Err(ProjectionError::OtherVersion { stored: 99, .. })), "{refused:?}");
    assert_eq!(new.catch_up().await.unwrap(), head);
    assert_eq!(new.compare("order_list").await.unwrap(), vec![]);
}

async fn missing_tables_are_rebuilt_when_opened(shop: Shop) {
    shop.fill(0..30).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    let before = projections.digest("card_expiry_table").await.unwrap();
    let with_its_views = if matches!(shop.storage, Storage::Postgres(_)) { " CASCADE" } else { "" };
    execute(&shop.storage, &format!("DROP TABLE card_expiry_cards{with_its_views}")).await;
    assert_eq!(shop.open().await.digest("card_expiry_table").await.unwrap(), before);
}

async fn a_rebuild_mends_a_stopped_projection(shop: Shop) {
    let head = shop.fill(0..30).await;
    let fragile = Fragile::current();
    let fails_at = fragile.fails_at.clone();
    fails_at.store(7 * 8 - 1, Ordering::SeqCst);
    let projections = shop.open_with(with_order_list(fragile)).await;
    projections.catch_up().await.unwrap();
    assert!(projections.status().await.unwrap().iter().any(|status| status.status == "stopped"));
    fails_at.store(0, Ordering::SeqCst);
    assert_eq!(projections.rebuild("order_list", &|_, _| {}).await.unwrap(), head);
    assert!(projections.status().await.unwrap().iter().all(|status| status.status == "running"));
    projections.wait_for(head, Duration::from_secs(5)).await.unwrap();
    let head = shop.fill(30..32).await;
    assert_eq!(projections.catch_up().await.unwrap(), head);
}

async fn a_rebuild_that_cannot_fold_changes_nothing(shop: Shop) {
    shop.fill(0..60).await;
    let fragile = Fragile::current();
    let fails_at = fragile.fails_at.clone();
    let projections = shop.open_with(with_order_list(fragile)).await;
    projections.catch_up().await.unwrap();
    let before = projections.digest("order_list").await.unwrap();
    let statuses = projections.status().await.unwrap();
    let broken = shop.reader().stream("order", shop.ids(40).2.as_str()).await.unwrap()[0].position;
    fails_at.store(broken, Ordering::SeqCst);
    let failed = projections.rebuild("order_list", &|_, _| {}).await;
    assert!(matches!(&failed, Err(ProjectionError::Stopped { position, .. }) if *position == broken - 1), "{failed:?}");
    assert_eq!(projections.digest("order_list").await.unwrap(), before);
    assert_eq!(projections.status().await.unwrap(), statuses);
}

async fn comparing_finds_what_differs(shop: Shop) {
    shop.fill(0..30).await;
    let projections = shop.open().await;
    projections.catch_up().await.unwrap();
    let [surplus, missing, changed] = [1, 2, 3].map(|n| shop.ids(n).2.to_string());
    execute(&shop.storage, &format!("UPDATE order_list SET order_id = 'x' WHERE order_id = '{surplus}'")).await;
    execute(&shop.storage, &format!("DELETE FROM order_list WHERE order_id = '{missing}'")).await;
    execute(&shop.storage, &format!("UPDATE order_list SET amount = NULL, list = 'y' WHERE order_id = '{changed}'"))
        .await;
    let differences = projections.compare("order_list").await.unwrap();
    let found: Vec<_> = differences.iter().map(|d| (d.key.as_str(), d.what.clone())).collect();
    let columns = What::Columns(vec!["amount".to_owned(), "list".to_owned()]);
    let expected =
        [(surplus.as_str(), What::Missing), (&missing, What::Missing), ("x", What::Surplus), (&changed, columns)];
    assert_eq!(found, expected);
    assert!(projections.status().await.unwrap().iter().all(|status| !status.name.contains("__")));
}
