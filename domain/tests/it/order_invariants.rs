//! Whatever is asked of an order and whatever Paygent says about it, in whatever sequence: what always holds.

use crate::history::History;
use crate::values::{basket, cases, cash, day, member_id, open_terms, sale_mode, subscription_id, yen};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use std::collections::BTreeSet;
use teiki_domain::cqrs::Decide;
use teiki_domain::ids::{OrderId, PaymentId, TransactionId};
use teiki_domain::order::{
    AuthorizeOrder, Call, CardInForce, Cause, Details, DocumentKind, FoundBy, GenerateOrder, IssueDocument, Operation,
    Order, OrderCommand as Command, OrderEvent as Event, OrderRefusal as Refusal, Payment, PaymentFact, Stands,
};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::retry_policy::RetryPolicy;

pub(crate) fn card(id: u8) -> CardInForce {
    CardInForce { card_id: format!("500{id}").parse().unwrap(), expiry: "0328".parse().unwrap() }
}

pub(crate) fn transaction(number: u32) -> TransactionId {
    TransactionId::new(member_id().shop(), 831_700 + u64::from(number)).unwrap()
}

pub(crate) fn generate(sale_mode: SaleMode) -> Command {
    let generation_date = day("2026-04-01");
    Command::Generate(Box::new(GenerateOrder {
        order_id: OrderId::for_generation(&subscription_id(), generation_date),
        subscription_id: subscription_id(),
        member_id: member_id(),
        generation_date,
        delivery_date: day("2026-04-11"),
        basket: basket(3_000),
        payment_method: PaymentMethod::Card,
        terms: open_terms(sale_mode),
        card: Some(card(1)),
        transaction_id: transaction(1),
        today: generation_date,
    }))
}

pub(crate) fn ask(attempt: u32, cause: Cause, card_id: u8, today: NaiveDate) -> AuthorizeOrder {
    AuthorizeOrder {
        attempt,
        cause,
        transaction_id: transaction(attempt),
        card: Some(card(card_id)),
        terms: open_terms(SaleMode::AuthorizeOnly),
        policy: RetryPolicy { ladder: vec![1, 3], on_card_change: true },
        subscription_ended: false,
        today,
    }
}

fn today() -> impl Strategy<Value = NaiveDate> {
    (0..80_u64).prop_map(|days| day("2026-04-01") + Days::new(days))
}

fn attempt() -> impl Strategy<Value = u32> {
    prop_oneof![6 => Just(1), 4 => Just(2), 2 => Just(3), 1 => prop::sample::select(vec![0, 4, u32::MAX])]
}

fn payment() -> impl Strategy<Value = PaymentId> {
    prop::sample::select(vec!["771", "772", "773"]).prop_map(|id| id.parse().unwrap())
}

fn found_by() -> impl Strategy<Value = FoundBy> {
    prop::sample::select(vec![FoundBy::Reply, FoundBy::Inquiry, FoundBy::Notice])
}

fn call() -> impl Strategy<Value = Call> {
    prop::sample::select(vec![Call::Capture, Call::Revise, Call::Void, Call::Refund])
}

