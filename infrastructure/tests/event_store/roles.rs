//! PostgreSQL: a plain owner of a schema is enough.

use crate::order::fill;
use crate::place::Place;
use teiki_infrastructure::event_store::{EventStore, LogReader, Sequencer};

#[tokio::test]
async fn no_superuser_is_needed_and_pg_control_system_may_be_forbidden() {
    Place::on_postgres(|place| async move {
        let pool = sqlx::PgPool::connect(&place.url).await.unwrap();
        let role = format!("teiki_role_{:08x}", rand::random::<u32>());
        let prepare = format!(
            "CREATE ROLE {role} NOSUPERUSER; CREATE SCHEMA shop AUTHORIZATION {role}; \
             REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"
        );
        sqlx::raw_sql(&prepare).execute(&pool).await.unwrap();
        let separator = if place.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}options[search_path]=shop&options[role]={role}", place.url);
        let storage = Place { url, ..place.clone() }.open().await;
        let store = EventStore::new(storage.clone());
        fill(&store, 2, 2).await;
        assert_eq!(Sequencer::new(store).catch_up().await.unwrap(), 4);
        assert_eq!(LogReader::new(storage.clone()).verify(|_| ()).await.unwrap().head, 4);
        storage.close().await;
        sqlx::raw_sql(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).execute(&pool).await.unwrap();
        pool.close().await;
    })
    .await;
}
