//! The list of mails (メール一覧; K1-K5, O15): what was requested, sent, delayed and given up. The worker that sends takes
//! its work from here too, and asks each mail itself before it sends.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::{DateTime, SecondsFormat, Utc};
use teiki_domain::ids::{MailId, MemberId, OrderId, ShopId, SubscriptionId};
use teiki_domain::mail::{MailEvent as Event, MailKind, Status};
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// One mail.
    MailRow in "mail_list" {
        /// Its id.
        key mail_id,
        /// Shop, five digits.
        shop_id: String,
        /// What it is for, such as `thanks`.
        kind: String,
        /// `member` or `shop`.
        recipient: String,
        /// The member it is about.
        member_id: Option<String>,
        /// The subscription it is about.
        subscription_id: Option<String>,
        /// The order it is about.
        order_id: Option<String>,
        /// `waiting`, `sent`, `given_up` or `dropped`.
        status: String,
        /// Tries so far.
        attempts: i64,
        /// Why the last try failed.
        reason: Option<String>,
        /// While it waits: not tried before, RFC 3339.
        due_at: Option<String>,
        /// When it was requested, RFC 3339.
        requested_at: String,
        /// When it was sent, RFC 3339.
        sent_at: Option<String>,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {
        by_shop: "shop_id, requested_at, mail_id",
        by_status: "shop_id, status, requested_at, mail_id",
        by_kind: "shop_id, kind, requested_at, mail_id",
        by_order: "order_id, requested_at, mail_id",
        by_subscription: "subscription_id, requested_at, mail_id",
        by_member: "member_id, requested_at, mail_id",
        by_due: "due_at, mail_id" where "due_at IS NOT NULL",
    }
}

/// The projection.
#[derive(Debug)]
pub struct MailList;

/// Instants as this table holds them: their order as text is that of time.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Projection for MailList {
    fn name(&self) -> &'static str {
        "mail_list"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["mail"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![MailRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Mail(_) = fact.event {
            rows.want::<MailRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Mail(event) = fact.event else { return Ok(()) };
        if let Event::MailRequested { mail_id, kind, recipient, about, requested_at, .. } = event {
            return rows.put(MailRow {
                mail_id: mail_id.to_string(),
                shop_id: mail_id.shop().to_string(),
                kind: kind.as_str().to_owned(),
                recipient: recipient.as_str().to_owned(),
                member_id: about.member_id.as_ref().map(ToString::to_string),
                subscription_id: about.subscription_id.as_ref().map(ToString::to_string),
                order_id: about.order_id.as_ref().map(ToString::to_string),
                status: Status::Waiting.as_str().to_owned(),
                attempts: 0,
                reason: None,
                due_at: Some(instant(*requested_at)),
                requested_at: instant(*requested_at),
                sent_at: None,
                updated_position: fact.position,
            });
        }
        rows.update(fact.aggregate_id, |row: &mut MailRow| {
            row.updated_position = fact.position;
            let (status, due_at) = match event {
                Event::MailRequested { .. } => return,
                Event::MailSent { attempt, .. } => {
                    row.attempts = row.attempts.max(i64::from(*attempt));
                    row.reason = None;
                    row.sent_at = Some(fact.recorded_at.to_owned());
                    (Status::Sent, None)
                }
                Event::MailDelayed { attempt, reason, again_at } => {
                    row.attempts = row.attempts.max(i64::from(*attempt));
                    row.reason = Some(reason.clone());
                    (Status::Waiting, Some(instant(*again_at)))
                }
                Event::MailGivenUp { attempt, reason } => {
                    row.attempts = row.attempts.max(i64::from(*attempt));
                    row.reason = Some(reason.clone());
                    (Status::GivenUp, None)
                }
                Event::MailDropped {} => {
                    row.reason = None;
                    (Status::Dropped, None)
                }
                Event::MailReleased {} => (Status::Waiting, Some(fact.recorded_at.to_owned())),
            };
            status.as_str().clone_into(&mut row.status);
            row.due_at = due_at;
        })
    }
}

/// Which mails to list. Everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Of this shop.
    pub shop: Option<ShopId>,
    /// In this state.
    pub status: Option<Status>,
    /// For this.
    pub kind: Option<MailKind>,
    /// About this order.
    pub order: Option<OrderId>,
    /// About this subscription.
    pub subscription: Option<SubscriptionId>,
    /// About this member.
    pub member: Option<MemberId>,
}

impl MailFilter {
    pub(crate) fn select(&self, after: Option<&Cursor>, limit: u32) -> Select {
        let mut select = Select::of::<MailRow>();
        select
            .and_some("order_id = ", self.order.as_ref().map(ToString::to_string).as_ref())
            .and_some("subscription_id = ", self.subscription.as_ref().map(ToString::to_string).as_ref())
            .and_some("member_id = ", self.member.as_ref().map(ToString::to_string).as_ref())
            .and_some("shop_id = ", self.shop.map(|id| id.to_string()).as_ref())
            .and_some("status = ", self.status.map(|status| status.as_str().to_owned()).as_ref())
            .and_some("kind = ", self.kind.map(|kind| kind.as_str().to_owned()).as_ref());
        select.page(("requested_at", "mail_id"), true, after, limit);
        select
    }
}

/// A page of mails, newest first. `limit` is 1 to 1,000.
pub async fn list(
    storage: &Storage,
    filter: &MailFilter,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<MailRow, Cursor>, QueryError> {
    let select = filter.select(after, limit);
    select.paged(storage, limit, |row: &MailRow| Cursor::new(&row.requested_at, &row.mail_id)).await
}

/// A page of a shop's mails that are about no order, subscription or member, newest first. `limit` is 1 to 1,000.
pub async fn of_the_shop_alone(
    storage: &Storage,
    shop: ShopId,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<MailRow, Cursor>, QueryError> {
    let select = select_alone(shop, after, limit);
    select.paged(storage, limit, |row: &MailRow| Cursor::new(&row.requested_at, &row.mail_id)).await
}

/// Nearly every mail is about a member, so the index by member holds the few that are not side by side; the other
/// conditions are written so that no store is led along another index.
pub(crate) fn select_alone(shop: ShopId, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<MailRow>();
    select.and("member_id IS NULL").and("coalesce(order_id, subscription_id) IS NULL");
    select.and("shop_id || '' = ").bind(&shop.to_string());
    select.page(("requested_at", "mail_id"), true, after, limit);
    select
}

/// One mail.
pub async fn get(storage: &Storage, mail_id: &MailId) -> Result<Option<MailRow>, QueryError> {
    by_key(storage, mail_id.as_str()).await
}

/// The mails to be tried at `now`, whose turn came first first. `limit` is 1 to 1,000.
pub async fn due(storage: &Storage, now: DateTime<Utc>, limit: u32) -> Result<Vec<MailRow>, QueryError> {
    let mut rows = due_select(now, limit).rows(storage).await?;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

pub(crate) fn due_select(now: DateTime<Utc>, limit: u32) -> Select {
    let mut select = Select::of::<MailRow>();
    select.and("due_at <= ").bind(&instant(now));
    select.page(("due_at", "mail_id"), false, None, limit);
    select
}

/// How many mails of a shop stand in a state, counted up to `most`.
pub async fn count(storage: &Storage, shop: ShopId, status: Status, most: u32) -> Result<usize, QueryError> {
    let filter = MailFilter { shop: Some(shop), status: Some(status), ..MailFilter::default() };
    Ok(list(storage, &filter, None, most).await?.rows.len())
}

#[cfg(test)]
#[path = "mail_list_tests.rs"]
mod tests;
