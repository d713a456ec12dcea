//! Paygent's difference notices as they came: durable, each once, with the holes in their numbers.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use crate::paygent::Notice;
use chrono::{DateTime, Utc};

/// The notices cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("Paygent's notices cannot be read or written ({0}); try again when the store is back")]
pub struct InboxError(String);

impl From<sqlx::Error> for InboxError {
    fn from(error: sqlx::Error) -> Self {
        Self(in_words(&error).0)
    }
}

/// How a notice came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBy {
    /// Paygent sent it.
    Notice,
    /// We fetched it (091).
    Fetched,
}

impl CameBy {
    fn code(self) -> &'static str {
        match self {
            CameBy::Notice => "notice",
            CameBy::Fetched => "fetched",
        }
    }
}

/// What taking a notice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is new.
    New,
    /// It came before.
    Known,
    /// Another one came before under its number; that one stays.
    Differs,
}

/// A notice as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxNotice {
    /// Whose.
    pub merchant_id: String,
    /// Its number, counted by Paygent per merchant.
    pub notice_id: u64,
    /// The payment it is about.
    pub payment_id: String,
    /// What the payment was made under, if anything.
    pub trading_id: Option<String>,
    /// Its status as sent; not covered by the check value.
    pub payment_status: String,
    /// Its amount in yen.
    pub payment_amount: i64,
    /// When it came, RFC 3339.
    pub received_at: String,
}

type Row = (String, i64, String, Option<String>, String, i64, String);

const COLUMNS: &str = "merchant_id, notice_id, payment_id, trading_id, payment_status, payment_amount, received_at";

impl From<Row> for InboxNotice {
    fn from((merchant_id, number, payment_id, trading_id, payment_status, payment_amount, received_at): Row) -> Self {
        let notice_id = u64::try_from(number).unwrap_or_default();
        Self { merchant_id, notice_id, payment_id, trading_id, payment_status, payment_amount, received_at }
    }
}

fn number(notice_id: u64) -> i64 {
    i64::try_from(notice_id).unwrap_or(i64::MAX)
}

/// Keeps a notice. Durable when this returns.
pub async fn receive(
    storage: &Storage,
    merchant: &str,
    notice: &Notice,
    now: DateTime<Utc>,
    came_by: CameBy,
) -> Result<Received, InboxError> {
    const SQL: &str = "INSERT INTO paygent_notices (merchant_id, notice_id, payment_id, trading_id, payment_status, \
        payment_amount, came_by, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (merchant_id, notice_id) DO NOTHING";
    let (id, payment, amount) = (number(notice.notice_id), notice.payment_id.as_str(), notice.amount.get());
    let (trading, status, at) = (notice.trading_id.as_deref(), notice.status.code(), now.to_rfc3339());
    let changed = execute!(storage, SQL, merchant, id, payment, trading, status, amount, came_by.code(), at.as_str())?;
    if changed.0 > 0 {
        // It came after all.
        const FOUND: &str = "DELETE FROM paygent_notices_lost WHERE merchant_id = $1 AND notice_id = $2";
        execute!(storage, FOUND, merchant, id)?;
        const ASIDE: &str = "DELETE FROM set_aside WHERE kind = 'notice' AND subject = $1";
        execute!(storage, ASIDE, name(merchant, notice.notice_id))?;
        return Ok(Received::New);
    }
    const KNOWN: &str =
        "SELECT payment_id, payment_amount FROM paygent_notices WHERE merchant_id = $1 AND notice_id = $2";
    let known: Vec<(String, i64)> = fetch!(storage, KNOWN, merchant, id)?;
    let same = known.iter().all(|(known, yen)| known == payment && *yen == amount);
    Ok(if same { Received::Known } else { Received::Differs })
}

/// What a notice is called where it is set aside.
pub fn name(merchant: &str, notice_id: u64) -> String {
    format!("{merchant}:{notice_id}")
}

/// Notices nobody has acted on yet, oldest first; without those set aside, so that they stand in no other's way.
pub async fn open(storage: &Storage, limit: i64) -> Result<Vec<InboxNotice>, InboxError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM paygent_notices WHERE handled_at IS NULL AND NOT EXISTS (SELECT 1 FROM set_aside \
         WHERE kind = 'notice' AND subject = merchant_id || ':' || notice_id) \
         ORDER BY received_at, merchant_id, notice_id LIMIT $1"
    );
    let rows: Vec<Row> = fetch!(storage, &sql, limit)?;
    Ok(rows.into_iter().map(InboxNotice::from).collect())
}

