use super::*;
use crate::testing::*;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::order::{CardInForce, Cause, FoundBy, Purpose};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

/// Noon in Tokyo of the first, second … of April.
fn on(day: u32) -> String {
    format!("2026-04-{day:02}T03:00:00Z")
}

/// Folds events that are given with the day of April they were recorded on.
fn story(events: Vec<(u32, (&'static str, RecordedEvent))>) -> Folded {
    let (days, events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
    let times: Vec<_> = days.into_iter().map(on).collect();
    fold_at(&PaymentReport, &times, &events).unwrap()
}

fn sales(folded: &mut Folded, day: u32) -> DailySalesRow {
    folded.row(&format!("{SHOP}/2026-04-{day:02}")).unwrap_or_else(|| panic!("nothing was booked on {day} April"))
}

fn retried(attempt: u32, cause: Cause) -> (&'static str, RecordedEvent) {
    order(Event::AuthorizationRequested {
        attempt,
        transaction_id: transaction(u64::from(attempt) + 10),
        amount: yen(2_500),
        card: CardInForce { card_id: "7".parse().unwrap(), expiry: CardExpiry::new(2028, 3).unwrap() },
        sale_mode: SaleMode::AuthorizeOnly,
        cause,
        requested_on: None,
        three_d_secure: false,
    })
}

fn voided(payment: &str) -> (&'static str, RecordedEvent) {
    let payment_id = payment.parse().unwrap();
    order(Event::AuthorizationVoided { attempt: 1, payment_id, found_by: FoundBy::Reply })
}

fn refunded(payment: &str, amount: i64) -> (&'static str, RecordedEvent) {
    let payment_id = payment.parse().unwrap();
    order(Event::SaleRefunded { attempt: 1, payment_id, amount: yen(amount), found_by: FoundBy::Reply })
}

fn revised(base: &str, payment: &str, amount: i64) -> (&'static str, RecordedEvent) {
    order(Event::AmountRevised {
        attempt: 1,
        base_payment_id: base.parse().unwrap(),
        payment_id: payment.parse().unwrap(),
        amount: yen(amount),
        found_by: FoundBy::Reply,
    })
}

#[test]
fn r1_a_business_day_begins_at_midnight_in_tokyo() {
    let events = [generated(PaymentMethod::Card), requested(1, 5, 2_500), succeeded(1, false)];
    for (time, day) in [("2026-04-01T14:59:59.999Z", 1), ("2026-04-01T15:00:00Z", 2)] {
        let mut folded = fold_at(&PaymentReport, &[time; 3], &events).unwrap();
        assert_eq!(sales(&mut folded, day).authorized_count, 1, "{time}");
        assert!(folded.row::<DailySalesRow>(&format!("{SHOP}/2026-04-{:02}", 3 - day)).is_none(), "{time}");
    }
    let broken = fold_at(&PaymentReport, &["yesterday"; 3], &events);
    assert!(broken.is_err_and(|error| error.to_string().contains("cannot be read")));
}

#[test]
fn a_payment_is_booked_on_the_day_each_thing_happened() {
    let mut folded = story(vec![
        (1, generated(PaymentMethod::Card)),
        (1, requested(1, 5, 2_500)),
        (2, succeeded(1, false)),
        (3, capture_requested(2_500)),
        (4, sales_confirmed()),
        (6, refunded("91", 2_500)),
    ]);
    assert!(folded.row::<DailySalesRow>(&format!("{SHOP}/2026-04-01")).is_none(), "an intention is no sale");
    let days = [2, 4, 6].map(|day| {
        let row = sales(&mut folded, day);
        let sums = [row.authorized_count, row.authorized_yen, row.captured_count, row.captured_yen];
        (sums, row.refunded_count, row.refunded_yen)
    });
    assert_eq!(days, [([1, 2_500, 0, 0], 0, 0), ([0, 0, 1, 2_500], 0, 0), ([0; 4], 1, 2_500)]);
    let row: AttemptRow = folded.row(&format!("{ORDER}/1")).unwrap();
    assert_eq!((row.state.as_str(), row.transaction_id), ("refunded", transaction(5).to_string()));
    let dates = [Some(row.requested_on), row.authorized_on, row.captured_on, row.closed_on];
    assert_eq!(dates, [1, 2, 4, 6].map(|day| Some(date(&format!("2026-04-{day:02}")))));
}

#[test]
fn a_sale_made_together_with_the_authorisation_counts_as_both() {
    let mut folded =
        story(vec![(1, generated(PaymentMethod::Card)), (1, requested(1, 5, 2_500)), (1, succeeded(1, true))]);
    let row = sales(&mut folded, 1);
    assert_eq!((row.authorized_yen, row.captured_yen, row.captured_count), (2_500, 2_500, 1));
}

#[test]
fn o10_a_cancelled_authorisation_is_booked_once_however_often_it_is_told() {
    let request = order(Event::VoidRequested {
        attempt: 1,
        payment_id: "91".parse().unwrap(),
        amount: yen(2_500),
        purpose: Purpose::CancelOrder,
    });
    let mut folded = story(vec![
        (1, generated(PaymentMethod::Card)),
        (1, requested(1, 5, 2_500)),
        (1, succeeded(1, false)),
        (2, request),
        (2, voided("91")),
        (3, voided("91")),
    ]);
    let row = sales(&mut folded, 2);
    assert_eq!((row.voided_count, row.voided_yen), (1, 2_500));
    assert!(folded.row::<DailySalesRow>(&format!("{SHOP}/2026-04-03")).is_none());
}

#[test]
fn o6_a_lowered_amount_is_no_void_and_no_second_authorisation() {
    let begun = || vec![(1, generated(PaymentMethod::Card)), (1, requested(1, 5, 2_500))];
    // Authorised only, then lowered: by Paygent's new payment, or under the same id.
    for id in ["92", "91"] {
        let mut events = begun();
        events.extend([(1, succeeded(1, false)), (2, revised("91", id, 1_000))]);
        let mut folded = story(events);
        let row = sales(&mut folded, 2);
        assert_eq!((row.lowered_count, row.lowered_yen), (1, 1_500), "{id}");
        assert_eq!((row.authorized_count, row.authorized_yen, row.voided_count), (0, 0, 0), "{id}");
        let attempt: AttemptRow = folded.row(&format!("{ORDER}/1")).unwrap();
        let shown = (attempt.payment_id.as_deref(), attempt.payment_yen, attempt.requested_yen);
        assert_eq!(shown, (Some(id), Some(1_000), 2_500));
    }
    // Captured already: the difference goes back to the buyer.
    let mut events = begun();
    events.extend([(1, succeeded(1, true)), (2, revised("91", "92", 1_000)), (3, refunded("92", 1_000))]);
    let mut folded = story(events);
    let (second, third) = (sales(&mut folded, 2), sales(&mut folded, 3));
    assert_eq!((second.refunded_count, second.refunded_yen, second.captured_yen), (1, 1_500, 0));
    assert_eq!((third.refunded_yen, third.captured_yen), (1_000, 0));
}

#[test]
fn e4_refusals_are_counted_by_code() {
    let mut folded = story(vec![
        (1, generated(PaymentMethod::Card)),
        (1, requested(1, 5, 2_500)),
        (1, failed(1, "P010")),
        (1, retried(2, Cause::Operator)),
        (1, failed(2, "2003")),
        (1, retried(3, Cause::Operator)),
        (1, failed(3, "P010")),
    ]);
    let row = sales(&mut folded, 1);
    assert_eq!((row.failed_count, row.failed_yen, row.authorized_count), (3, 7_500, 0));
    for (code, count) in [("P010", 2), ("2003", 1)] {
        let row: DailyFailureRow = folded.row(&format!("{SHOP}/2026-04-01/{code}")).unwrap();
        assert_eq!((row.failed_count, row.failed_yen), (count, count * 2_500), "{code}");
    }
    let row: AttemptRow = folded.row(&format!("{ORDER}/2")).unwrap();
    assert_eq!((row.state.as_str(), row.failure_code.as_deref()), ("failed", Some("2003")));
}

#[test]
fn the_state_of_an_attempt_follows_it() {
    for (then, state) in [
        (vec![], "requested"),
        (vec![unknown(1)], "unknown"),
        (vec![unknown(1), order(Event::AttemptGivenUp { attempt: 1 })], "given_up"),
        (vec![succeeded(1, false)], "authorized"),
        (vec![succeeded(1, true)], "captured"),
        (vec![succeeded(1, false), capture_requested(2_500), capture_failed()], "authorized"),
        (
            vec![
                succeeded(1, false),
                order(Event::AuthorizationExpired {
                    attempt: 1,
                    payment_id: "91".parse().unwrap(),
                    found_by: FoundBy::Notice,
                }),
            ],
            "expired",
        ),
    ] {
        let events = [generated(PaymentMethod::Card), requested(1, 5, 2_500)].into_iter().chain(then);
        let mut folded = story(events.map(|event| (1, event)).collect());
        assert_eq!(folded.row::<AttemptRow>(&format!("{ORDER}/1")).unwrap().state, state);
    }
}

/// Events after the generation, what came of it first, what led to a payment, on which day of April.
type Example = (Vec<(u32, (&'static str, RecordedEvent))>, &'static str, Option<&'static str>, Option<u32>);

#[test]
fn r2_r4_what_came_of_a_renewal_first_and_what_mended_it() {
    let not_executed = || order(Event::AuthorizationNotExecuted { reason: NotExecutedReason::NoStoredCard });
    let late = |event: fn(Event) -> (&'static str, RecordedEvent)| {
        vec![
            (
                3,
                event(Event::SurplusPaymentFound {
                    attempt: 1,
                    payment_id: "91".parse().unwrap(),
                    amount: yen(2_500),
                    captured: false,
                    found_by: FoundBy::Notice,
                    until: None,
                }),
            ),
            (4, event(Event::SurplusPaymentAccepted { attempt: 1, payment_id: "91".parse().unwrap() })),
        ]
    };
    let refused = || vec![(1, requested(1, 5, 2_500)), (1, failed(1, "2003"))];
    let then = |cause: Cause| {
        let mut events = refused();
        events.extend([
            (2, retried(2, cause)),
            (2, failed(2, "2003")),
            (3, retried(3, cause)),
            (3, succeeded(3, true)),
        ]);
        events
    };
    let examples: Vec<Example> = vec![
        (vec![], "open", None, None),
        (vec![(1, requested(1, 5, 2_500)), (1, unknown(1))], "open", None, None),
        (vec![(1, requested(1, 5, 2_500)), (1, succeeded(1, false))], "authorized", None, None),
        (vec![(1, requested(1, 5, 2_500)), (1, unknown(1)), (2, succeeded(1, false))], "authorized", None, None),
        (refused(), "failed", None, None),
        (then(Cause::Ladder), "failed", Some("ladder"), Some(3)),
        (then(Cause::CardChanged), "failed", Some("card_changed"), Some(3)),
        (then(Cause::Operator), "failed", Some("operator"), Some(3)),
        (refused().into_iter().chain(late(order)).collect(), "failed", Some("found_late"), Some(4)),
        (vec![(1, not_executed())], "not_executed", None, None),
        (
            vec![(1, not_executed()), (2, retried(1, Cause::Operator)), (2, succeeded(1, true))],
            "not_executed",
            Some("operator"),
            Some(2),
        ),
    ];
    for (events, outcome, by, day) in examples {
        let mut folded = story([(1, generated(PaymentMethod::Card))].into_iter().chain(events).collect());
        let row: RenewalRow = folded.row(ORDER).unwrap();
        let expected = day.map(|day| date(&format!("2026-04-{day:02}")));
        assert_eq!((row.outcome.as_str(), row.recovered_by.as_deref(), row.recovered_on), (outcome, by, expected));
    }
    let bank = PaymentMethod::External { name: "銀行振込".into() };
    let row: RenewalRow = story(vec![(1, generated(bank))]).row(ORDER).unwrap();
    assert_eq!(row.outcome, "external");
}
