//! When members were last written to about their cards (K1, K3, K4, K6): read from the list of mails.

use crate::connection::dialect;
use crate::mail_list::MailRow;
use crate::query::{QueryError, Select};
use crate::table::{Dialect, Row as _};
use std::collections::HashMap;
use teiki_domain::mail::MailKind;
use teiki_infrastructure::event_store::Storage;

/// When the newest mail about the end of a card was requested, by member, RFC 3339; members without one are left out.
/// At most 1,000 members at once.
pub async fn newest(storage: &Storage, members: &[String]) -> Result<HashMap<String, String>, QueryError> {
    let table = MailRow::table().name;
    let members = serde_json::to_string(members)
        .map_err(|error| QueryError { table, source: sqlx::Error::Encode(Box::new(error)) })?;
    let (open, close) = match dialect(storage) {
        Dialect::Sqlite => ("member_id IN (SELECT value FROM json_each(", "))"),
        Dialect::Postgres => ("member_id IN (SELECT json_array_elements_text(", "::json))"),
    };
    let mut select = Select::new("SELECT member_id, MAX(requested_at) FROM mail_list");
    select.and(open).bind(&members).push(close);
    select.and("kind IN (").bind(&MailKind::CardClose.as_str().to_owned());
    select.push(", ").bind(&MailKind::CardExpired.as_str().to_owned()).push(") GROUP BY member_id");
    let rows = select.fetch(storage, table, |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?))).await?;
    Ok(rows.into_iter().collect())
}