/// Every payment that notices ever named under a transaction ID. An inquiry does not list them: where an amount was
/// lowered there are several, and it only says so.
pub async fn payments_under(storage: &Storage, trading_id: &str) -> Result<Vec<String>, InboxError> {
    const SQL: &str = "SELECT DISTINCT payment_id FROM paygent_notices WHERE trading_id = $1 ORDER BY payment_id";
    let rows: Vec<(String,)> = fetch!(storage, SQL, trading_id)?;
    Ok(rows.into_iter().map(|(payment_id,)| payment_id).collect())
}

/// How many notices a merchant has had, and how many of them nobody has acted on yet.
pub async fn counts(storage: &Storage, merchant: &str) -> Result<(u64, u64), InboxError> {
    const SQL: &str = "SELECT COUNT(*), COUNT(*) - COUNT(handled_at) FROM paygent_notices WHERE merchant_id = $1";
    let rows: Vec<(i64, i64)> = fetch!(storage, SQL, merchant)?;
    let (all, open) = rows.first().copied().unwrap_or_default();
    Ok((all.unsigned_abs(), open.unsigned_abs()))
}

/// A notice is done with; `verdict` says what came of it.
pub async fn handled(
    storage: &Storage,
    merchant: &str,
    notice_id: u64,
    verdict: &str,
    now: DateTime<Utc>,
) -> Result<(), InboxError> {
    const SQL: &str =
        "UPDATE paygent_notices SET handled_at = $3, verdict = $4 WHERE merchant_id = $1 AND notice_id = $2";
    execute!(storage, SQL, merchant, number(notice_id), now.to_rfc3339(), verdict)?;
    Ok(())
}

/// Numbers missing between the first and the newest notice of a merchant, smallest first; without those given up.
pub async fn holes(storage: &Storage, merchant: &str, limit: i64) -> Result<Vec<u64>, InboxError> {
    // Known numbers in sequence, each with the next one: a hole lies where the next is not one more. One is taken from
    // the next, not added to the number: the largest number has no sum.
    const SQL: &str = "SELECT notice_id, following FROM (\
        SELECT notice_id, LEAD(notice_id) OVER (ORDER BY notice_id) AS following FROM (\
        SELECT notice_id FROM paygent_notices WHERE merchant_id = $1 \
        UNION SELECT notice_id FROM paygent_notices_lost WHERE merchant_id = $1) AS known) AS pairs \
        WHERE following - 1 > notice_id ORDER BY notice_id LIMIT $2";
    let edges: Vec<(i64, i64)> = fetch!(storage, SQL, merchant, limit)?;
    let numbers = edges.into_iter().flat_map(|(before, after)| before + 1..after);
    Ok(numbers.take(usize::try_from(limit).unwrap_or_default()).filter_map(|hole| u64::try_from(hole).ok()).collect())
}

/// The number before the first notice that is known of a merchant, as long as nobody found that Paygent keeps none
/// there: the first one can get lost as well.
pub async fn before_first(storage: &Storage, merchant: &str) -> Result<Option<u64>, InboxError> {
    const SQL: &str = "SELECT notice_id FROM paygent_notices WHERE merchant_id = $1 AND NOT EXISTS (\
        SELECT 1 FROM paygent_notices_lost WHERE merchant_id = $1 AND \
        notice_id < (SELECT MIN(notice_id) FROM paygent_notices WHERE merchant_id = $1)) ORDER BY notice_id LIMIT 1";
    let first: Vec<(i64,)> = fetch!(storage, SQL, merchant)?;
    Ok(first.first().and_then(|(first,)| u64::try_from(first - 1).ok()).filter(|number| *number > 0))
}

/// A missing notice will never come: Paygent keeps it no more.
pub async fn give_up_hole(
    storage: &Storage,
    merchant: &str,
    notice_id: u64,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), InboxError> {
    const SQL: &str = "INSERT INTO paygent_notices_lost (merchant_id, notice_id, why, since) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (merchant_id, notice_id) DO NOTHING";
    execute!(storage, SQL, merchant, number(notice_id), why, now.to_rfc3339())?;
    Ok(())
}
