//! Fresh stores of both kinds, one for each test.

use sqlx::{Connection as _, Executor as _, PgConnection};
use std::path::Path;

/// The variable with the PostgreSQL server the tests may make databases on.
pub const SERVER: &str = "TEIKI_TEST_POSTGRES_URL";

/// Which kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Embedded.
    Sqlite,
    /// A database of its own on the test server.
    Postgres,
}

/// A store that nobody used before; a database made for it is dropped by [`drop_store`].
pub async fn fresh(kind: StoreKind, folder: &Path) -> String {
    match kind {
        StoreKind::Sqlite => format!("sqlite:{}", folder.join("teiki.db").display()),
        StoreKind::Postgres => {
            let server = server();
            let name = format!("teiki_it_{}", uuid::Uuid::now_v7().simple());
            let mut connection = PgConnection::connect(&server).await.expect("the test server answers");
            connection.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database can be made");
            with_database(&server, &name)
        }
    }
}

/// A copy of a store that nobody uses at this moment, as a backup would be; dropped as others are.
pub async fn copy(url: &str, folder: &Path) -> String {
    let name = format!("teiki_it_{}", uuid::Uuid::now_v7().simple());
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let copy = folder.join(format!("{name}.db"));
            for end in ["", "-wal"] {
                let from = format!("{path}{end}");
                if Path::new(&from).exists() {
                    std::fs::copy(from, format!("{}{end}", copy.display())).expect("the store's files can be copied");
                }
            }
            format!("sqlite:{}", copy.display())
        }
        None => {
            let mut connection = PgConnection::connect(&server()).await.expect("the test server answers");
            let statement = format!("CREATE DATABASE {name} TEMPLATE {}", database(url));
            connection.execute(statement.as_str()).await.expect("a database nobody uses can be copied");
            with_database(&server(), &name)
        }
    }
}

/// Drops what [`fresh`] made on a server.
pub async fn drop_store(url: &str) {
    if !url.starts_with("postgres") {
        return;
    }
    let name = database(url);
    let mut connection = PgConnection::connect(&server()).await.expect("the test server answers");
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    connection.execute(statement.as_str()).await.expect("the database can be dropped");
}

fn server() -> String {
    std::env::var(SERVER)
        .unwrap_or_else(|_| panic!("{SERVER} names no PostgreSQL server; run `make test`, which starts one, or set it"))
}

/// Start and end of the database name in a URL.
fn name_range(url: &str) -> (usize, usize) {
    let authority = url.find("://").expect("a URL has a scheme") + 3;
    let start = url[authority..].find('/').map_or(url.len(), |i| authority + i + 1);
    let end = url[start..].find('?').map_or(url.len(), |i| start + i);
    (start, end)
}

fn with_database(url: &str, name: &str) -> String {
    let (start, end) = name_range(url);
    format!("{}{name}{}", &url[..start], &url[end..])
}

fn database(url: &str) -> &str {
    let (start, end) = name_range(url);
    &url[start..end]
}