/// What operators and workers may ask.
pub(crate) fn asked() -> impl Strategy<Value = Command> {
    let cause = prop::sample::select(vec![Cause::Operator, Cause::Operator, Cause::Ladder, Cause::CardChanged]);
    let goods = prop::sample::select(vec![2_000_i64, 3_000, 4_000]);
    let method = prop_oneof![3 => Just(cash()), 1 => Just(PaymentMethod::Card)];
    prop_oneof![
        4 => (1..5_u32, cause, 1..3_u8, today(), any::<bool>()).prop_map(|(number, cause, card, today, ended)| {
            let ask = AuthorizeOrder { subscription_ended: ended && cause != Cause::Operator, ..ask(number, cause, card, today) };
            Command::Authorize(Box::new(ask))
        }),
        3 => (2..5_u32, today())
            .prop_map(|(number, today)| Command::UpdateTransaction(Box::new(ask(number, Cause::AmountUpdate, 1, today)))),
        3 => goods.prop_map(|goods| Command::ChangeBasket(basket(goods))),
        1 => method.prop_map(Command::ChangePaymentMethod),
        3 => today().prop_map(|today| Command::Capture { today }),
        1 => today().prop_map(|today| Command::Cancel { today }),
        1 => Just(Command::Complete),
        2 => (prop::sample::select(DocumentKind::ALL.to_vec()), 0..3_u8, today()).prop_map(|(kind, content, today)| {
            Command::IssueDocument(IssueDocument { kind, content: content.to_string(), layout: 1, wording: None, today })
        }),
        1 => attempt().prop_map(|attempt| Command::GiveUp { attempt }),
        1 => payment().prop_map(|payment_id| Command::ReleaseSurplus { payment_id }),
        1 => payment().prop_map(|payment_id| Command::AcceptSurplus { payment_id }),
        1 => (attempt(), 0..3_u32).prop_map(|(attempt, sent_before)| Command::SendAgain { attempt, sent_before }),
        1 => (call(), payment(), 0..3_u32)
            .prop_map(|(call, payment_id, asked_before)| Command::CallAgain { call, payment_id, asked_before }),
    ]
}

/// What Paygent may be found to say, true or not.
fn told() -> impl Strategy<Value = Command> {
    let amounts = || prop::sample::select(vec![2_500_i64, 3_500, 4_500]).prop_map(yen);
    let until = || prop::option::of(today());
    let code = || prop::sample::select(vec!["2001", "P010", "2008", "P029", ""]).prop_map(str::to_owned);
    let stands = prop::sample::select(vec![
        Stands::Authorized,
        Stands::Captured,
        Stands::Voided,
        Stands::Expired,
        Stands::Refunded,
        Stands::Refused,
    ]);
    let why = || Just("timed out".to_owned());
    prop_oneof![
        4 => (attempt(), payment(), any::<bool>(), prop::option::of(amounts()), until(), found_by()).prop_map(
            |(attempt, payment_id, captured, amount, until, found_by)| {
                Command::RecordAuthorized { attempt, payment_id, captured, amount, until, found_by }
            }),
        3 => (attempt(), code(), found_by()).prop_map(|(attempt, code, found_by)| {
            Command::RecordDeclined { attempt, code, detail: "\"1G02\"".to_owned(), found_by }
        }),
        2 => (attempt(), why()).prop_map(|(attempt, why)| Command::RecordUnknown { attempt, why }),
        4 => (call(), payment(), prop::option::of(payment()), until(), found_by()).prop_map(
            |(call, payment_id, became, refundable_until, found_by)| {
                Command::RecordDone { call, payment_id, became, refundable_until, found_by }
            }),
        3 => (call(), payment(), code())
            .prop_map(|(call, payment_id, code)| Command::RecordFailed { call, payment_id, code, detail: String::new() }),
        2 => (call(), payment(), why()).prop_map(|(call, payment_id, why)| Command::RecordNotKnown { call, payment_id, why }),
        3 => (attempt(), payment(), stands, amounts(), until(), found_by()).prop_map(
            |(number, payment_id, stands, amount, until, found_by)| {
                let transaction_id = transaction(number.min(9));
                let refusal = ("status 11".to_owned(), String::new());
                Command::RecordFact(PaymentFact { transaction_id, payment_id, stands, amount, refusal, until, found_by })
            }),
    ]
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![asked(), told()]
}

/// How far a payment has come; it never goes back.
fn level(stands: Stands) -> u8 {
    match stands {
        Stands::Authorized => 0,
        Stands::Captured => 1,
        Stands::Voided | Stands::Expired | Stands::Refunded | Stands::Refused => 2,
    }
}

