//! The order list (受注一覧; O1, O2, O4, O11; R2): every order, with the transaction ID it was paid under.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId, TransactionId};
use teiki_domain::order::{OrderEvent as Event, Payment};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// One order.
    OrderRow in "order_list" {
        /// Order number.
        key order_id,
        /// Shop, five digits.
        shop_id: String,
        /// The subscription it came from.
        subscription_id: String,
        /// Whose it is.
        member_id: String,
        /// The generation date it stands for.
        generation_date: NaiveDate,
        /// Delivery date.
        delivery_date: NaiveDate,
        /// When it was generated, RFC 3339.
        generated_at: String,
        /// Goods amount in yen.
        goods: i64,
        /// Everything to pay in yen; none while shipping or fee is to be quoted.
        total: Option<i64>,
        /// `card`, or `external:` and the name.
        payment_method: String,
        /// `authorize_only` or `authorize_and_capture` (S4).
        sale_mode: String,
        /// Payment status (O4), as [`Payment::code`] names it.
        payment_status: String,
        /// Transaction ID (O1), only once it is authorised; absent when the authorisation failed (R2).
        transaction_id: Option<String>,
        /// Transaction ID of the newest attempt, whatever came of it.
        attempt_transaction_id: Option<String>,
        /// All attempts, oldest first: `NUMBER:TRANSACTION-ID`, separated by spaces.
        attempts: String,
        /// Paygent's id of the payment, once it is authorised.
        payment_id: Option<String>,
        /// Amount of the newest attempt or of the confirmed sale, in yen.
        amount: Option<i64>,
        /// Paygent's code of the last failure (E4), until another attempt begins.
        failure_code: Option<String>,
        /// Paygent's text of the last failure, whole.
        failure_detail: Option<String>,
        /// Why no authorisation was tried (R5).
        not_executed_reason: Option<String>,
        /// When the sale was confirmed (売上確定), RFC 3339.
        confirmed_at: Option<String>,
        /// Which list it is in (O11): `open`.
        list: String,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {
        by_date: "generation_date, order_id",
        by_shop: "shop_id, generation_date, order_id",
        by_status: "payment_status, generation_date, order_id",
        by_member: "member_id, generation_date, order_id",
        by_subscription: "subscription_id, generation_date, order_id",
        by_amount: "amount, generation_date, order_id",
        by_transaction: "transaction_id",
        by_attempt: "attempt_transaction_id",
    }
}

/// The projection.
#[derive(Debug)]
pub struct OrderList;

impl Projection for OrderList {
    fn name(&self) -> &'static str {
        "order_list"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["order"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![OrderRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Order(_) = fact.event {
            rows.want::<OrderRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Order(event) = fact.event else { return Ok(()) };
        if let Event::OrderGenerated { .. } = event {
            return rows.put(new_row(fact, event)?);
        }
        rows.update(fact.aggregate_id, |row: &mut OrderRow| {
            change(row, fact, event);
            row.updated_position = fact.position;
        })
    }
}

fn new_row(fact: &Fact<'_>, event: &Event) -> Result<OrderRow, FoldError> {
    let Event::OrderGenerated {
        order_id,
        subscription_id,
        member_id,
        generation_date,
        delivery_date,
        basket,
        payment_method,
        sale_mode,
    } = event
    else {
        return Err(FoldError::Content("an order must begin with OrderGenerated".to_owned()));
    };
    let goods = basket.goods().map_err(|error| FoldError::Content(format!("goods amount: {error}")))?;
    Ok(OrderRow {
        order_id: order_id.to_string(),
        shop_id: order_id.shop().to_string(),
        subscription_id: subscription_id.to_string(),
        member_id: member_id.to_string(),
        generation_date: *generation_date,
        delivery_date: *delivery_date,
        generated_at: fact.recorded_at.to_owned(),
        goods: goods.get(),
        total: basket.total().map(|yen| yen.get()),
        payment_method: method_text(payment_method),
        sale_mode: sale_mode_text(*sale_mode).to_owned(),
        payment_status: Payment::External.code().to_owned(),
        transaction_id: None,
        attempt_transaction_id: None,
        attempts: String::new(),
        payment_id: None,
        amount: None,
        failure_code: None,
        failure_detail: None,
        not_executed_reason: None,
        confirmed_at: None,
        list: "open".to_owned(),
        updated_position: fact.position,
    })
}

fn change(row: &mut OrderRow, fact: &Fact<'_>, event: &Event) {
    let status = match event {
        Event::OrderGenerated { .. } => return,
        Event::AuthorizationNotExecuted { reason } => {
            row.not_executed_reason = Some(reason.code().to_owned());
            Payment::NotExecuted(reason.clone())
        }
        Event::AuthorizationRequested { attempt, transaction_id, amount, .. } => {
            let separator = if row.attempts.is_empty() { "" } else { " " };
            row.attempts.push_str(&format!("{separator}{attempt}:{transaction_id}"));
            row.attempt_transaction_id = Some(transaction_id.to_string());
            row.transaction_id = None;
            row.payment_id = None;
            row.amount = Some(amount.get());
            row.not_executed_reason = None;
            clear_failure(row);
            Payment::Requested(*attempt)
        }
        Event::AuthorizationSucceeded { attempt, payment_id, captured, .. } => {
            row.transaction_id = row.attempt(*attempt).map(str::to_owned);
            row.payment_id = Some(payment_id.to_string());
            clear_failure(row);
            if *captured {
                Payment::Captured { attempt: *attempt, confirmed_later: false }
            } else {
                Payment::Authorized(*attempt)
            }
        }
        Event::AuthorizationFailed { attempt, code, detail, .. } => {
            row.failure_code = Some(code.clone());
            row.failure_detail = Some(detail.clone());
            Payment::Failed(*attempt)
        }
        Event::AuthorizationOutcomeUnknown { attempt, .. } => Payment::Unknown(*attempt),
        Event::AuthorizationSentAgain { attempt } => Payment::Requested(*attempt),
        Event::CaptureRequested { attempt, .. } => {
            clear_failure(row);
            Payment::CaptureRequested(*attempt)
        }
        Event::SalesConfirmed { attempt, amount, .. } => {
            row.amount = Some(amount.get());
            row.confirmed_at = Some(fact.recorded_at.to_owned());
            clear_failure(row);
            Payment::Captured { attempt: *attempt, confirmed_later: true }
        }
        Event::CaptureFailed { attempt, code, detail } => {
            row.failure_code = Some(code.clone());
            row.failure_detail = Some(detail.clone());
            Payment::Authorized(*attempt)
        }
        Event::CaptureOutcomeUnknown { attempt, .. } => Payment::CaptureUnknown(*attempt),
    };
    status.code().clone_into(&mut row.payment_status);
}

fn clear_failure(row: &mut OrderRow) {
    row.failure_code = None;
    row.failure_detail = None;
}

impl OrderRow {
    /// The transaction ID of an attempt, by its number.
    pub fn attempt(&self, number: u32) -> Option<&str> {
        self.attempts.split(' ').find_map(|attempt| {
            let (of, transaction_id) = attempt.split_once(':')?;
            (of.parse() == Ok(number)).then_some(transaction_id)
        })
    }
}

/// A payment method as the tables hold it: `card`, or `external:` and the name.
pub(crate) fn method_text(method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => "card".to_owned(),
        PaymentMethod::External { name } => format!("external:{name}"),
    }
}

/// A sale mode as the tables hold it.
pub(crate) fn sale_mode_text(mode: SaleMode) -> &'static str {
    match mode {
        SaleMode::AuthorizeOnly => "authorize_only",
        SaleMode::AuthorizeAndCapture => "authorize_and_capture",
    }
}

