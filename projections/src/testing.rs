//! What the unit tests of folds share: short ways of writing events, and a fold without any store.

use crate::projection::{Fact, Projection};
use crate::table::Row;
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::ids::{OrderId, SubscriptionId, TransactionId};
use teiki_domain::member::{MemberEvent, StoredCard};
use teiki_domain::money::Yen;
use teiki_domain::order::{CardInForce, Cause, FoundBy, OrderEvent};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::sealed::Sealed;
use teiki_domain::shop_settings::ShopSettingsEvent;
use teiki_domain::subscription::{NextDates, SubscriptionEvent};

pub(crate) const SUBSCRIPTION: &str = "02396-S00000012";
pub(crate) const ORDER: &str = "02396-S00000012-20260401";
pub(crate) const MEMBER: &str = "02396-M0001";
pub(crate) const SHOP: &str = "02396";

/// Folded rows, to be looked at.
pub(crate) struct Folded(WorkingSet);

impl Folded {
    pub(crate) fn row<R: Row>(&mut self, key: &str) -> Option<R> {
        self.0.want::<R>(key);
        self.0.get::<R>(key).unwrap().cloned()
    }
}

/// Folds these events, which stand at the positions 1, 2, 3 …, recorded one second after the other from noon of
/// 2026-04-01 in Tokyo.
pub(crate) fn fold(projection: &dyn Projection, events: &[(&str, RecordedEvent)]) -> Result<Folded, FoldError> {
    let times: Vec<_> = (1..=events.len()).map(time).collect();
    fold_at(projection, &times, events)
}

/// When the event at this position was recorded.
pub(crate) fn time(position: usize) -> String {
    format!("2026-04-01T03:00:{position:02}Z")
}

/// Folds these events, which stand at the positions 1, 2, 3 …, recorded at these times.
pub(crate) fn fold_at(
    projection: &dyn Projection,
    times: &[impl AsRef<str>],
    events: &[(&str, RecordedEvent)],
) -> Result<Folded, FoldError> {
    let mut rows = WorkingSet::new(&projection.tables());
    let payloads: Vec<_> = events.iter().map(|(_, event)| payload(event)).collect();
    let fact = |i: usize| Fact {
        position: i64::try_from(i).unwrap() + 1,
        aggregate_id: events[i].0,
        recorded_at: times[i].as_ref(),
        payload: &payloads[i],
        event: &events[i].1,
    };
    (0..events.len()).for_each(|i| projection.touches(&fact(i), &mut rows));
    (0..events.len()).try_for_each(|i| projection.fold(&fact(i), &mut rows))?;
    Ok(Folded(rows))
}

