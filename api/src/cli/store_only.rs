//! The store alone, for commands that look at it or erase from it: nothing is made, rebuilt or followed.

use super::CliError;
use std::path::Path;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::{Storage, StorageOptions};

/// Opens a store that exists.
pub(super) async fn open(config: &Config) -> Result<Storage, CliError> {
    let url = config.database_url.expose();
    let file = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
    if let Some(path) = file.filter(|path| !Path::new(path).exists()) {
        return Err(CliError::Other(format!("there is no store at {path}; set TEIKI_DATABASE_URL to the one meant")));
    }
    Storage::open(url, &StorageOptions::default()).await.map_err(CliError::other)
}
