//! The order list (受注一覧; O1, O2, O4, O11; R2): every order, with the transaction ID it is paid under.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key, by_keys};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId, TransactionId};
use teiki_domain::order::{Details, Operation, Order, OrderEvent as Event, Payment, Stands};
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
        /// Yen of the payment in force, or of the newest attempt while there is none.
        amount: Option<i64>,
        /// Paygent's code of the last failure (E4), until another request begins.
        failure_code: Option<String>,
        /// Paygent's text of the last failure, whole.
        failure_detail: Option<String>,
        /// Why no authorisation was tried (R5).
        not_executed_reason: Option<String>,
        /// When the sale was confirmed (売上確定), RFC 3339.
        confirmed_at: Option<String>,
        /// When the order was cancelled, RFC 3339.
        cancelled_at: Option<String>,
        /// Last day on which the authorisation in force can be captured.
        valid_until: Option<NaiveDate>,
        /// Last day on which the sale can be refunded.
        refundable_until: Option<NaiveDate>,
        /// Whether the buyer was authenticated (O3, O8).
        three_d_secure: bool,
        /// What is open at Paygent: `authorization`, `capture`, `revise`, `void` or `refund`; `release` while a replaced
        /// payment still holds money and is to be cancelled once more (W12).
        open_request: Option<String>,
        /// A payment found late that somebody has to decide about (W8).
        undecided_payment_id: Option<String>,
        /// Its amount in yen.
        undecided_amount: Option<i64>,
        /// Which list it is in (O11): `open`, `completed` or `cancelled`.
        list: String,
        /// Whether 入金チェック is set (O16).
        payment_checked: bool,
        /// The order itself.
        state: Order,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    // Every list is one shop's, so the shop comes first; what it is sorted by comes last, so that nothing is sorted and a
    // page begins where the one before ended. The amount is there to be looked at without the row.
    indexes {
        by_date: "generation_date, order_id",
        by_shop: "shop_id, generation_date, order_id, amount",
        by_status: "shop_id, payment_status, generation_date, order_id, amount, list",
        by_member: "shop_id, member_id, generation_date, order_id",
        by_subscription: "shop_id, subscription_id, generation_date, order_id",
        by_transaction: "shop_id, transaction_id, generation_date, order_id",
        by_attempt: "shop_id, attempt_transaction_id, generation_date, order_id",
        by_list: "shop_id, list, generation_date, order_id, amount, payment_status",
        by_validity: "shop_id, payment_status, valid_until, order_id",
        by_undecided: "shop_id, generation_date, order_id" where "undecided_payment_id IS NOT NULL",
    }
}

/// The projection. Its rows are folded by the aggregate itself, so that they cannot differ from it.
#[derive(Debug)]
pub struct OrderList;

impl Projection for OrderList {
    fn name(&self) -> &'static str {
        "order_list"
    }

    fn version(&self) -> i64 {
        5
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
        let id = fact.aggregate_id;
        if let Event::OrderGenerated { order_id, .. } = event {
            rows.put(OrderRow::empty(order_id, fact))?;
        }
        rows.update(id, |row: &mut OrderRow| row.take(fact, event))
    }
}

impl OrderRow {
    fn empty(order_id: &OrderId, fact: &Fact<'_>) -> Self {
        Self {
            order_id: order_id.to_string(),
            shop_id: order_id.shop().to_string(),
            subscription_id: String::new(),
            member_id: String::new(),
            generation_date: NaiveDate::default(),
            delivery_date: NaiveDate::default(),
            generated_at: fact.recorded_at.to_owned(),
            goods: 0,
            total: None,
            payment_method: String::new(),
            sale_mode: String::new(),
            payment_status: String::new(),
            transaction_id: None,
            attempt_transaction_id: None,
            attempts: String::new(),
            payment_id: None,
            amount: None,
            failure_code: None,
            failure_detail: None,
            not_executed_reason: None,
            confirmed_at: None,
            cancelled_at: None,
            valid_until: None,
            refundable_until: None,
            three_d_secure: false,
            open_request: None,
            undecided_payment_id: None,
            undecided_amount: None,
            list: String::new(),
            payment_checked: false,
            state: Order::default(),
            updated_position: fact.position,
        }
    }

