//! Whether the file of an embedded store is sound in itself: what is read along a damaged index ends early, and nothing
//! else would say so.

use super::Storage;
use super::log_reader::{LogError, LogReader, log_error};
use std::collections::HashMap;

/// What SQLite says of a file that is sound.
const SOUND: &str = "ok";

impl LogReader {
    /// What is damaged in the file of an embedded store, as SQLite says it, with the name of the table or index; empty
    /// when nothing is. A server has tools of its own for this (`pg_amcheck`): nothing is looked at there.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub async fn damage(&self) -> Result<Vec<String>, LogError> {
        let Storage::Sqlite(sqlite) = &self.storage else { return Ok(vec![]) };
        let failed = |error| log_error(0, &error);
        let said: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&sqlite.readers).await.map_err(failed)?;
        if said.iter().all(|line| line == SOUND) {
            return Ok(vec![]);
        }
        let roots: Vec<(i64, String)> =
            sqlx::query_as("SELECT rootpage, type || ' ' || name FROM sqlite_master WHERE rootpage > 0")
                .fetch_all(&sqlite.readers)
                .await
                .map_err(failed)?;
        let roots: HashMap<i64, String> = roots.into_iter().collect();
        Ok(said.iter().map(|line| named(line, &roots)).filter(|line| !line.is_empty()).collect())
    }
}

/// Where SQLite speaks of a tree by its number, its name behind it.
fn named(line: &str, roots: &HashMap<i64, String>) -> String {
    // The first line of several may begin with a heading of its own.
    let line = line.lines().filter(|line| !line.starts_with("***")).collect::<Vec<_>>().join("; ");
    let number = line.strip_prefix("Tree ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    match number.and_then(|number: i64| roots.get(&number)) {
        Some(name) => format!("{line} ({name})"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_called_by_its_name() {
        let roots = HashMap::from([(12, "index event_log_shops".to_owned())]);
        let named = |line| named(line, &roots);
        assert_eq!(
            named("*** in database main ***\nTree 12 page 40 cell 3: Rowid 9 out of order"),
            "Tree 12 page 40 cell 3: Rowid 9 out of order (index event_log_shops)"
        );
        assert_eq!(named("row 7 missing from index event_log_shops"), "row 7 missing from index event_log_shops");
    }
}
