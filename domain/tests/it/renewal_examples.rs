//! R5, S4, S9, S14, S17: what is done about the payment of a newly generated order.

use crate::values::{basket, card_in_force, cash, day, fixed, line, member_id, open_terms, subscription_id, yen};
use teiki_domain::applicability::{NotExecutedReason as Reason, PaymentPlan, RenewalTerms, payment_plan};
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::cqrs::Decide;
use teiki_domain::ids::{OrderId, TransactionId};
use teiki_domain::order::{CardInForce, GenerateOrder, Order, OrderCommand, OrderEvent};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

fn terms() -> RenewalTerms {
    open_terms(SaleMode::AuthorizeOnly)
}

fn plan(terms: &RenewalTerms, basket: &Basket) -> PaymentPlan {
    payment_plan(terms, &PaymentMethod::Card, basket, true, day("2026-04-01"))
}

fn code(plan: PaymentPlan) -> String {
    match plan {
        PaymentPlan::External => "external".to_owned(),
        PaymentPlan::NotExecuted(reason) => reason.code().to_owned(),
        PaymentPlan::Authorize(amount) => amount.get().to_string(),
    }
}

#[test]
fn r5_none_of_the_reasons_authorises_the_whole_amount() {
    assert_eq!(plan(&terms(), &basket(3_000)), PaymentPlan::Authorize(yen(3_500)));
}

#[test]
fn s9_both_bounds_are_inclusive_and_hold_for_the_goods_alone() {
    for (min, max, goods, expected) in [
        (Some(3_000), Some(5_000), 2_999, "goods_amount_out_of_range"),
        (Some(3_000), Some(5_000), 3_000, "3500"),
        (Some(3_000), Some(5_000), 5_000, "5500"),
        (Some(3_000), Some(5_000), 5_001, "goods_amount_out_of_range"),
        (Some(3_000), None, 2_999, "goods_amount_out_of_range"),
        (Some(3_000), None, 9_000_000, "9000500"),
        (None, Some(5_000), 0, "500"),
        (None, Some(5_000), 5_001, "goods_amount_out_of_range"),
        (Some(3_000), Some(3_000), 3_000, "3500"),
    ] {
        let terms = RenewalTerms { goods_min: min.map(yen), goods_max: max.map(yen), ..terms() };
        assert_eq!(code(plan(&terms, &basket(goods))), expected, "{goods} in {min:?} to {max:?}");
    }
    let terms = RenewalTerms { goods_min: Some(yen(3_000)), ..terms() };
    let reason = Reason::GoodsAmountOutOfRange { goods: yen(2_999), min: Some(yen(3_000)), max: None };
    assert_eq!(plan(&terms, &basket(2_999)), PaymentPlan::NotExecuted(reason));
}

#[test]
fn s17_both_days_of_the_contract_are_inclusive() {
    let (first, last) = (Some("2026-04-01"), Some("2027-03-31"));
    for (start, end, today, inside) in [
        (first, last, "2026-03-31", false),
        (first, last, "2026-04-01", true),
        (first, last, "2027-03-31", true),
        (first, last, "2027-04-01", false),
        (first, None, "2026-03-31", false),
        (first, None, "2099-01-01", true),
        (None, last, "2000-01-01", true),
        (None, last, "2027-04-01", false),
        (None, None, "2026-04-01", true),
    ] {
        let terms = RenewalTerms { contract_start: start.map(day), contract_end: end.map(day), ..terms() };
        let plan = payment_plan(&terms, &PaymentMethod::Card, &basket(3_000), true, day(today));
        let expected = if inside { "3500" } else { "outside_contract_period" };
        assert_eq!(code(plan), expected, "{today} in {start:?} to {end:?}");
    }
}

#[test]
fn r5_reasons_come_in_the_order_of_the_manual() {
    let quoted = Basket::new(vec![line(3_000, 1)], Charge::ToBeQuoted, fixed(0)).unwrap();
    let fee_quoted = Basket::new(vec![line(3_000, 1)], fixed(500), Charge::ToBeQuoted).unwrap();
    let mut terms = RenewalTerms {
        authorize_at_generation: false,
        goods_max: Some(yen(1)),
        contract_end: Some(day("2026-03-31")),
        ..terms()
    };
    let told = |terms: &RenewalTerms, basket: &Basket, has_card| {
        code(payment_plan(terms, &PaymentMethod::Card, basket, has_card, day("2026-04-01")))
    };
    assert_eq!(told(&terms, &quoted, false), "authorize_at_generation_off");
    terms.authorize_at_generation = true;
    assert_eq!(told(&terms, &quoted, false), "goods_amount_out_of_range");
    terms.goods_max = None;
    assert_eq!(told(&terms, &quoted, false), "amount_to_be_quoted");
    assert_eq!(told(&terms, &fee_quoted, false), "amount_to_be_quoted");
    assert_eq!(told(&terms, &basket(3_000), false), "outside_contract_period");
    terms.contract_end = None;
    assert_eq!(told(&terms, &basket(3_000), false), "no_stored_card");
    assert_eq!(told(&terms, &basket(3_000), true), "3500");
}

fn order(terms: RenewalTerms, method: PaymentMethod, card: Option<CardInForce>) -> Vec<OrderEvent> {
    let generate = GenerateOrder {
        order_id: OrderId::for_generation(&subscription_id(), day("2026-04-01")),
        subscription_id: subscription_id(),
        member_id: member_id(),
        generation_date: day("2026-04-01"),
        delivery_date: day("2026-04-11"),
        basket: basket(3_000),
        payment_method: method,
        terms,
        card,
        transaction_id: TransactionId::new(member_id().shop(), 1).unwrap(),
        today: day("2026-04-01"),
    };
    Order::default().decide(OrderCommand::Generate(Box::new(generate))).unwrap()
}

fn names(events: &[OrderEvent]) -> Vec<&'static str> {
    events.iter().map(OrderEvent::name).collect()
}

#[test]
fn r2_r5_s14_the_order_exists_whatever_becomes_of_its_payment() {
    let off = RenewalTerms { authorize_at_generation: false, ..terms() };
    let card = || Some(card_in_force());
    assert_eq!(names(&order(terms(), PaymentMethod::Card, card())), ["OrderGenerated", "AuthorizationRequested"]);
    assert_eq!(names(&order(off, PaymentMethod::Card, card())), ["OrderGenerated", "AuthorizationNotExecuted"]);
    let without = order(terms(), PaymentMethod::Card, None);
    assert_eq!(without[1], OrderEvent::AuthorizationNotExecuted { reason: Reason::NoStoredCard });
    // Settled outside: nothing is asked of Paygent, whatever the terms and the card.
    assert_eq!(names(&order(terms(), cash(), card())), ["OrderGenerated"]);
}

#[test]
fn s4_each_order_keeps_the_mode_in_force_when_it_was_generated() {
    for mode in [SaleMode::AuthorizeOnly, SaleMode::AuthorizeAndCapture] {
        let mut order_state = Order::default();
        for event in order(open_terms(mode), PaymentMethod::Card, Some(card_in_force())) {
            Decide::apply(&mut order_state, &event);
        }
        let details = order_state.details().unwrap();
        let attempt = details.attempt(1).unwrap();
        assert_eq!((details.sale_mode, attempt.sale_mode), (mode, mode));
        assert_eq!((attempt.amount, &attempt.card), (yen(3_500), &card_in_force()));
    }
}