    fn take(&mut self, fact: &Fact<'_>, event: &Event) {
        self.state.apply(event);
        self.updated_position = fact.position;
        match event {
            Event::SalesConfirmed { .. } => self.confirmed_at = Some(fact.recorded_at.to_owned()),
            Event::OrderCancelled {} => self.cancelled_at = Some(fact.recorded_at.to_owned()),
            Event::SurplusPaymentAccepted { .. } => self.cancelled_at = None,
            Event::AuthorizationRequested { attempt, transaction_id, .. } => {
                let separator = if self.attempts.is_empty() { "" } else { " " };
                self.attempts.push_str(&format!("{separator}{attempt}:{transaction_id}"));
                self.attempt_transaction_id = Some(transaction_id.to_string());
            }
            _ => {}
        }
        let state = std::mem::take(&mut self.state);
        if let Some(details) = state.details() {
            if let Event::OrderGenerated { .. } = event {
                self.begin(details);
            }
            self.show(details);
        }
        self.state = state;
    }

    fn begin(&mut self, details: &Details) {
        self.subscription_id = details.subscription_id.to_string();
        self.member_id = details.member_id.to_string();
        self.generation_date = details.generation_date;
        self.delivery_date = details.delivery_date;
        sale_mode_text(details.sale_mode).clone_into(&mut self.sale_mode);
    }

    fn show(&mut self, details: &Details) {
        let paying = details.paying();
        self.goods = details.basket.goods().map_or(0, |yen| yen.get());
        self.total = details.basket.total().map(|yen| yen.get());
        self.payment_method = method_text(&details.payment_method);
        details.payment.code().clone_into(&mut self.payment_status);
        self.transaction_id =
            paying.and_then(|paying| details.attempt(paying.attempt)).map(|attempt| attempt.transaction_id.to_string());
        self.payment_id = paying.map(|paying| paying.payment_id.to_string());
        let newest = details.attempts.last().map(|attempt| attempt.amount);
        self.amount = paying.map(|paying| paying.amount).or(newest).map(|yen| yen.get());
        let (code, detail) = details.failure.clone().unzip();
        (self.failure_code, self.failure_detail) = (code, detail);
        self.not_executed_reason = details.not_executed.as_ref().map(|reason| reason.code().to_owned());
        let until = |stands: Stands| paying.filter(|paying| paying.stands == stands).and_then(|paying| paying.until);
        self.valid_until = until(Stands::Authorized);
        self.refundable_until = until(Stands::Captured);
        self.three_d_secure = paying.is_some_and(|paying| details.three_d_secure(paying));
        let release = details.to_release().map(|_| "release");
        self.open_request = details.operation.as_ref().map(request_text).or(release).map(str::to_owned);
        let undecided = details.undecided();
        self.undecided_payment_id = undecided.map(|booked| booked.payment_id.to_string());
        self.undecided_amount = undecided.map(|booked| booked.amount.get());
        let list = match (details.cancelled, details.completed) {
            (true, _) => "cancelled",
            (false, true) => "completed",
            (false, false) => "open",
        };
        list.clone_into(&mut self.list);
        self.payment_checked = details.payment_checked;
    }
}

/// What was asked of Paygent, as the tables hold it.
pub(crate) fn request_text(operation: &Operation) -> &'static str {
    match operation {
        Operation::Authorize { .. } => "authorization",
        Operation::Call { call, .. } => call.code(),
    }
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
    /// Only those with a payment somebody has to decide about (W8).
    pub undecided_only: bool,
    /// In this list: `open`, `completed` or `cancelled` (O11).
    pub list: Option<String>,
    /// Authorised under exactly this transaction ID.
    pub transaction_id: Option<TransactionId>,
    /// Whose newest attempt, whatever came of it, has exactly this transaction ID.
    pub attempt_transaction_id: Option<TransactionId>,
    /// With exactly this order number.
    pub order: Option<OrderId>,
}

impl OrderFilter {
    /// The shop asked for, or else the one whose digits an id that is asked for begins with.
    fn shop(&self) -> Option<String> {
        let member = self.member.as_ref().map(MemberId::shop);
        let subscription = self.subscription.as_ref().map(SubscriptionId::shop);
        let transaction_id = self.transaction_id.as_ref().or(self.attempt_transaction_id.as_ref());
        let order = self.order.as_ref().map(OrderId::shop);
        let shop = self.shop.or(member).or(subscription).or(order).map(|shop| shop.to_string());
        shop.or_else(|| transaction_id.and_then(|id| id.as_str().get(..5)).map(str::to_owned))
    }

    pub(crate) fn select(&self, after: Option<&Cursor>, limit: u32) -> Select {
        let mut select = self.conditions();
        select.page(("generation_date", "order_id"), true, after, limit);
        select
    }

