//! One command for many orders, asked for at the console: which orders, and what came of each. A job goes on when the page
//! is closed, and after a restart; each order is answered once.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use chrono::{DateTime, SecondsFormat, Utc};
use teiki_domain::ids::ShopId;

/// Jobs cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the jobs for many orders cannot be read or written ({0}); they go on when the store is back")]
pub struct JobError(String);

fn failed(error: sqlx::Error) -> JobError {
    JobError(in_words(&error).0)
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, that of the command.
    pub job_id: String,
    /// The shop whose orders they are.
    pub shop: ShopId,
    /// Who asked, as the history names them.
    pub actor: String,
    /// What is done with each: `capture` or `complete`.
    pub action: String,
    /// Order numbers, in the order asked for.
    pub order_ids: Vec<String>,
    /// When it was asked for, RFC 3339.
    pub created_at: String,
    /// When the last order was answered, RFC 3339.
    pub finished_at: Option<String>,
}

/// What came of one order.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Outcome {
    /// Order number.
    pub order_id: String,
    /// `done`, `open` while Paygent's answer is not known, or `failed`.
    pub outcome: String,
    /// Why it was not done, in Japanese.
    pub japanese: String,
    /// The same in English.
    pub english: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    job_id: String,
    shop_id: String,
    actor: String,
    action: String,
    order_ids: String,
    created_at: String,
    finished_at: Option<String>,
}

impl Row {
    fn job(self) -> Result<Job, JobError> {
        let shop = self.shop_id.parse().map_err(|error: teiki_domain::ids::IdError| JobError(error.to_string()))?;
        Ok(Job {
            job_id: self.job_id,
            shop,
            actor: self.actor,
            action: self.action,
            order_ids: self.order_ids.split_whitespace().map(str::to_owned).collect(),
            created_at: self.created_at,
            finished_at: self.finished_at,
        })
    }
}

const COLUMNS: &str = "job_id, shop_id, actor, action, order_ids, created_at, finished_at";

/// Puts a job on record; false if it was there already.
pub async fn begin(storage: &Storage, job: &Job) -> Result<bool, JobError> {
    const SQL: &str = "INSERT INTO bulk_jobs (job_id, shop_id, actor, action, order_ids, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (job_id) DO NOTHING";
    let (shop, orders) = (job.shop.to_string(), job.order_ids.join(" "));
    let inserted = execute!(storage, SQL, &job.job_id, shop, &job.actor, &job.action, orders, &job.created_at);
    Ok(inserted.map_err(failed)?.0 > 0)
}

/// One job of a shop.
pub async fn get(storage: &Storage, shop: ShopId, job_id: &str) -> Result<Option<Job>, JobError> {
    let sql = format!("SELECT {COLUMNS} FROM bulk_jobs WHERE job_id = $1 AND shop_id = $2");
    let rows: Result<Vec<Row>, sqlx::Error> = fetch!(storage, &sql, job_id, shop.to_string());
    rows.map_err(failed)?.pop().map(Row::job).transpose()
}

/// The newest jobs of a shop, newest first.
pub async fn newest(storage: &Storage, shop: ShopId) -> Result<Vec<Job>, JobError> {
    let sql = format!("SELECT {COLUMNS} FROM bulk_jobs WHERE shop_id = $1 ORDER BY created_at DESC LIMIT 20");
    let rows: Result<Vec<Row>, sqlx::Error> = fetch!(storage, &sql, shop.to_string());
    rows.map_err(failed)?.into_iter().map(Row::job).collect()
}

/// Jobs with orders that were not answered yet, oldest first.
pub async fn unfinished(storage: &Storage) -> Result<Vec<Job>, JobError> {
    let sql = format!("SELECT {COLUMNS} FROM bulk_jobs WHERE finished_at IS NULL ORDER BY created_at");
    let rows: Result<Vec<Row>, sqlx::Error> = fetch!(storage, &sql);
    rows.map_err(failed)?.into_iter().map(Row::job).collect()
}

/// What came of the orders of a job so far.
pub async fn outcomes(storage: &Storage, job_id: &str) -> Result<Vec<Outcome>, JobError> {
    const SQL: &str = "SELECT order_id, outcome, japanese, english FROM bulk_job_outcomes WHERE job_id = $1";
    let rows: Result<Vec<Outcome>, sqlx::Error> = fetch!(storage, SQL, job_id);
    rows.map_err(failed)
}

/// Writes down what came of one order, once.
pub async fn answer(storage: &Storage, job_id: &str, outcome: &Outcome) -> Result<(), JobError> {
    const SQL: &str = "INSERT INTO bulk_job_outcomes (job_id, order_id, outcome, japanese, english) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (job_id, order_id) DO NOTHING";
    let Outcome { order_id, outcome, japanese, english } = outcome;
    execute!(storage, SQL, job_id, order_id, outcome, japanese, english).map_err(failed)?;
    Ok(())
}

/// Every order was answered.
pub async fn finish(storage: &Storage, job_id: &str, now: DateTime<Utc>) -> Result<(), JobError> {
    const SQL: &str = "UPDATE bulk_jobs SET finished_at = $2 WHERE job_id = $1 AND finished_at IS NULL";
    execute!(storage, SQL, job_id, now.to_rfc3339_opts(SecondsFormat::Millis, true)).map_err(failed)?;
    Ok(())
}