/// What the state says of itself after every step.
pub(crate) fn check_state(details: &Details) {
    assert!(Payment::CODES.contains(&details.payment.code()));
    let ids: BTreeSet<_> = details.payments.iter().map(|booked| &booked.payment_id).collect();
    assert_eq!(ids.len(), details.payments.len(), "a payment stands once");
    for booked in &details.payments {
        let in_force = details.in_force.as_ref() == Some(&booked.payment_id);
        assert!(!(in_force && booked.surplus.is_some()), "the payment in force is not surplus");
        if booked.stands.holds_money() {
            assert!(in_force || booked.surplus.is_some(), "money nobody accounts for: {booked:?}");
        }
    }
    if details.operation.is_none() && details.surplus().next().is_none() {
        let holding = details.payments.iter().filter(|booked| booked.stands.holds_money()).count();
        assert!(holding <= 1, "the customer is left with {holding} payments");
    }
    let open = details.attempts.iter().filter(|attempt| !attempt.is_decided() && !attempt.given_up).count();
    let authorizing = matches!(details.operation, Some(Operation::Authorize { .. }));
    assert_eq!(open, usize::from(authorizing), "every open attempt is the open operation");
    if details.cancelled {
        let holds = details.paying().is_some_and(|paying| paying.stands.holds_money());
        assert!(!holds, "a cancelled order is not paid");
    }
    let numbers: Vec<u32> = details.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>(), "attempts count up");
}

/// What one step may have changed.
pub(crate) fn check_step(before: &Details, after: &Details, events: &[Event]) {
    for booked in &before.payments {
        let now = after.booked(&booked.payment_id).unwrap();
        assert!(level(now.stands) >= level(booked.stands), "{booked:?} went back to {now:?}");
        if level(booked.stands) == 2 {
            // Of a payment that a lower one replaced it may turn out later that it had been captured before.
            let learnt = booked.lowered && (booked.stands, now.stands) == (Stands::Voided, Stands::Refunded);
            assert!(booked.stands == now.stands || learnt, "an end is final: {booked:?} became {now:?}");
        }
    }
    for attempt in before.attempts.iter().filter(|attempt| attempt.is_decided()) {
        let now = after.attempt(attempt.number).unwrap();
        assert_eq!(attempt.failure, now.failure, "a decision stays");
        assert!(attempt.payment_id.is_none() || attempt.payment_id == now.payment_id, "a payment stays");
    }
    for event in events {
        check_request(before, after, event);
    }
}