fn payload(event: &RecordedEvent) -> String {
    match event {
        RecordedEvent::Subscription(event) => serde_json::to_string(event),
        RecordedEvent::Order(event) => serde_json::to_string(event),
        RecordedEvent::Member(event) => serde_json::to_string(event),
        RecordedEvent::ShopSettings(event) => serde_json::to_string(event),
        RecordedEvent::Product(event) => serde_json::to_string(event),
        RecordedEvent::Mail(event) => serde_json::to_string(event),
        RecordedEvent::Webhook(event) => serde_json::to_string(event),
    }
    .unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn yen(yen: i64) -> Yen {
    Yen::new(yen).unwrap()
}

pub(crate) fn basket(price: i64, shipping: Charge) -> Basket {
    let line =
        Line {
            product: "C-1".into(), name: "クッキー".into(), unit_price: yen(price), quantity: 2, tax_percent: 8
        };
    Basket::new(vec![line], shipping, Charge::Fixed(Yen::ZERO)).unwrap()
}

pub(crate) fn next(index: u32, generation_date: &str) -> NextDates {
    let generation_date = date(generation_date);
    NextDates { index, delivery_date: generation_date + chrono::Days::new(5), generation_date }
}

pub(crate) fn subscription(event: SubscriptionEvent) -> (&'static str, RecordedEvent) {
    (SUBSCRIPTION, RecordedEvent::Subscription(event))
}

pub(crate) fn started(payment_method: PaymentMethod) -> (&'static str, RecordedEvent) {
    subscription(SubscriptionEvent::SubscriptionStarted {
        subscription_id: SUBSCRIPTION.parse().unwrap(),
        member_id: MEMBER.parse().unwrap(),
        basket: basket(1_000, Charge::Fixed(yen(500))),
        payment_method,
        cycle: "months:1:6".parse().unwrap(),
        anchor: date("2026-04-06"),
        next: next(0, "2026-04-01"),
    })
}

pub(crate) fn called_for(generation_date: &str, then: Option<NextDates>) -> (&'static str, RecordedEvent) {
    let id: SubscriptionId = SUBSCRIPTION.parse().unwrap();
    subscription(SubscriptionEvent::OrderGenerationStarted {
        order_id: OrderId::for_generation(&id, date(generation_date)),
        dates: next(0, generation_date),
        basket: basket(1_000, Charge::Fixed(yen(500))),
        payment_method: PaymentMethod::Card,
        next: then,
    })
}

pub(crate) fn order(event: OrderEvent) -> (&'static str, RecordedEvent) {
    (ORDER, RecordedEvent::Order(event))
}

pub(crate) fn generated(payment_method: PaymentMethod) -> (&'static str, RecordedEvent) {
    order(OrderEvent::OrderGenerated {
        order_id: ORDER.parse().unwrap(),
        subscription_id: SUBSCRIPTION.parse().unwrap(),
        member_id: MEMBER.parse().unwrap(),
        generation_date: date("2026-04-01"),
        delivery_date: date("2026-04-06"),
        basket: basket(1_000, Charge::Fixed(yen(500))),
        payment_method,
        sale_mode: SaleMode::AuthorizeOnly,
    })
}

pub(crate) fn transaction(serial: u64) -> TransactionId {
    TransactionId::new(SHOP.parse().unwrap(), serial).unwrap()
}

pub(crate) fn requested(attempt: u32, serial: u64, amount: i64) -> (&'static str, RecordedEvent) {
    order(OrderEvent::AuthorizationRequested {
        attempt,
        transaction_id: transaction(serial),
        amount: yen(amount),
        card: CardInForce { card_id: "7".parse().unwrap(), expiry: CardExpiry::new(2028, 3).unwrap() },
        sale_mode: SaleMode::AuthorizeOnly,
        cause: Cause::Generation,
        requested_on: None,
        three_d_secure: false,
    })
}

pub(crate) fn succeeded(attempt: u32, captured: bool) -> (&'static str, RecordedEvent) {
    let payment_id = format!("9{attempt}").parse().unwrap();
    order(OrderEvent::AuthorizationSucceeded { attempt, payment_id, captured, found_by: FoundBy::Reply, until: None })
}

pub(crate) fn failed(attempt: u32, code: &str) -> (&'static str, RecordedEvent) {
    let (code, detail) = (code.to_owned(), "有効期限エラー".to_owned());
    order(OrderEvent::AuthorizationFailed { attempt, code, detail, found_by: FoundBy::Reply })
}

pub(crate) fn unknown(attempt: u32) -> (&'static str, RecordedEvent) {
    order(OrderEvent::AuthorizationOutcomeUnknown { attempt, why: "no answer".to_owned() })
}

pub(crate) fn capture_requested(amount: i64) -> (&'static str, RecordedEvent) {
    order(OrderEvent::CaptureRequested { attempt: 1, amount: yen(amount) })
}

pub(crate) fn capture_failed() -> (&'static str, RecordedEvent) {
    order(OrderEvent::CaptureFailed { attempt: 1, code: "2005".to_owned(), detail: "売上不可".to_owned() })
}

pub(crate) fn sales_confirmed() -> (&'static str, RecordedEvent) {
    order(OrderEvent::SalesConfirmed {
        attempt: 1,
        amount: yen(2_500),
        found_by: FoundBy::Reply,
        refundable_until: None,
    })
}

pub(crate) fn member(event: MemberEvent) -> (&'static str, RecordedEvent) {
    (MEMBER, RecordedEvent::Member(event))
}

pub(crate) fn registered() -> (&'static str, RecordedEvent) {
    let profile = Sealed::from_ciphertext("c2VhbGVk".to_owned());
    member(MemberEvent::MemberRegistered { member_id: MEMBER.parse().unwrap(), profile })
}

pub(crate) fn card(registration: u32, card_id: &str, year: i32, month: u32) -> (&'static str, RecordedEvent) {
    let card = StoredCard {
        card_id: card_id.parse().unwrap(),
        masked_number: "************1111".to_owned(),
        expiry: CardExpiry::new(year, month).unwrap(),
    };
    member(MemberEvent::CardRegistered { registration, card })
}

pub(crate) fn shop(event: ShopSettingsEvent) -> (&'static str, RecordedEvent) {
    (SHOP, RecordedEvent::ShopSettings(event))
}