    /// What stands before a place, nearest first.
    pub(crate) fn select_before(&self, before: &Cursor, limit: u32) -> Select {
        let mut select = self.conditions();
        select.page(("generation_date", "order_id"), false, Some(before), limit);
        select
    }

    fn conditions(&self) -> Select {
        let text = |id: Option<&dyn ToString>| id.map(|id| id.to_string());
        let mut select = Select::of::<OrderRow>();
        select
            .and_some("shop_id = ", self.shop().as_ref())
            .and_some("generation_date >= ", self.from.as_ref())
            .and_some("generation_date <= ", self.to.as_ref())
            .and_some("payment_status = ", self.status.as_ref())
            .and_some("member_id = ", text(self.member.as_ref().map(|id| id as _)).as_ref())
            .and_some("subscription_id = ", text(self.subscription.as_ref().map(|id| id as _)).as_ref())
            .and_some("amount >= ", self.amount_min.as_ref())
            .and_some("amount <= ", self.amount_max.as_ref())
            .and_some("payment_status = ", self.failed_only.then(|| Payment::Failed(1).code().to_owned()).as_ref())
            .and_some("list = ", self.list.as_ref())
            .and_some("transaction_id = ", text(self.transaction_id.as_ref().map(|id| id as _)).as_ref())
            .and_some(
                "attempt_transaction_id = ",
                text(self.attempt_transaction_id.as_ref().map(|id| id as _)).as_ref(),
            )
            .and_some("order_id = ", text(self.order.as_ref().map(|id| id as _)).as_ref());
        if self.undecided_only {
            select.and("undecided_payment_id IS NOT NULL");
        }
        select
    }
}

pub(crate) fn select_expiring(shop: Option<ShopId>, through: NaiveDate, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<OrderRow>();
    select
        .and_some("payment_status = ", Some(&Payment::Authorized(1).code().to_owned()))
        .and_some("valid_until <= ", Some(&through))
        .and_some("shop_id = ", shop.map(|id| id.to_string()).as_ref())
        .page(("valid_until", "order_id"), false, after, limit);
    select
}

/// Authorised orders that can be captured through `through` at the latest, nearest first: what has run out already
/// is among them. `limit` is 1 to 1,000.
pub async fn expiring_authorizations(
    storage: &Storage,
    shop: Option<ShopId>,
    through: NaiveDate,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<OrderRow, Cursor>, QueryError> {
    let select = select_expiring(shop, through, after, limit);
    let cursor = |row: &OrderRow| Cursor::new(row.valid_until.unwrap_or_default(), &row.order_id);
    select.paged(storage, limit, cursor).await
}

/// How many orders of a shop have one of these payment statuses, as [`Payment::code`] names them.
pub async fn count(storage: &Storage, shop: ShopId, statuses: &[&str]) -> Result<u64, QueryError> {
    let mut sum = 0;
    for status in statuses {
        let mut select = Select::new("SELECT COUNT(*) FROM order_list");
        select.and("shop_id = ").bind(&shop.to_string()).and("payment_status = ").bind(&(*status).to_owned());
        let counts = select.fetch(storage, "order_list", |row| row.get::<i64>(0)).await?;
        sum += counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
    }
    Ok(sum)
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

/// The page of orders before a place, in the order of [`list`], and whether more stand before it. `limit` is 1 to 1,000.
pub async fn list_before(
    storage: &Storage,
    filter: &OrderFilter,
    before: &Cursor,
    limit: u32,
) -> Result<(Vec<OrderRow>, bool), QueryError> {
    let page = filter
        .select_before(before, limit)
        .paged(storage, limit, |row: &OrderRow| Cursor::new(row.generation_date, &row.order_id))
        .await?;
    let mut rows = page.rows;
    rows.reverse();
    Ok((rows, page.next.is_some()))
}

/// Several orders, by number; those that do not exist are left out.
pub async fn many(storage: &Storage, order_ids: &[OrderId]) -> Result<Vec<OrderRow>, QueryError> {
    let keys: Vec<_> = order_ids.iter().map(|id| id.to_string()).collect();
    by_keys(storage, &keys).await
}

/// One order.
pub async fn get(storage: &Storage, order_id: &OrderId) -> Result<Option<OrderRow>, QueryError> {
    by_key(storage, order_id.as_str()).await
}

#[cfg(test)]
#[path = "order_list_tests.rs"]
mod tests;
