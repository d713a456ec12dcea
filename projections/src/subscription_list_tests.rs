use super::*;
use crate::testing::*;
use teiki_domain::basket::Charge;
use teiki_domain::payment_method::PaymentMethod;

fn folded(events: &[(&str, RecordedEvent)]) -> SubscriptionRow {
    fold(&SubscriptionList, events).unwrap().row(SUBSCRIPTION).unwrap()
}

#[test]
fn a_started_subscription_shows_its_content_and_dates() {
    let row = folded(&[started(PaymentMethod::Card)]);
    assert_eq!(
        (row.status.as_str(), row.payment_method.as_str(), row.cycle.as_str()),
        ("running", "card", "months:1:6")
    );
    assert_eq!((row.goods, row.total, row.orders), (2_000, Some(2_500), 0));
    assert_eq!(row.next_generation_date, Some(date("2026-04-01")));
    assert_eq!(row.next_delivery_date, Some(date("2026-04-06")));
    assert_eq!((row.started_at.as_str(), row.ended_at), (time(1).as_str(), None));
}

#[test]
fn r3_status_and_next_dates_follow_what_happens() {
    use Event as E;
    let later = next(1, "2026-05-01");
    for (then, status, generation_date, orders) in [
        (vec![called_for("2026-04-01", Some(later))], "running", Some("2026-05-01"), 1),
        (vec![called_for("2026-04-01", None)], "running", None, 1),
        (
            vec![subscription(E::DeliverySkipped { skipped: next(0, "2026-04-01"), next: Some(later) })],
            "running",
            Some("2026-05-01"),
            0,
        ),
        (vec![subscription(E::NextDateChanged { next: next(0, "2026-04-03") })], "running", Some("2026-04-03"), 0),
        (vec![subscription(E::SubscriptionPaused {})], "paused", None, 0),
        (
            vec![subscription(E::SubscriptionPaused {}), subscription(E::SubscriptionResumed { next: later })],
            "running",
            Some("2026-05-01"),
            0,
        ),
        (vec![subscription(E::SubscriptionEnded {})], "ended", None, 0),
    ] {
        let events: Vec<_> = [started(PaymentMethod::Card)].into_iter().chain(then).collect();
        let row = folded(&events);
        assert_eq!(row.status, status, "{events:?}");
        assert_eq!(row.next_generation_date, generation_date.map(date), "{events:?}");
        assert_eq!(row.orders, orders, "{events:?}");
        assert_eq!(row.ended_at.is_some(), status == "ended", "{events:?}");
    }
}

#[test]
fn o18_changes_of_basket_method_and_cycle_show() {
    let row = folded(&[
        started(PaymentMethod::Card),
        subscription(Event::BasketChanged { basket: basket(700, Charge::ToBeQuoted) }),
        subscription(Event::PaymentMethodChanged {
            payment_method: PaymentMethod::External { name: "銀行振込".into() },
        }),
        subscription(Event::CycleChanged {
            cycle: "weeks:2:fri".parse().unwrap(),
            anchor: date("2026-04-10"),
            next: Some(next(0, "2026-04-05")),
        }),
    ]);
    assert_eq!((row.goods, row.total), (1_400, None));
    assert_eq!(row.payment_method, "external:銀行振込");
    assert_eq!((row.cycle.as_str(), row.anchor), ("weeks:2:fri", date("2026-04-10")));
    assert_eq!(row.updated_position, 4);
}
