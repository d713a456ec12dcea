use super::*;
use crate::testing::*;
use teiki_domain::payment_method::PaymentMethod;

#[test]
fn k6_a_subscription_counts_while_it_runs_and_is_paid_by_card() {
    use SubscriptionEvent as S;
    let bank = || PaymentMethod::External { name: "銀行振込".into() };
    let method = |payment_method| subscription(S::PaymentMethodChanged { payment_method });
    for (then, running, card) in [
        (vec![], true, true),
        (vec![method(bank())], true, false),
        (vec![method(bank()), method(PaymentMethod::Card)], true, true),
        (vec![subscription(S::SubscriptionPaused {})], false, true),
        (
            vec![
                subscription(S::SubscriptionPaused {}),
                subscription(S::SubscriptionResumed { next: next(1, "2026-05-01") }),
            ],
            true,
            true,
        ),
        (vec![subscription(S::SubscriptionEnded {})], false, true),
    ] {
        let events: Vec<_> = [started(PaymentMethod::Card)].into_iter().chain(then).collect();
        let row: CardSubscriptionRow = fold(&CardExpiryTable, &events).unwrap().row(SUBSCRIPTION).unwrap();
        assert_eq!((row.running, row.card, row.member_id.as_str()), (running, card, MEMBER), "{events:?}");
    }
}

#[test]
fn k6_the_card_of_the_newest_registration_is_in_force_whichever_answer_came_last() {
    let in_force = |events: &[(&str, RecordedEvent)]| {
        fold(&CardExpiryTable, events).unwrap().row::<CardRow>(MEMBER).map(|row| (row.card_id, row.expiry_yyyymm))
    };
    assert_eq!(in_force(&[registered()]), None);
    assert_eq!(in_force(&[registered(), card(1, "7", 2028, 3)]), Some(("7".into(), 202_803)));
    assert_eq!(in_force(&[registered(), card(1, "7", 2028, 3), card(2, "8", 2030, 1)]), Some(("8".into(), 203_001)));
    assert_eq!(in_force(&[registered(), card(2, "8", 2030, 1), card(1, "7", 2028, 3)]), Some(("8".into(), 203_001)));
}
