//! An order, as programs read it.

use super::request::{Amount, RequestLine};
use chrono::NaiveDate;
use serde::Serialize;
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::money::Yen;
use teiki_domain::order::{Attempt, Cause};
use teiki_projections::order_list::OrderRow;
use utoipa::ToSchema;

/// An order as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView {
    /// Order number (受注番号).
    #[schema(example = "02396-D0001-20260401")]
    pub(super) order_id: String,
    /// The subscription it came from.
    subscription_id: String,
    /// Whose it is.
    member_id: String,
    /// The generation date it stands for.
    generation_date: NaiveDate,
    /// Delivery date.
    delivery_date: NaiveDate,
    /// Goods amount in yen.
    goods: i64,
    /// Everything to pay in yen; null while shipping or fee is to be quoted.
    total: Option<i64>,
    /// `card`, or `external:` and the name.
    payment_method: String,
    /// Whether it is captured together with the authorisation (S4).
    #[schema(schema_with = super::schema::sale_mode)]
    sale_mode: String,
    /// Payment status (O4).
    #[schema(schema_with = super::schema::payment_status)]
    pub(super) payment_status: String,
    /// Payment status as operators read it.
    #[schema(example = "オーソリOK")]
    payment_status_text: &'static str,
    /// Transaction ID (取引ID, O1), once it is authorised.
    transaction_id: Option<String>,
    /// Paygent's id of the payment, once it is authorised.
    payment_id: Option<String>,
    /// Paygent's last refusal, until another request begins (E4).
    failure: Option<Failure>,
    /// Why no authorisation was tried (R5).
    not_executed_reason: Option<String>,
    /// When the sale was confirmed (売上確定), RFC 3339.
    confirmed_at: Option<String>,
    /// When the order was cancelled, RFC 3339.
    cancelled_at: Option<String>,
    /// Yen of the payment in force, or of the newest attempt while there is none.
    amount: Option<i64>,
    /// Last day on which the authorisation can be captured.
    valid_until: Option<NaiveDate>,
    /// Last day on which the sale can be refunded.
    refundable_until: Option<NaiveDate>,
    /// Whether the buyer was authenticated by 3-D Secure (O3).
    three_d_secure: bool,
    /// What is open at Paygent: authorization, capture, revise, void, refund, release.
    open_request: Option<String>,
    /// A payment found late that somebody has to decide about (W8).
    undecided_payment: Option<Undecided>,
    /// Which list it is in (O11).
    #[schema(schema_with = super::schema::order_list)]
    list: String,
    /// Whether the mark 入金チェック is set (O16).
    payment_checked: bool,
    /// What it contains.
    lines: Vec<RequestLine>,
    shipping: Amount,
    fee: Amount,
    /// Every attempt to authorise, oldest first (O17).
    attempts: Vec<AttemptView>,
    /// Position in the log of the last event that changed it.
    position: i64,
}

/// One attempt to authorise.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attempted)]
struct AttemptView {
    /// From 1.
    number: u32,
    /// What it travelled to Paygent under (取引ID).
    transaction_id: String,
    /// Yen.
    amount: i64,
    /// Why it was tried.
    #[schema(schema_with = super::schema::cause)]
    cause: Cause,
    /// The day in Tokyo it was asked for on, where known.
    requested_on: Option<NaiveDate>,
    /// Paygent's name of the card it was tried on; never a card number.
    card_id: String,
    /// Paygent's id of the payment, if it succeeded.
    payment_id: Option<String>,
    /// Paygent's refusal, if it failed. Neither this nor a payment: its outcome is not known.
    failure: Option<Failure>,
    /// Whether somebody ended waiting for its outcome.
    given_up: bool,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            transaction_id: attempt.transaction_id.to_string(),
            amount: attempt.amount.get(),
            cause: attempt.cause,
            requested_on: attempt.requested_on,
            card_id: attempt.card.card_id.to_string(),
            payment_id: attempt.payment_id.as_ref().map(ToString::to_string),
            failure: attempt.failure.clone().map(|(code, detail)| Failure::of(code, detail)),
            given_up: attempt.given_up,
        }
    }
}

impl Failure {
    fn of(code: String, detail: String) -> Self {
        let meaning = teiki_domain::declines::meaning(&code, &detail);
        Self { code, detail, meaning }
    }
}

/// Paygent's refusal, with what it means.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Failure {
    /// Paygent's code as received.
    #[schema(example = "2001")]
    code: String,
    /// Paygent's detail as received.
    #[schema(example = "1G02")]
    detail: String,
    /// What it means, in Japanese.
    meaning: &'static str,
}

/// A payment that pays nothing here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Undecided {
    payment_id: String,
    /// Yen.
    amount: Option<i64>,
}

/// One row, as programs read it.
pub(crate) fn present(row: OrderRow) -> OrderView {
    let detail = row.failure_detail.unwrap_or_default();
    let failure = row.failure_code.map(|code| Failure::of(code, detail));
    // A row is only there once the order is.
    let order = row.state.details();
    let lines = order.map(|order| order.basket.lines().iter().cloned().map(RequestLine::from).collect());
    let charge = |of: fn(&Basket) -> Charge| order.map_or(Charge::Fixed(Yen::ZERO), |order| of(&order.basket)).into();
    let (shipping, fee) = (charge(Basket::shipping), charge(Basket::fee));
    let attempts = order.map(|order| order.attempts.iter().map(AttemptView::from).collect());
    let amount = row.undecided_amount;
    OrderView {
        payment_status_text: crate::words::payment_status(&row.payment_status),
        undecided_payment: row.undecided_payment_id.map(|payment_id| Undecided { payment_id, amount }),
        failure,
        lines: lines.unwrap_or_default(),
        shipping,
        fee,
        attempts: attempts.unwrap_or_default(),
        order_id: row.order_id,
        subscription_id: row.subscription_id,
        member_id: row.member_id,
        generation_date: row.generation_date,
        delivery_date: row.delivery_date,
        goods: row.goods,
        total: row.total,
        payment_method: row.payment_method,
        sale_mode: row.sale_mode,
        payment_status: row.payment_status,
        transaction_id: row.transaction_id,
        payment_id: row.payment_id,
        not_executed_reason: row.not_executed_reason,
        confirmed_at: row.confirmed_at,
        cancelled_at: row.cancelled_at,
        amount: row.amount,
        valid_until: row.valid_until,
        refundable_until: row.refundable_until,
        three_d_secure: row.three_d_secure,
        open_request: row.open_request,
        list: row.list,
        payment_checked: row.payment_checked,
        position: row.updated_position,
    }
}
