//! Lives of orders, step by step.

use crate::history::History;
use crate::values::{basket, card_in_force, day, member_id, open_terms, subscription_id, yen};
use teiki_domain::ids::{OrderId, TransactionId};
use teiki_domain::order::{
    Call, FoundBy, GenerateOrder, Order, OrderCommand as Command, OrderEvent as Event, OrderRefusal as Refusal,
};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

fn generate(sale_mode: SaleMode) -> GenerateOrder {
    GenerateOrder {
        order_id: OrderId::for_generation(&subscription_id(), day("2026-04-01")),
        subscription_id: subscription_id(),
        member_id: member_id(),
        generation_date: day("2026-04-01"),
        delivery_date: day("2026-04-11"),
        basket: basket(3_000),
        payment_method: PaymentMethod::Card,
        terms: open_terms(sale_mode),
        card: Some(card_in_force()),
        transaction_id: TransactionId::new(member_id().shop(), 1).unwrap(),
        today: day("2026-04-01"),
    }
}

fn requested(sale_mode: SaleMode) -> History<Order> {
    let mut history = History::new();
    history.tell(Command::Generate(Box::new(generate(sale_mode)))).unwrap();
    history
}

fn authorised(payment: &str, captured: bool, amount: Option<i64>) -> Command {
    let (payment_id, found_by) = (payment.parse().unwrap(), FoundBy::Inquiry);
    Command::RecordAuthorized { attempt: 1, payment_id, captured, amount: amount.map(yen), until: None, found_by }
}
fn declined() -> Command {
    let (code, detail) = ("P010".to_owned(), "card_valid_term".to_owned());
    Command::RecordDeclined { attempt: 1, code, detail, found_by: FoundBy::Reply }
}
fn unknown() -> Command {
    Command::RecordUnknown { attempt: 1, why: "timed out".to_owned() }
}
fn capture() -> Command {
    Command::Capture { today: day("2026-04-02") }
}
fn captured() -> Command {
    let (payment_id, found_by) = ("777".parse().unwrap(), FoundBy::Reply);
    Command::RecordDone { call: Call::Capture, payment_id, became: None, refundable_until: None, found_by }
}
fn capture_failed() -> Command {
    let payment_id = "777".parse().unwrap();
    Command::RecordFailed { call: Call::Capture, payment_id, code: "2004".to_owned(), detail: String::new() }
}
fn capture_unknown() -> Command {
    let payment_id = "777".parse().unwrap();
    Command::RecordNotKnown { call: Call::Capture, payment_id, why: "timed out".to_owned() }
}

/// Each step with the payment status after it; a step marked `refused` changes nothing.
fn live(sale_mode: SaleMode, steps: &[(Command, &str)]) {
    let mut history = requested(sale_mode);
    for (i, (command, expected)) in steps.iter().enumerate() {
        let (refused, status) = match expected.strip_prefix("refused, ") {
            Some(status) => (true, status),
            None => (false, *expected),
        };
        let answer = history.tell(command.clone());
        assert_eq!(answer.is_err(), refused, "step {i} of {steps:?}: {answer:?}");
        assert_eq!(history.state.details().unwrap().payment.code(), status, "step {i} of {steps:?}");
    }
}

#[test]
fn o4_o5_an_authorised_order_is_confirmed_once() {
    let again = || Command::SendAgain { attempt: 1, sent_before: 0 };
    let one = || authorised("777", false, None);
    for steps in [
        vec![(one(), "authorized"), (capture(), "capture_requested"), (captured(), "sales_confirmed")],
        vec![
            (one(), "authorized"),
            (capture(), "capture_requested"),
            (capture(), "refused, capture_requested"),
            (capture_unknown(), "capture_unknown"),
            (capture(), "refused, capture_unknown"),
            (captured(), "sales_confirmed"),
            (capture(), "sales_confirmed"),
            (capture_failed(), "refused, sales_confirmed"),
        ],
        vec![
            (one(), "authorized"),
            (capture(), "capture_requested"),
            (capture_failed(), "authorized"),
            (capture(), "capture_requested"),
            (capture_unknown(), "capture_unknown"),
            (capture_failed(), "authorized"),
            (capture(), "capture_requested"),
            (captured(), "sales_confirmed"),
        ],
        // W8: a success after a failure is not lost and not taken for the order's payment.
        vec![(declined(), "failed"), (capture(), "refused, failed"), (one(), "failed")],
        vec![(capture(), "refused, requested"), (unknown(), "unknown"), (capture(), "refused, unknown")],
        vec![(unknown(), "unknown"), (again(), "requested"), (unknown(), "unknown"), (one(), "authorized")],
        // W9: of two that ask and want to send, the second learns that it was sent meanwhile.
        vec![(unknown(), "unknown"), (again(), "requested"), (again(), "refused, requested")],
        vec![(one(), "authorized"), (again(), "refused, authorized"), (unknown(), "authorized")],
        vec![(one(), "authorized"), (declined(), "refused, authorized")],
        vec![(captured(), "refused, requested"), (one(), "authorized"), (captured(), "sales_confirmed")],
    ] {
        live(SaleMode::AuthorizeOnly, &steps);
    }
}

