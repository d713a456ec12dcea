//! One order as people read it, now or at another moment. Everything is taken from the order itself.

use crate::console::{Frame, Language};
use crate::{words_engine, words_order};
use chrono::{DateTime, NaiveDate};
use teiki_domain::basket::Charge;
use teiki_domain::declines;
use teiki_domain::order::{Attempt, Cause, Details, Operation, Payment, Stands};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_infrastructure::clock::tokyo;

/// One order.
pub(super) struct View {
    pub(super) id: String,
    pub(super) list: &'static str,
    pub(super) transaction_id: Option<String>,
    pub(super) three_d_secure: bool,
    pub(super) generation_date: String,
    pub(super) delivery_date: String,
    pub(super) subscription_id: String,
    pub(super) member_id: String,
    pub(super) status: &'static str,
    /// Class of the badge.
    pub(super) tone: &'static str,
    pub(super) method: String,
    pub(super) is_card: bool,
    pub(super) sale_mode: &'static str,
    pub(super) lines: Vec<LineView>,
    pub(super) goods: String,
    pub(super) shipping: String,
    pub(super) fee: String,
    pub(super) total: String,
    /// What is authorised or was charged.
    pub(super) charged: Option<String>,
    pub(super) differs: bool,
    /// Until when something can be done with the payment, and whether that is soon or over.
    pub(super) until: Option<Until>,
    pub(super) attempts: Vec<AttemptView>,
    pub(super) failure: Option<Failure>,
    pub(super) not_executed: Option<&'static str>,
    pub(super) unknown: Option<Unknown>,
    pub(super) surplus: Option<SurplusView>,
    /// A replaced payment still holds money and is being cancelled.
    pub(super) releasing: Option<String>,
    pub(super) checked: bool,
}

pub(super) struct LineView {
    pub(super) product: String,
    pub(super) name: String,
    pub(super) unit_price: String,
    pub(super) quantity: u32,
    pub(super) tax_percent: u8,
    pub(super) sum: String,
}

pub(super) struct Until {
    pub(super) what: &'static str,
    pub(super) day: String,
    pub(super) warning: Option<&'static str>,
}

pub(super) struct AttemptView {
    pub(super) number: u32,
    pub(super) on: String,
    pub(super) cause: &'static str,
    pub(super) transaction_id: String,
    pub(super) amount: String,
    pub(super) card: String,
    pub(super) outcome: String,
    pub(super) failed: bool,
}

/// Paygent's refusal: as received, and what it means (O19, E4).
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) detail: String,
    pub(super) meaning: &'static str,
    pub(super) advice: &'static str,
}

/// An answer that is awaited.
pub(super) struct Unknown {
    pub(super) what: &'static str,
    /// Whether nobody knows, rather than the call being under way.
    pub(super) unknown: bool,
    pub(super) given_up: bool,
}

pub(super) struct SurplusView {
    pub(super) payment_id: String,
    pub(super) amount: String,
    pub(super) captured: bool,
}

/// The day of an instant and its time, as clocks in Tokyo show them.
pub(super) fn tokyo_text(at: &str) -> String {
    match DateTime::parse_from_rfc3339(at) {
        Ok(at) => tokyo(at.to_utc()).format("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.to_owned(),
    }
}

pub(super) fn method_name(language: Language, method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => language.t("クレジットカード", "card").to_owned(),
        PaymentMethod::External { name } => name.clone(),
    }
}

fn charge(language: Language, charge: Charge) -> String {
    match charge {
        Charge::Fixed(yen) => yen.to_string(),
        Charge::ToBeQuoted => language.t("別途連絡", "to be quoted").to_owned(),
    }
}

fn cause(language: Language, cause: Cause) -> &'static str {
    match cause {
        Cause::Generation => language.t("受注反映時", "at generation"),
        Cause::Operator => language.t("再オーソリ", "asked for"),
        Cause::Ladder => language.t("自動再オーソリ", "retried by itself"),
        Cause::CardChanged => language.t("カード変更後", "after a card change"),
        Cause::AmountUpdate => language.t("取引更新(増額)", "raised amount"),
    }
}

