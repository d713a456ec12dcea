//! Reading one shop's events without passing over those of others.

use super::Storage;
use super::log_reader::{LogError, LogEvent, LogReader, from_postgres, from_sqlite, log_error};
use teiki_domain::ids::ShopId;

/// Answered by the index `event_log_shops`: the cost is that of the rows returned, not of the log between them.
const OF_SHOP: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, recorded_at, hash FROM event_log WHERE substr(aggregate_id, 1, 5) = $1 AND position > $2 \
    AND position <= $3 ORDER BY position LIMIT $4";

impl LogReader {
    /// The events of one shop behind position `after`, up to and including `through`, at most `limit`, in log order.
    /// Other shops' events lie between them, so positions have gaps here, and holes are not noticed: the projections,
    /// which read everything, notice them.
    pub async fn page_of_shop(
        &self,
        shop: ShopId,
        after: i64,
        through: i64,
        limit: i64,
    ) -> Result<Vec<LogEvent>, LogError> {
        let (shop, limit) = (shop.to_string(), limit.max(0));
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let asked = sqlx::query(OF_SHOP).bind(shop).bind(after).bind(through).bind(limit);
                asked.try_map(from_sqlite).fetch_all(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let asked = sqlx::query(OF_SHOP).bind(shop).bind(after).bind(through).bind(limit);
                asked.try_map(from_postgres).fetch_all(pool).await
            }
        };
        read.map_err(|error| log_error(after, &error))
    }
}