/// Nothing is asked of Paygent that its state table or the order's history forbids.
fn check_request(before: &Details, after: &Details, event: &Event) {
    let told_now = |id: &PaymentId| after.booked(id).unwrap();
    match event {
        Event::AuthorizationRequested { cause, requested_on, amount, .. } => {
            assert!(before.operation.is_none(), "W2: an open request blocks");
            assert!(!before.cancelled && !before.completed);
            assert!(before.attempts.iter().all(|attempt| attempt.is_decided()), "W8: a given-up attempt may succeed");
            assert_eq!(Some(*amount), before.basket.total());
            if let Some(paying) = before.paying().filter(|paying| paying.stands.holds_money()) {
                assert_eq!(paying.stands, Stands::Authorized, "nothing is charged twice");
                let ran_out = paying.until.is_some_and(|until| requested_on.unwrap() > until);
                assert!(*cause == Cause::AmountUpdate || ran_out, "a valid authorisation is there");
                assert!(paying.amount != *amount || ran_out);
            }
        }
        Event::AuthorizationSentAgain { attempt } => {
            assert!(matches!(before.operation, Some(Operation::Authorize { attempt: open, .. }) if open == *attempt));
        }
        Event::CaptureRequested { amount, .. } => {
            let paying = before.paying().unwrap();
            assert!(before.operation.is_none() && !before.cancelled && !before.completed);
            assert_eq!((paying.stands, paying.amount), (Stands::Authorized, *amount));
            assert_eq!(before.basket.total(), Some(*amount), "O6: what is captured is what the order costs");
            let mode = before.attempt(paying.attempt).unwrap().sale_mode;
            assert_eq!(mode, SaleMode::AuthorizeOnly, "S4, O7");
        }
        Event::RevisionRequested { payment_id, from, to, .. } => {
            let paying = before.paying().unwrap();
            assert!(before.operation.is_none());
            assert_eq!((&paying.payment_id, paying.stands, paying.amount), (payment_id, Stands::Authorized, *from));
            assert!(to < from, "028 only lowers");
        }
        Event::VoidRequested { payment_id, .. } => {
            let again = before.operation.as_ref().is_some_and(|operation| operation.is(Call::Void, payment_id));
            let after_success = before.open_attempt().is_some();
            assert!(before.operation.is_none() || again || after_success);
            assert_eq!(told_now(payment_id).stands, Stands::Authorized, "021 needs an authorisation");
        }
        Event::RefundRequested { payment_id, .. } => {
            let again = before.operation.as_ref().is_some_and(|operation| operation.is(Call::Refund, payment_id));
            assert!(before.operation.is_none() || again);
            assert_eq!(told_now(payment_id).stands, Stands::Captured, "023 needs a sale");
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(cases(6_000))]

    #[test]
    fn no_sequence_of_commands_reaches_a_forbidden_state(
        mode in sale_mode(), commands in prop::collection::vec(command(), 1..40),
    ) {
        let mut history = History::<Order>::new();
        history.tell(generate(mode)).unwrap();
        for command in commands {
            let before = history.state.details().unwrap().clone();
            let answer = history.tell(command.clone());
            let after = history.state.details().unwrap();
            check_state(after);
            match &answer {
                Err(_) => prop_assert_eq!(&before, after),
                Ok(events) => check_step(&before, after, events),
            }
            // Only a fact of another amount may be told a second time to some effect: amounts change at Paygent.
            let repeatable = !matches!(command, Command::CallAgain { .. } | Command::SendAgain { .. });
            if answer.is_ok() && repeatable {
                prop_assert_eq!(history.repeated(command), vec![], "a repetition has no second effect");
            }
        }
        prop_assert_eq!(history.repeated(generate(mode)), vec![]);
        prop_assert_eq!(history.state.details().unwrap().sale_mode, mode, "S4: kept for the life of the order");
        history.check_replay();
    }

    #[test]
    fn w2_an_open_outcome_blocks_every_other_request(mode in sale_mode(), unknown in any::<bool>(), command in asked()) {
        let mut history = History::<Order>::new();
        history.tell(generate(mode)).unwrap();
        if unknown {
            history.tell(Command::RecordUnknown { attempt: 1, why: "timed out".to_owned() }).unwrap();
        }
        for event in history.tell(command).unwrap_or_default() {
            let allowed = ["AuthorizationSentAgain", "AttemptGivenUp", "DocumentIssued"];
            prop_assert!(allowed.contains(&event.name()), "{}", event.name());
        }
    }

    #[test]
    fn asked_of_nothing_everything_but_generate_is_refused(command in command()) {
        prop_assert_eq!(History::<Order>::new().tell(command), Err(Refusal::DoesNotExist));
    }
}

#[test]
fn every_payment_status_is_reached_by_the_steps_above() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let mut seen = BTreeSet::new();
    for _ in 0..6_000 {
        let mut history = History::<Order>::new();
        history.tell(generate(SaleMode::AuthorizeOnly)).unwrap();
        for _ in 0..25 {
            let _ = history.tell(command().new_tree(&mut runner).unwrap().current());
            seen.insert(history.state.details().unwrap().payment.code());
        }
    }
    // "captured" comes with the other sale mode; "untried" lies between the two events of a generation.
    seen.insert("captured");
    let mut order = Order::default();
    let generated = order.decide(generate(SaleMode::AuthorizeOnly)).unwrap();
    Decide::apply(&mut order, &generated[0]);
    seen.insert(order.details().unwrap().payment.code());
    let missing: Vec<_> = Payment::CODES.iter().filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
