//! The database role for reporting tools: it may read the views and nothing else.

use crate::connection::{Conn, Tx};
use crate::table::Dialect;
use teiki_infrastructure::event_store::Storage;

/// Why the role cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Its name is none.
    #[error(
        "{0:?} cannot be the name of a role; take lower-case letters, digits and _, beginning with a letter, at most 63"
    )]
    Name(String),
    /// A file has no roles.
    #[error(
        "an embedded store has no roles; let the reporting tool open the file for reading only, beside the running engine"
    )]
    Embedded,
    /// The server refused.
    #[error("the role {role} cannot be set up ({source}); print the statements and let an administrator run them")]
    Refused {
        /// Which role.
        role: String,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// The statements that make the role, take everything from it, and let it read the views. They may be run again.
///
/// # Errors
/// [`RoleError::Embedded`] on SQLite, [`RoleError::Name`] for a name that is none.
pub async fn statements(storage: &Storage, role: &str) -> Result<Vec<String>, RoleError> {
    let sound = role.starts_with(|c: char| c.is_ascii_lowercase())
        && role.len() <= 63
        && role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !sound {
        return Err(RoleError::Name(role.chars().take(80).collect()));
    }
    let Storage::Postgres(pool) = storage else { return Err(RoleError::Embedded) };
    let schema: String = sqlx::query_scalar("SELECT quote_ident(current_schema())")
        .fetch_one(pool)
        .await
        .map_err(|source| RoleError::Refused { role: role.to_owned(), source })?;
    let views: Vec<_> = super::all().into_iter().map(|report| format!("{schema}.{}", report.view())).collect();
    Ok(vec![
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN \
             CREATE ROLE {role} NOLOGIN; END IF; END $$"
        ),
        // Asked for once: whoever runs this again need not be allowed to change the role.
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole \
             WHERE r.rolname = '{role}' AND s.setdatabase = 0 \
             AND 'default_transaction_read_only=on' = ANY (s.setconfig)) THEN \
             ALTER ROLE {role} SET default_transaction_read_only = on; END IF; END $$"
        ),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT SELECT ON {} TO {role}", views.join(", ")),
    ])
}

/// Runs [`statements`] in one transaction.
///
/// # Errors
/// As [`statements`], and [`RoleError::Refused`] when the user of the store may not do this.
pub async fn set_up(storage: &Storage, role: &str) -> Result<(), RoleError> {
    let statements = statements(storage, role).await?;
    let refused = |source| RoleError::Refused { role: role.to_owned(), source };
    let mut tx = Tx::write(storage).await.map_err(refused)?;
    run(&mut tx.conn(), &statements).await.map_err(refused)?;
    tx.commit().await.map_err(refused)
}

async fn run(conn: &mut Conn<'_>, statements: &[String]) -> Result<(), sqlx::Error> {
    debug_assert_eq!(conn.dialect(), Dialect::Postgres);
    for statement in statements {
        conn.define(statement).await?;
    }
    Ok(())
}
