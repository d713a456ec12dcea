use super::*;
use crate::testing::*;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::order::Order;

fn folded(events: &[(&str, RecordedEvent)]) -> OrderRow {
    fold(&OrderList, events).unwrap().row(ORDER).unwrap()
}

#[test]
fn o1_a_generated_order_shows_what_it_costs_and_no_transaction_id() {
    let row = folded(&[generated(PaymentMethod::Card)]);
    assert_eq!((row.goods, row.total), (2_000, Some(2_500)));
    assert_eq!((row.shop_id.as_str(), row.generated_at.as_str(), row.updated_position), (SHOP, time(1).as_str(), 1));
    assert_eq!((row.payment_status.as_str(), row.transaction_id), ("untried", None));
    assert_eq!(row.list, "open");
}

/// One row of the table below: events after the generation, status, transaction ID, code of the failure.
type Example = (&'static str, Vec<(&'static str, RecordedEvent)>, &'static str, Option<u64>, Option<&'static str>);

#[test]
fn o4_r2_status_and_transaction_id_follow_the_attempts() {
    let examples: Vec<Example> = vec![
        ("requested", vec![requested(1, 5, 2_500)], "requested", None, None),
        ("authorised", vec![requested(1, 5, 2_500), succeeded(1, false)], "authorized", Some(5), None),
        ("captured at once", vec![requested(1, 5, 2_500), succeeded(1, true)], "captured", Some(5), None),
        ("failed", vec![requested(1, 5, 2_500), failed(1, "P010")], "failed", None, Some("P010")),
        ("unknown", vec![requested(1, 5, 2_500), unknown(1)], "unknown", None, None),
        ("found later", vec![requested(1, 5, 2_500), unknown(1), succeeded(1, false)], "authorized", Some(5), None),
        (
            "retried after a failure",
            vec![requested(1, 5, 2_500), failed(1, "P010"), requested(2, 6, 2_500)],
            "requested",
            None,
            None,
        ),
        (
            "authorised on the second attempt",
            vec![requested(1, 5, 2_500), failed(1, "P010"), requested(2, 6, 2_500), succeeded(2, false)],
            "authorized",
            Some(6),
            None,
        ),
        (
            "capture failed: still authorised, with the code",
            vec![requested(1, 5, 2_500), succeeded(1, false), capture_requested(2_500), capture_failed()],
            "authorized",
            Some(5),
            Some("2005"),
        ),
        (
            "sale confirmed after a failed capture",
            vec![
                requested(1, 5, 2_500),
                succeeded(1, false),
                capture_requested(2_500),
                capture_failed(),
                capture_requested(2_500),
                sales_confirmed(),
            ],
            "sales_confirmed",
            Some(5),
            None,
        ),
    ];
    for (name, then, status, serial, code) in examples {
        let events: Vec<_> = [generated(PaymentMethod::Card)].into_iter().chain(then).collect();
        let row = folded(&events);
        assert_eq!(row.payment_status, status, "{name}");
        assert_eq!(row.transaction_id, serial.map(|serial| transaction(serial).to_string()), "{name}");
        assert_eq!(row.failure_code.as_deref(), code, "{name}");
        assert_eq!(row.updated_position, i64::try_from(events.len()).unwrap(), "{name}");
        // The table and the aggregate say the same.
        let mut aggregate = Order::default();
        for (_, event) in &events {
            let RecordedEvent::Order(event) = event else { unreachable!() };
            teiki_domain::cqrs::Decide::apply(&mut aggregate, event);
        }
        assert_eq!(aggregate.details().unwrap().payment.code(), status, "{name}");
    }
}

#[test]
fn o19_every_attempt_stays_findable_for_support() {
    let row = folded(&[
        generated(PaymentMethod::Card),
        requested(1, 5, 2_500),
        failed(1, "P010"),
        requested(2, 6, 2_600),
        failed(2, "2001"),
    ]);
    assert_eq!(row.attempt_transaction_id, Some(transaction(6).to_string()));
    assert_eq!(row.attempt(1), Some(transaction(5).as_str()));
    assert_eq!(row.attempt(2), Some(transaction(6).as_str()));
    assert_eq!(row.attempt(3), None);
    assert_eq!((row.amount, row.failure_detail.as_deref()), (Some(2_600), Some("有効期限エラー")));
}

#[test]
fn r5_a_payment_that_was_not_executed_says_why() {
    let reason = NotExecutedReason::OutsideContractPeriod;
    let row = folded(&[generated(PaymentMethod::Card), order(Event::AuthorizationNotExecuted { reason })]);
    assert_eq!(row.payment_status, "not_executed");
    assert_eq!(row.not_executed_reason.as_deref(), Some("outside_contract_period"));
}

#[test]
fn s14_external_methods_keep_their_name() {
    let row = folded(&[generated(PaymentMethod::External { name: "代金引換".into() })]);
    assert_eq!(row.payment_method, "external:代金引換");
}

#[test]
fn an_event_of_an_order_that_was_never_generated_is_an_error() {
    let error = fold(&OrderList, &[requested(1, 5, 2_500)]).err();
    assert_eq!(error, Some(FoldError::Missing { table: "order_list", key: ORDER.to_owned() }));
}