/// Which orders to list (O2). Everything given must hold; nothing given lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this shop.
    pub shop: Option<ShopId>,
    /// Generated for this date or later.
    pub from: Option<NaiveDate>,
    /// Generated for this date or earlier.
    pub to: Option<NaiveDate>,
    /// With this payment status, as [`Payment::code`] names it.
    pub status: Option<String>,
    /// Of this member.
    pub member: Option<MemberId>,
    /// Of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Charged at least so many yen.
    pub amount_min: Option<i64>,
    /// Charged at most so many yen.
    pub amount_max: Option<i64>,
    /// Only those whose authorisation failed.
    pub failed_only: bool,
    /// Authorised under exactly this transaction ID.
    pub transaction_id: Option<TransactionId>,
    /// Whose newest attempt, whatever came of it, has exactly this transaction ID.
    pub attempt_transaction_id: Option<TransactionId>,
}

impl OrderFilter {
    pub(crate) fn select(&self, after: Option<&Cursor>, limit: u32) -> Select {
        let text = |id: Option<&dyn ToString>| id.map(|id| id.to_string());
        let mut select = Select::of::<OrderRow>();
        select
            .and_some("shop_id = ", text(self.shop.as_ref().map(|id| id as _)).as_ref())
            .and_some("generation_date >= ", self.from.as_ref())
            .and_some("generation_date <= ", self.to.as_ref())
            .and_some("payment_status = ", self.status.as_ref())
            .and_some("member_id = ", text(self.member.as_ref().map(|id| id as _)).as_ref())
            .and_some("subscription_id = ", text(self.subscription.as_ref().map(|id| id as _)).as_ref())
            .and_some("amount >= ", self.amount_min.as_ref())
            .and_some("amount <= ", self.amount_max.as_ref())
            .and_some("payment_status = ", self.failed_only.then(|| Payment::Failed(1).code().to_owned()).as_ref())
            .and_some("transaction_id = ", text(self.transaction_id.as_ref().map(|id| id as _)).as_ref())
            .and_some(
                "attempt_transaction_id = ",
                text(self.attempt_transaction_id.as_ref().map(|id| id as _)).as_ref(),
            );
        select.page(("generation_date", "order_id"), true, after, limit);
        select
    }
}

/// A page of orders, newest generation date first (O1, O2). `limit` is 1 to 1,000.
pub async fn list(
    storage: &Storage,
    filter: &OrderFilter,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<OrderRow, Cursor>, QueryError> {
    let select = filter.select(after, limit);
    select.paged(storage, limit, |row: &OrderRow| Cursor::new(row.generation_date, &row.order_id)).await
}

/// One order.
pub async fn get(storage: &Storage, order_id: &OrderId) -> Result<Option<OrderRow>, QueryError> {
    by_key(storage, order_id.as_str()).await
}

#[cfg(test)]
#[path = "order_list_tests.rs"]
mod tests;