fn tone(payment: &Payment) -> &'static str {
    match payment {
        Payment::Authorized(_) | Payment::Captured { .. } => "good",
        Payment::Failed(_) | Payment::Expired(_) => "bad",
        Payment::Unknown(_)
        | Payment::GivenUp(_)
        | Payment::CaptureUnknown(_)
        | Payment::RevisionUnknown(_)
        | Payment::VoidUnknown(_)
        | Payment::RefundUnknown(_)
        | Payment::NotExecuted(_) => "warn",
        _ => "plain",
    }
}

impl View {
    /// The order for a page of `frame`; `today` and the days of warning say what is soon.
    pub(super) fn new(frame: &Frame, details: &Details, today: NaiveDate, warn_days: u16) -> Self {
        let language = frame.language;
        let paying = details.paying();
        let basket = &details.basket;
        let lines = basket.lines().iter().map(|line| LineView {
            product: line.product.clone(),
            name: line.name.clone(),
            unit_price: line.unit_price.to_string(),
            quantity: line.quantity,
            tax_percent: line.tax_percent,
            sum: line.unit_price.times(line.quantity).map_or_else(|_| String::new(), |yen| yen.to_string()),
        });
        let quoted = || language.t("別途連絡", "to be quoted").to_owned();
        let holding = paying.filter(|paying| paying.stands.holds_money());
        Self {
            id: details.order_id.to_string(),
            list: match (details.cancelled, details.completed) {
                (true, _) => "cancelled",
                (false, true) => "completed",
                (false, false) => "open",
            },
            transaction_id: paying
                .and_then(|paying| details.attempt(paying.attempt))
                .map(|attempt| attempt.transaction_id.to_string()),
            three_d_secure: paying.is_some_and(|paying| details.three_d_secure(paying)),
            generation_date: details.generation_date.to_string(),
            delivery_date: details.delivery_date.to_string(),
            subscription_id: details.subscription_id.to_string(),
            member_id: details.member_id.to_string(),
            status: words_order::payment_status(language, details.payment.code()),
            tone: tone(&details.payment),
            method: method_name(language, &details.payment_method),
            is_card: details.payment_method.is_card(),
            sale_mode: match details.sale_mode {
                SaleMode::AuthorizeOnly => language.t("オーソリのみ", "authorise only"),
                SaleMode::AuthorizeAndCapture => language.t("オーソリ+売上", "authorise and capture"),
            },
            lines: lines.collect(),
            goods: basket.goods().map_or_else(|_| String::new(), |yen| yen.to_string()),
            shipping: charge(language, basket.shipping()),
            fee: charge(language, basket.fee()),
            total: basket.total().map_or_else(quoted, |yen| yen.to_string()),
            charged: paying.map(|paying| paying.amount.to_string()),
            differs: holding.is_some_and(|paying| basket.total() != Some(paying.amount)),
            until: holding.and_then(|paying| {
                let day = paying.until?;
                let what = match paying.stands {
                    Stands::Captured => language.t("返金できる期限", "Refundable until"),
                    _ => language.t("オーソリの有効期限", "Authorisation valid until"),
                };
                let left = (day - today).num_days();
                let authorized = paying.stands == Stands::Authorized;
                let warning = if left < 0 {
                    Some(language.t("期限が過ぎています", "It is over"))
                } else if authorized && left <= i64::from(warn_days) {
                    Some(language.t("まもなく期限です。売上確定を行ってください", "It ends soon; confirm the sale"))
                } else {
                    None
                };
                Some(Until { what, day: day.to_string(), warning })
            }),
            attempts: details.attempts.iter().map(|attempt| attempt_view(language, details, attempt)).collect(),
            failure: details
                .failure
                .as_ref()
                .filter(|_| matters(details))
                .map(|(code, detail)| failure(language, code, detail)),
            not_executed: details
                .not_executed
                .as_ref()
                .map(|reason| words_order::not_executed(language, reason.code())),
            unknown: unknown(language, details),
            surplus: details.undecided().map(|booked| SurplusView {
                payment_id: booked.payment_id.to_string(),
                amount: booked.amount.to_string(),
                captured: booked.stands == Stands::Captured,
            }),
            releasing: details.to_release().map(|booked| booked.amount.to_string()),
            checked: details.payment_checked,
        }
    }
}

