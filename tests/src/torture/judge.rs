//! Holds the log against Paygent's books after every day.

use super::field::{Field, TIMEOUT};
use super::{Failure, Report, Settings};
use crate::stage::subscription;
use chrono::NaiveDate;
use paygent_simulator::PaymentRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use teiki::app::App;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Details, Order, OrderEvent, Stands};
use teiki_domain::recorded::RecordedEvent;

/// Codes that say something about the card or the network. Any other is about the moment, and no reason to fail it;
/// except a status that an inquiry found: the payment was refused, or cancelled at the console before we knew of it.
const OF_THE_CARD: [&str; 4] = ["2001", "2002", "2003", "2008"];

/// Adds to the report what must never be.
pub(super) async fn judge(field: &Field, settings: &Settings, report: &mut Report) -> Result<(), Failure> {
    let app = field.app(TIMEOUT).await?;
    let result = hold(field, settings, &app, report).await;
    app.stop().await;
    result
}

async fn hold(field: &Field, settings: &Settings, app: &Arc<App>, report: &mut Report) -> Result<(), Failure> {
    app.settle().await?;
    let generated = generated(app).await?;
    let orders = orders(app, generated.keys()).await?;
    let theirs = field.paygent.payments().await?;
    let mut found = vec![];
    due_dates(&generated, settings.subscriptions, field.first_day, field.today, &mut found);
    found.extend(unresolved(app).await?);
    for order in &orders {
        charged_once(order, &mut found);
    }
    report.yen = books(&orders, &theirs, &mut found);
    for name in app.projections.names() {
        for difference in app.projections.compare(name).await? {
            found.push(format!("the table is not what a rebuild makes of the log: {difference:?}"));
        }
    }
    report.orders = orders.len();
    report.payments = theirs.len();
    report.violations.extend(found.into_iter().map(|what| format!("day {}: {what}", field.today)));
    Ok(())
}

/// Orders, or replaced payments, that still wait for Paygent.
pub(super) async fn unresolved(app: &Arc<App>) -> Result<Vec<String>, Failure> {
    let generated = generated(app).await?;
    let open = |order: &Details| {
        let what = (&order.operation, order.to_release());
        (what != (&None, None)).then(|| format!("{} is unresolved: {what:?}", order.order_id))
    };
    Ok(orders(app, generated.keys()).await?.iter().filter_map(open).collect())
}

/// How often each order was generated.
async fn generated(app: &Arc<App>) -> Result<BTreeMap<String, u32>, Failure> {
    let mut generated: BTreeMap<String, u32> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = app.log.page(after, 1_000).await?;
        let Some(last) = page.last() else { return Ok(generated) };
        after = last.position;
        for event in &page {
            if let RecordedEvent::Order(OrderEvent::OrderGenerated { .. }) =
                RecordedEvent::decode(&event.aggregate_type, &event.payload)?
            {
                *generated.entry(event.aggregate_id.clone()).or_default() += 1;
            }
        }
    }
}

async fn orders(app: &Arc<App>, ids: impl Iterator<Item = &String>) -> Result<Vec<Details>, Failure> {
    let mut orders = vec![];
    for id in ids {
        let loaded = app.gateway.load::<Order>(id).await?;
        orders.push(loaded.aggregate.details().ok_or("an order that was generated is not there")?.clone());
    }
    Ok(orders)
}

/// R1: every due date has exactly one order.
fn due_dates(
    generated: &BTreeMap<String, u32>,
    subscriptions: usize,
    first_day: NaiveDate,
    today: NaiveDate,
    found: &mut Vec<String>,
) {
    let mut expected = BTreeSet::new();
    for day in first_day.iter_days().take_while(|day| *day <= today) {
        expected.extend((0..subscriptions).map(|i| OrderId::for_generation(&subscription(i), day).to_string()));
    }
    for id in &expected {
        match generated.get(id) {
            Some(1) => {}
            count => found.push(format!("{id} was generated {} times", count.unwrap_or(&0))),
        }
    }
    found.extend(generated.keys().filter(|id| !expected.contains(*id)).map(|id| format!("{id} was never due")));
}