#[test]
fn s4_o7_an_order_captured_with_its_authorisation_is_never_confirmable() {
    let now = || authorised("777", true, None);
    let oddly = || authorised("777", false, None);
    for steps in [
        vec![(now(), "captured"), (capture(), "refused, captured"), (captured(), "captured")],
        vec![(unknown(), "unknown"), (now(), "captured"), (capture_failed(), "refused, captured")],
        vec![(oddly(), "authorized"), (capture(), "refused, authorized")],
    ] {
        live(SaleMode::AuthorizeAndCapture, &steps);
    }
    let mut history = requested(SaleMode::AuthorizeAndCapture);
    history.tell(now()).unwrap();
    assert_eq!(history.tell(capture()), Err(Refusal::CapturedAtAuthorization));
}

#[test]
fn w15_another_amount_is_refused_also_when_it_is_told_second() {
    let mut history = requested(SaleMode::AuthorizeOnly);
    let differs = Refusal::AmountDiffers { attempt: 1, intended: yen(3_500), reported: yen(3_499) };
    assert_eq!(history.tell(authorised("777", false, Some(3_499))), Err(differs.clone()));
    assert_eq!(history.state.details().unwrap().payment.code(), "requested");
    assert_eq!(history.tell(authorised("777", false, Some(3_500))).map(|events| events.len()), Ok(1));
    assert_eq!(history.tell(authorised("777", false, Some(3_500))), Ok(vec![]));
    assert_eq!(history.tell(authorised("777", false, Some(3_499))), Err(differs));
}

#[test]
fn w14_the_same_payment_told_later_as_captured_is_not_lost() {
    let mut history = requested(SaleMode::AuthorizeOnly);
    history.tell(authorised("777", false, None)).unwrap();
    let told = history.tell(authorised("777", true, Some(3_500))).unwrap();
    assert_eq!(
        told,
        [Event::SalesConfirmed { attempt: 1, amount: yen(3_500), found_by: FoundBy::Inquiry, refundable_until: None }]
    );
    assert_eq!(history.tell(authorised("777", true, Some(3_500))), Ok(vec![]));
    assert_eq!(history.tell(authorised("777", false, None)), Ok(vec![]), "old news take nothing back");
    let second = history.tell(authorised("778", true, None)).unwrap();
    assert!(matches!(&second[..], [Event::SurplusPaymentFound { .. }]), "W8: a second charge is seen: {second:?}");
}

#[test]
fn e4_code_and_detail_are_kept_whole() {
    let mut history = requested(SaleMode::AuthorizeOnly);
    let detail = "\"1G55\" 一日限度額オーバー <br>& ~ ".repeat(50);
    let (code, found_by) = ("2002".to_owned(), FoundBy::Reply);
    history.tell(Command::RecordDeclined { attempt: 1, code, detail: detail.clone(), found_by }).unwrap();
    let attempt = history.state.details().unwrap().attempt(1).unwrap().clone();
    assert_eq!(attempt.failure, Some(("2002".to_owned(), detail)));
    assert_eq!(attempt.payment_id, None);
}

#[test]
fn r1_generating_again_meets_the_first_order() {
    let mut history = requested(SaleMode::AuthorizeOnly);
    let fresh = GenerateOrder {
        transaction_id: TransactionId::new(member_id().shop(), 2).unwrap(),
        terms: open_terms(SaleMode::AuthorizeAndCapture),
        today: day("2026-04-03"),
        ..generate(SaleMode::AuthorizeOnly)
    };
    assert_eq!(history.tell(Command::Generate(Box::new(fresh.clone()))), Ok(vec![]));
    let other = GenerateOrder { generation_date: day("2026-04-02"), ..fresh };
    assert_eq!(history.tell(Command::Generate(Box::new(other))), Err(Refusal::NumberTaken));
}
