//! W5: the connection is lost during COMMIT.

use crate::place::{Place, number};
use crate::proxy::{Fault, Proxy};
use crate::tally::{Tally, added, because};
use sqlx::Connection as _;
use teiki_infrastructure::event_store::{AppendError, EventStore};

async fn through_proxy(place: &Place) -> (Proxy, EventStore, EventStore) {
    let direct = EventStore::new(place.open().await);
    let proxy = Proxy::before(&place.url).await;
    let store = EventStore::new(Place { url: proxy.url.clone(), ..place.clone() }.open().await);
    store.append::<Tally>("a", 0, added(&[1]), &because()).await.unwrap();
    (proxy, store, direct)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_a_commit_whose_answer_was_lost_is_found_and_not_repeated() {
    Place::on_postgres(|place| async move {
        let (proxy, store, direct) = through_proxy(&place).await;
        for round in 1..10 {
            proxy.arm(Fault::LoseAnswer);
            assert_eq!(
                store.append::<Tally>("a", round * 2 - 1, added(&[10, 20]), &because()).await.unwrap(),
                round * 2 + 1
            );
            assert!(proxy.happened());
            assert_eq!(direct.load::<Tally>("a").await.unwrap().sequence, round * 2 + 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_a_commit_that_never_arrived_is_stored_once() {
    Place::on_postgres(|place| async move {
        let (proxy, store, direct) = through_proxy(&place).await;
        for round in 1..10 {
            proxy.arm(Fault::LoseCommit);
            assert_eq!(store.append::<Tally>("a", round, added(&[1]), &because()).await.unwrap(), round + 1);
            assert!(proxy.happened());
            assert_eq!(direct.load::<Tally>("a").await.unwrap().aggregate.sum, round as i64 + 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_the_same_command_stored_by_somebody_else_is_not_taken_for_ours() {
    Place::on_postgres(|place| async move {
        let (proxy, store, direct) = through_proxy(&place).await;
        // Two workers carry out the same command; only one may believe that it was the one.
        let command = because();
        direct.append::<Tally>("a", 1, added(&[1]), &command).await.unwrap();
        proxy.arm(Fault::LoseAnswer);
        let result = store.append::<Tally>("a", 1, added(&[1]), &command).await;
        assert!(matches!(result, Err(AppendError::Conflict { .. })), "{result:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_a_store_that_is_gone_is_unavailable_for_writing_and_reading() {
    Place::on_postgres(|place| async move {
        let (_, store, direct) = through_proxy(&place).await;
        store.storage().close().await;
        let result = store.append::<Tally>("a", 1, added(&[1]), &because()).await;
        assert!(matches!(result, Err(AppendError::Unavailable { .. })), "{result:?}");
        assert!(store.load::<Tally>("a").await.unwrap_err().is_unavailable());
        assert_eq!(number(direct.storage(), "SELECT count(*) FROM events").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_while_idle_are_replaced_unseen() {
    Place::on_postgres(|place| async move {
        let (_, store, _) = through_proxy(&place).await;
        // One connection that does the killing and is not killed itself.
        let mut killer = sqlx::PgConnection::connect(&place.url).await.unwrap();
        for round in 1..4 {
            let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let _: i64 = sqlx::query_scalar(kill).fetch_one(&mut killer).await.unwrap();
            assert_eq!(store.append::<Tally>("a", round, added(&[1]), &because()).await.unwrap(), round + 1);
        }
    })
    .await;
}
