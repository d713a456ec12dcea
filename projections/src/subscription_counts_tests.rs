use super::*;
use crate::testing::*;
use teiki_domain::payment_method::PaymentMethod;

#[test]
fn each_change_is_counted_on_its_business_day_and_an_end_by_where_it_stood() {
    let paused = || subscription(Event::SubscriptionPaused {});
    let resumed = || subscription(Event::SubscriptionResumed { next: next(1, "2026-05-01") });
    let ended = || subscription(Event::SubscriptionEnded {});
    let folded = |events: Vec<(&str, (&'static str, RecordedEvent))>| {
        let (times, events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        fold_at(&SubscriptionCounts, &times, &events).unwrap()
    };
    let counts = |rows: &mut Folded, day: &str| {
        let row: SubscriptionDayRow = rows.row(&format!("{SHOP}/{day}")).unwrap();
        [row.started, row.paused, row.resumed, row.ended_running, row.ended_paused]
    };
    let begun = ("2026-04-01T03:00:00Z", started(PaymentMethod::Card));

    let mut rows = folded(vec![
        begun.clone(),
        ("2026-04-01T14:59:59Z", paused()),
        ("2026-04-01T15:00:00Z", resumed()),
        ("2026-04-03T03:00:00Z", ended()),
    ]);
    assert_eq!(counts(&mut rows, "2026-04-01"), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&mut rows, "2026-04-02"), [0, 0, 1, 0, 0]);
    assert_eq!(counts(&mut rows, "2026-04-03"), [0, 0, 0, 1, 0]);

    let mut rows = folded(vec![begun, ("2026-04-02T03:00:00Z", paused()), ("2026-04-03T03:00:00Z", ended())]);
    assert_eq!(counts(&mut rows, "2026-04-03"), [0, 0, 0, 0, 1]);
}

#[test]
fn events_that_do_not_change_the_standing_are_not_counted() {
    let events = [started(PaymentMethod::Card), called_for("2026-04-01", Some(next(1, "2026-05-01")))];
    let mut rows = fold(&SubscriptionCounts, &events).unwrap();
    let row: SubscriptionDayRow = rows.row(&format!("{SHOP}/2026-04-01")).unwrap();
    assert_eq!((row.started, row.paused, row.ended_running), (1, 0, 0));
}
