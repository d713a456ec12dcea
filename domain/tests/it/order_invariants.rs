//! Whatever Paygent says about an order in whatever sequence: what always holds.

use crate::history::History;
use crate::values::{
    basket, card_in_force, cases, day, member_id, method, open_terms, sale_mode, subscription_id, yen,
};
use proptest::prelude::*;
use std::mem::discriminant;
use teiki_domain::ids::{OrderId, TransactionId};
use teiki_domain::money::Yen;
use teiki_domain::order::{
    FoundBy, GenerateOrder, Order, OrderCommand as Command, OrderEvent as Event, OrderRefusal as Refusal, Payment,
};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

/// Goods and shipping of the basket below.
const TOTAL: i64 = 3_500;

fn generate(sale_mode: SaleMode, payment_method: PaymentMethod, has_card: bool) -> GenerateOrder {
    let generation_date = day("2026-04-01");
    GenerateOrder {
        order_id: OrderId::for_generation(&subscription_id(), generation_date),
        subscription_id: subscription_id(),
        member_id: member_id(),
        generation_date,
        delivery_date: day("2026-04-11"),
        basket: basket(3_000),
        payment_method,
        terms: open_terms(sale_mode),
        card: has_card.then(card_in_force),
        transaction_id: TransactionId::new(member_id().shop(), 831_705).unwrap(),
        today: generation_date,
    }
}

fn amount() -> impl Strategy<Value = Option<Yen>> {
    prop_oneof![4 => Just(None), 4 => Just(Some(yen(TOTAL))), 1 => Just(Some(yen(TOTAL - 1)))]
}

fn found_by() -> impl Strategy<Value = FoundBy> {
    prop::sample::select(vec![FoundBy::Reply, FoundBy::Inquiry, FoundBy::Notice])
}

/// Mostly the attempt there is; at times one that there never was.
fn attempt() -> impl Strategy<Value = u32> {
    prop_oneof![12 => Just(1), 1 => prop::sample::select(vec![0, 2, u32::MAX])]
}

fn told() -> impl Strategy<Value = Command> {
    let payment = prop_oneof![5 => Just("777"), 1 => Just("778")];
    let text = prop::sample::select(vec!["2001", "P010", ""]);
    let why = prop::sample::select(vec!["timed out", "connection lost"]);
    prop_oneof![
        3 => (attempt(), payment, any::<bool>(), amount(), found_by()).prop_map(|(attempt, id, captured, amount, found_by)| {
            Command::RecordAuthorized { attempt, payment_id: id.parse().unwrap(), captured, amount, found_by }
        }),
        2 => (attempt(), text.clone(), found_by()).prop_map(|(attempt, code, found_by)| {
            Command::RecordDeclined { attempt, code: code.to_owned(), detail: "\"1G02\"".to_owned(), found_by }
        }),
        2 => (attempt(), why.clone()).prop_map(|(attempt, why)| Command::RecordUnknown { attempt, why: why.to_owned() }),
        1 => (attempt(), 0..3_u32).prop_map(|(attempt, sent_before)| Command::SendAgain { attempt, sent_before }),
        3 => Just(Command::Capture),
        1 => (attempt(), found_by()).prop_map(|(attempt, found_by)| Command::RecordCaptured { attempt, found_by }),
        2 => (attempt(), text).prop_map(|(attempt, code)| {
            Command::RecordCaptureFailed { attempt, code: code.to_owned(), detail: String::new() }
        }),
        2 => (attempt(), why)
            .prop_map(|(attempt, why)| Command::RecordCaptureUnknown { attempt, why: why.to_owned() }),
    ]
}

/// How far a payment has come. It never goes back; between captures asked for and failed it moves on one level.
fn level(payment: &Payment) -> u8 {
    match payment {
        Payment::Requested(_) | Payment::Unknown(_) => 0,
        Payment::Authorized(_) | Payment::CaptureRequested(_) | Payment::CaptureUnknown(_) => 1,
        Payment::External | Payment::NotExecuted(_) | Payment::Failed(_) | Payment::Captured { .. } => 2,
    }
}

/// An authorised payment cannot end in one that is not, nor the reverse.
fn holds_money(payment: &Payment) -> bool {
    matches!(
        payment,
        Payment::Authorized(_) | Payment::CaptureRequested(_) | Payment::CaptureUnknown(_) | Payment::Captured { .. }
    )
}

fn check_step(before: &Payment, after: &Payment) {
    assert!(level(before) <= level(after), "{before:?} went back to {after:?}");
    if level(before) == 2 {
        assert_eq!(before, after, "an end is final");
    }
    if holds_money(before) {
        assert!(holds_money(after), "{before:?} lost its authorisation: {after:?}");
    }
}

fn count(events: &[Event], name: &str) -> usize {
    events.iter().filter(|event| event.name() == name).count()
}

fn check_history(history: &History<Order>, sale_mode: SaleMode) {
    let (events, details) = (&history.events, history.state.details().unwrap());
    let succeeded = count(events, "AuthorizationSucceeded");
    assert!(succeeded + count(events, "AuthorizationFailed") <= 1, "one outcome for each attempt");
    assert!(details.attempts.iter().filter(|attempt| attempt.payment_id.is_some()).count() <= 1, "charged once");
    assert_eq!(count(events, "AuthorizationRequested"), details.attempts.len());
    assert_eq!(count(events, "OrderGenerated"), 1);
    assert!(count(events, "SalesConfirmed") <= succeeded, "nothing is confirmed that was not authorised");
    assert_eq!(details.sale_mode, sale_mode, "S4: kept for the life of the order");
    if sale_mode == SaleMode::AuthorizeAndCapture {
        assert_eq!(count(events, "CaptureRequested"), 0, "S4, O7: never confirmable");
    }
    for event in events {
        if let Event::AuthorizationRequested { amount, .. }
        | Event::CaptureRequested { amount, .. }
        | Event::SalesConfirmed { amount, .. } = event
        {
            assert_eq!(*amount, yen(TOTAL), "W15: one amount from intention to sale");
        }
    }
}