fn attempt_view(language: Language, details: &Details, attempt: &Attempt) -> AttemptView {
    let outcome = match (&attempt.failure, &attempt.payment_id) {
        (Some((code, detail)), _) => format!("{code} {}", words_engine::stored(language, detail)).trim().to_owned(),
        (None, Some(_)) => language.t("オーソリOK", "authorised").to_owned(),
        (None, None) if attempt.given_up => language.t("結果不明(待機終了)", "unknown, not waited for").to_owned(),
        (None, None) => match &details.operation {
            Some(Operation::Authorize { unknown: true, .. }) => language.t("結果不明", "unknown").to_owned(),
            _ => language.t("処理中", "under way").to_owned(),
        },
    };
    AttemptView {
        number: attempt.number,
        on: attempt.requested_on.unwrap_or(details.generation_date).to_string(),
        cause: cause(language, attempt.cause),
        transaction_id: attempt.transaction_id.to_string(),
        amount: attempt.amount.to_string(),
        card: format!("{} ({})", attempt.card.card_id, attempt.card.expiry),
        outcome,
        failed: attempt.failure.is_some(),
    }
}

/// Whether Paygent's last refusal still is of the order: not once it is paid otherwise and nothing is held for it.
fn matters(details: &Details) -> bool {
    details.payment != Payment::External || details.to_release().is_some() || details.undecided().is_some()
}

fn failure(language: Language, code: &str, detail: &str) -> Failure {
    use declines::DeclineKind;
    let advice = match declines::kind(code, detail) {
        _ if code.is_empty() => language.t(
            "ペイジェントへ接続できませんでした。時間をおいてもう一度行ってください",
            "Paygent was not reached; do it again in a while",
        ),
        DeclineKind::Soft => language.t("時間や日をおくと成功することがあります", "It may pass at another time"),
        DeclineKind::Hard => language.t(
            "このカードでは成功しません。別のカードへの変更、または別の支払方法をご案内ください",
            "This card will not pass; ask the member for another card or another payment method",
        ),
        DeclineKind::Unknown => {
            language.t("詳細はペイジェントへお問い合わせください", "Paygent knows more about this code")
        }
    };
    let meaning = if code.is_empty() {
        language.t("ペイジェントへ送信できませんでした", "It could not be sent to Paygent")
    } else {
        let means = declines::means(code, detail);
        language.t(means.ja, means.en)
    };
    Failure { code: code.to_owned(), detail: words_engine::stored(language, detail), meaning, advice }
}

fn unknown(language: Language, details: &Details) -> Option<Unknown> {
    // Once it is known what it came to, the payment itself is shown instead.
    if let Payment::GivenUp(_) = details.payment
        && details.undecided().is_none()
    {
        return Some(Unknown { what: language.t("オーソリ", "The authorisation"), unknown: true, given_up: true });
    }
    let (what, unknown) = match details.operation.as_ref()? {
        Operation::Authorize { unknown, .. } => (language.t("オーソリ", "The authorisation"), *unknown),
        Operation::Call { call, unknown, .. } => {
            use teiki_domain::order::Call;
            let what = match call {
                Call::Capture => language.t("売上確定", "Confirming the sale"),
                Call::Revise => language.t("取引更新", "Updating the transaction"),
                Call::Void => language.t("オーソリの取消", "Cancelling the authorisation"),
                Call::Refund => language.t("返金", "The refund"),
            };
            (what, *unknown)
        }
    };
    Some(Unknown { what, unknown, given_up: false })
}
