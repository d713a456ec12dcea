use super::*;
use crate::testing::*;
use teiki_domain::payment_method::PaymentMethod;

/// Kind, state, open, since.
type Shown = (&'static str, &'static str, bool, &'static str);
/// Name, events after the generation, what the row shows.
type Example = (&'static str, Vec<(&'static str, RecordedEvent)>, Option<Shown>);

#[test]
fn an_attempt_is_open_until_its_outcome_is_recorded() {
    let again = || order(Event::AuthorizationSentAgain { attempt: 1 });
    let capture_unknown = || order(Event::CaptureOutcomeUnknown { attempt: 1, why: "no answer".into() });
    let examples: Vec<Example> = vec![
        ("nothing asked", vec![], None),
        ("requested", vec![requested(1, 5, 2_500)], Some(("authorization", "requested", true, "t2"))),
        ("unknown", vec![requested(1, 5, 2_500), unknown(1)], Some(("authorization", "unknown", true, "t2"))),
        (
            "sent again counts from the new sending",
            vec![requested(1, 5, 2_500), unknown(1), again()],
            Some(("authorization", "requested", true, "t4")),
        ),
        ("failed", vec![requested(1, 5, 2_500), unknown(1), failed(1, "P010")], None),
        ("captured at once", vec![requested(1, 5, 2_500), succeeded(1, true)], None),
        (
            "authorised: waits for its capture, but is not open",
            vec![requested(1, 5, 2_500), succeeded(1, false)],
            Some(("authorization", "settled", false, "t2")),
        ),
        (
            "second attempt",
            vec![requested(1, 5, 2_500), failed(1, "P010"), requested(2, 6, 2_500)],
            Some(("authorization", "requested", true, "t4")),
        ),
        (
            "late word about the first attempt leaves the second open",
            vec![requested(1, 5, 2_500), failed(1, "P010"), requested(2, 6, 2_500), succeeded(1, true)],
            Some(("authorization", "requested", true, "t4")),
        ),
        (
            "capture requested",
            vec![requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_500)],
            Some(("capture", "requested", true, "t4")),
        ),
        (
            "capture unknown",
            vec![requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_500), capture_unknown()],
            Some(("capture", "unknown", true, "t4")),
        ),
        (
            "capture failed: it may be tried again",
            vec![requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_500), capture_failed()],
            Some(("authorization", "settled", false, "t4")),
        ),
        (
            "sale confirmed",
            vec![requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_500), sales_confirmed()],
            None,
        ),
    ];
    for (name, then, shown) in examples {
        let events: Vec<_> = [generated(PaymentMethod::Card)].into_iter().chain(then).collect();
        let row: Option<PaymentRow> = fold(&OpenPayments, &events).unwrap().row(ORDER);
        let seen = row.as_ref().map(|row| (row.kind.as_str(), row.state.as_str(), row.open, row.since.as_str()));
        assert_eq!(seen, shown, "{name}");
    }
}

#[test]
fn o5_a_capture_is_asked_for_under_the_transaction_id_of_its_attempt() {
    let events =
        [generated(PaymentMethod::Card), requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_400)];
    let row: PaymentRow = fold(&OpenPayments, &events).unwrap().row(ORDER).unwrap();
    assert_eq!((row.transaction_id, row.amount, row.attempt), (transaction(5).to_string(), 2_400, 1));
    assert_eq!(row.shop_id, SHOP);
}