/// Whether an outcome that is told must be taken: it is one of the attempt in question, with the amount asked for.
fn must_be_taken(payment: &Payment, command: &Command) -> bool {
    let open = matches!(payment, Payment::Requested(1) | Payment::Unknown(1));
    let capture_open = matches!(payment, Payment::CaptureRequested(1) | Payment::CaptureUnknown(1));
    match command {
        Command::RecordAuthorized { attempt: 1, amount, .. } => {
            open && amount.is_none_or(|amount| amount == yen(TOTAL))
        }
        Command::RecordDeclined { attempt: 1, .. } | Command::RecordUnknown { attempt: 1, .. } => open,
        Command::RecordCaptured { attempt: 1, .. }
        | Command::RecordCaptureFailed { attempt: 1, .. }
        | Command::RecordCaptureUnknown { attempt: 1, .. } => capture_open,
        _ => false,
    }
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn s4_o7_w4_w15_invariants_hold_after_every_step(
        mode in sale_mode(), method in prop_oneof![5 => Just(PaymentMethod::Card), 1 => method()],
        has_card in prop::bool::weighted(0.9), commands in prop::collection::vec(told(), 1..25),
    ) {
        let generate = generate(mode, method, has_card);
        let mut history = History::<Order>::new();
        history.tell(Command::Generate(Box::new(generate.clone()))).unwrap();
        for command in commands {
            let before = history.state.details().unwrap().payment.clone();
            let answer = history.tell(command.clone());
            let after = &history.state.details().unwrap().payment;
            check_step(&before, after);
            if answer.is_err() {
                prop_assert_eq!(&before, after);
            }
            if must_be_taken(&before, &command) {
                // "Not known" may be told again; every other outcome moves the payment on.
                let vague = matches!(command, Command::RecordUnknown { .. } | Command::RecordCaptureUnknown { .. });
                let taken = answer.is_ok() && (vague || before != *after);
                prop_assert!(taken, "W4: {:?} told {:?}: {:?}", before, command, answer);
            }
            if let Command::RecordAuthorized { amount: Some(amount), .. } = command {
                prop_assert!(amount == yen(TOTAL) || answer.is_err(), "W15: another amount is never taken");
            }
            if answer.is_ok() {
                prop_assert_eq!(history.repeated(command), vec![], "a repetition has no second effect");
            }
        }
        prop_assert_eq!(history.repeated(Command::Generate(Box::new(generate))), vec![]);
        check_history(&history, mode);
        history.check_replay();
    }

    #[test]
    fn w2_an_open_outcome_blocks_every_other_step(mode in sale_mode(), unknown in any::<bool>(), command in told()) {
        let mut history = History::<Order>::new();
        history.tell(Command::Generate(Box::new(generate(mode, PaymentMethod::Card, true)))).unwrap();
        if unknown {
            history.tell(Command::RecordUnknown { attempt: 1, why: "timed out".to_owned() }).unwrap();
        }
        for event in history.tell(command).unwrap_or_default() {
            let allowed = [
                "AuthorizationSucceeded", "AuthorizationFailed", "AuthorizationOutcomeUnknown", "AuthorizationSentAgain",
            ];
            prop_assert!(allowed.contains(&event.name()), "{}", event.name());
        }
        let transaction = history.state.details().unwrap().attempts.iter().map(|attempt| &attempt.transaction_id);
        prop_assert_eq!(transaction.count(), 1, "sent again under the same transaction ID");
    }

    #[test]
    fn an_attempt_that_never_was_is_refused(mode in sale_mode(), command in told(), number in 2..9_u32) {
        let mut history = History::<Order>::new();
        history.tell(Command::Generate(Box::new(generate(mode, PaymentMethod::Card, true)))).unwrap();
        let command = match command {
            Command::RecordUnknown { why, .. } => Command::RecordUnknown { attempt: number, why },
            Command::RecordCaptureUnknown { why, .. } => Command::RecordCaptureUnknown { attempt: number, why },
            Command::RecordCaptureFailed { code, detail, .. } => {
                Command::RecordCaptureFailed { attempt: number, code, detail }
            }
            Command::RecordCaptured { found_by, .. } => Command::RecordCaptured { attempt: number, found_by },
            Command::SendAgain { .. } => Command::SendAgain { attempt: number, sent_before: 0 },
            _ => return Ok(()),
        };
        prop_assert_eq!(history.tell(command), Err(Refusal::NoSuchAttempt(number)));
    }

    #[test]
    fn asked_of_nothing_everything_but_generate_is_refused(command in told()) {
        prop_assert_eq!(History::<Order>::new().tell(command), Err(Refusal::DoesNotExist));
    }
}

#[test]
fn every_state_of_a_payment_is_reached_by_the_steps_above() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let mut seen = vec![];
    for _ in 0..3_000 {
        let mut history = History::<Order>::new();
        let order = generate(SaleMode::AuthorizeOnly, PaymentMethod::Card, true);
        history.tell(Command::Generate(Box::new(order))).unwrap();
        for _ in 0..8 {
            let _ = history.tell(told().new_tree(&mut runner).unwrap().current());
            let payment = history.state.details().unwrap().payment.clone();
            if !seen.iter().any(|known| discriminant(known) == discriminant(&payment)) {
                seen.push(payment);
            }
        }
    }
    // All but External and NotExecuted, which come with the generation.
    assert_eq!(seen.len(), 7, "{seen:?}");
}
