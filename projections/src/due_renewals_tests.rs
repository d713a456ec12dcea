use super::*;
use crate::testing::*;
use teiki_domain::payment_method::PaymentMethod;

#[test]
fn r1_only_running_subscriptions_are_due() {
    let later = next(1, "2026-05-01");
    for (then, due) in [
        (vec![], Some("2026-04-01")),
        (vec![called_for("2026-04-01", Some(later))], Some("2026-05-01")),
        (vec![called_for("2026-04-01", None)], None),
        (vec![subscription(Event::SubscriptionPaused {})], None),
        (
            vec![subscription(Event::SubscriptionPaused {}), subscription(Event::SubscriptionResumed { next: later })],
            Some("2026-05-01"),
        ),
        (vec![subscription(Event::SubscriptionEnded {})], None),
        (vec![subscription(Event::PaymentMethodChanged { payment_method: PaymentMethod::Card })], Some("2026-04-01")),
        (
            vec![
                subscription(Event::SubscriptionPaused {}),
                subscription(Event::CycleChanged {
                    cycle: "days:10".parse().unwrap(),
                    anchor: date("2026-04-10"),
                    next: None,
                }),
            ],
            None,
        ),
    ] {
        let events: Vec<_> = [started(PaymentMethod::Card)].into_iter().chain(then).collect();
        let row = fold(&DueRenewals, &events).unwrap().row::<DueRow>(SUBSCRIPTION);
        assert_eq!(row.as_ref().map(|row| row.generation_date), due.map(date), "{events:?}");
        assert!(row.is_none_or(|row| row.shop_id == SHOP));
    }
}

#[test]
fn r2_an_order_called_for_is_pending_until_it_exists() {
    let called = [started(PaymentMethod::Card), called_for("2026-04-01", Some(next(1, "2026-05-01")))];
    let row = fold(&DueRenewals, &called).unwrap().row::<PendingRow>(ORDER).unwrap();
    assert_eq!((row.subscription_id.as_str(), row.generation_date), (SUBSCRIPTION, date("2026-04-01")));
    // The stored event itself: all that is needed to generate the order.
    let event: Event = serde_json::from_str(&row.payload).unwrap();
    assert_eq!(RecordedEvent::Subscription(event), called[1].1);

    let [started, called] = called;
    let events = [started, called, generated(PaymentMethod::Card), requested(1, 5, 2_500)];
    assert_eq!(fold(&DueRenewals, &events).unwrap().row::<PendingRow>(ORDER), None);
}