/// What pays an order pays it once, and a card fails for no reason but its own.
fn charged_once(order: &Details, found: &mut Vec<String>) {
    let id = &order.order_id;
    let paying: Vec<_> =
        order.payments.iter().filter(|booked| booked.stands.holds_money() && booked.surplus.is_none()).collect();
    if paying.len() > 1 {
        found.push(format!("{id} is paid more than once: {paying:?}"));
    }
    if order.cancelled && !paying.is_empty() {
        found.push(format!("{id} is cancelled and still holds {paying:?}"));
    }
    for attempt in &order.attempts {
        // Nobody waits for an attempt that was given up; that Paygent has none of it is its end.
        let never_came = attempt.given_up && attempt.failure.as_ref().is_some_and(|(code, _)| code == "13001");
        if let Some((code, detail)) = &attempt.failure
            && !never_came
            && !OF_THE_CARD.contains(&code.as_str())
            && !code.starts_with("status ")
        {
            found.push(format!("attempt {} of {id} failed with {code} {detail}", attempt.number));
        }
    }
}

/// Both sides name the same payments, standing alike, with the same amounts. Returns the yen captured and held.
fn books(orders: &[Details], theirs: &[PaymentRecord], found: &mut Vec<String>) -> (i64, i64) {
    let mut attempts = BTreeMap::new();
    let mut ours = BTreeMap::new();
    for order in orders {
        for attempt in &order.attempts {
            attempts.insert(attempt.transaction_id.to_string(), (order, attempt));
        }
        for booked in &order.payments {
            ours.insert(booked.payment_id.to_string(), (order, booked));
        }
    }
    let mut authorised: BTreeMap<&str, u32> = BTreeMap::new();
    let mut sums = [(0_i64, 0_i64), (0, 0)];
    for payment in theirs {
        if payment.is_booked_authorisation() {
            *authorised.entry(&payment.trading_id).or_default() += 1;
        }
        let stands = match payment.status {
            20 => Stands::Authorized,
            32 => Stands::Voided,
            33 => Stands::Expired,
            40 | 41 => Stands::Captured,
            60 => Stands::Refunded,
            _ => continue,
        };
        let known = ours.get(&payment.payment_id);
        count(&mut sums[0], stands, i64::from(payment.amount));
        match known {
            // A payment of which only its successor was seen holds nothing.
            None if !stands.holds_money() => {}
            None => found.push(format!(
                "Paygent's {} ({}) holds {} yen that no order knows of; its attempt: {:?}",
                payment.payment_id,
                payment.trading_id,
                payment.amount,
                attempts.get(&payment.trading_id).map(|(order, attempt)| (&order.order_id, attempt.number)),
            )),
            Some((order, booked)) if booked.stands != stands || booked.amount.get() != i64::from(payment.amount) => {
                found.push(format!(
                    "{}: payment {} is {:?} of {} yen here, and {stands:?} of {} yen at Paygent",
                    order.order_id, booked.payment_id, booked.stands, booked.amount, payment.amount
                ));
            }
            Some(_) => {}
        }
    }
    for (order, booked) in ours.values() {
        count(&mut sums[1], booked.stands, booked.amount.get());
        if !theirs.iter().any(|payment| payment.payment_id == booked.payment_id.to_string()) {
            found.push(format!("{}: Paygent knows no payment {}", order.order_id, booked.payment_id));
        }
    }
    let twice = authorised.iter().filter(|(_, count)| **count > 1);
    found.extend(twice.map(|(id, count)| format!("{id} was charged {count} times at Paygent")));
    if sums[0] != sums[1] {
        found.push(format!("captured and held: {:?} yen at Paygent, {:?} yen here", sums[0], sums[1]));
    }
    sums[1]
}

fn count((captured, held): &mut (i64, i64), stands: Stands, yen: i64) {
    match stands {
        Stands::Captured => *captured += yen,
        Stands::Authorized => *held += yen,
        _ => {}
    }
}
