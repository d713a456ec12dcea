//! What may be asked of an order in which state, and what an operator reads when it may not (O5-O10, O17).

use crate::history::History;
use crate::order_invariants::{ask, generate, transaction};
use crate::values::{basket, cash, day, yen};
use chrono::NaiveDate;
use teiki_domain::ids::PaymentId;
use teiki_domain::order::{
    AuthorizeOrder, Call, Cause, FoundBy, Order, OrderCommand as Command, OrderEvent as Event, OrderRefusal as Refusal,
    PaymentFact, Stands,
};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::NoRetry;

pub(crate) type Told = History<Order>;

fn id(number: u32) -> PaymentId {
    number.to_string().parse().unwrap()
}

fn then() -> NaiveDate {
    day("2026-04-02")
}

fn told(mode: SaleMode, commands: Vec<Command>) -> Told {
    let mut history = History::new();
    history.tell(generate(mode)).unwrap();
    for command in commands {
        history.tell(command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
    }
    history
}

fn authorized(attempt: u32, captured: bool) -> Command {
    let (payment_id, until) = (id(770 + attempt), Some(day("2026-05-31")));
    Command::RecordAuthorized { attempt, payment_id, captured, amount: None, until, found_by: FoundBy::Reply }
}
fn declined(attempt: u32, code: &str, detail: &str) -> Command {
    let (code, detail) = (code.to_owned(), detail.to_owned());
    Command::RecordDeclined { attempt, code, detail, found_by: FoundBy::Reply }
}
pub(crate) fn done(call: Call, payment: u32) -> Command {
    let refundable_until = (call == Call::Capture).then(|| day("2026-06-01"));
    Command::RecordDone { call, payment_id: id(payment), became: None, refundable_until, found_by: FoundBy::Reply }
}
fn revised(payment: u32, became: u32) -> Command {
    let (payment_id, became) = (id(payment), Some(id(became)));
    Command::RecordDone { call: Call::Revise, payment_id, became, refundable_until: None, found_by: FoundBy::Reply }
}
fn failed(call: Call, payment: u32, code: &str) -> Command {
    Command::RecordFailed { call, payment_id: id(payment), code: code.to_owned(), detail: String::new() }
}
fn fact(attempt: u32, payment: u32, stands: Stands, amount: i64) -> Command {
    Command::RecordFact(PaymentFact {
        transaction_id: transaction(attempt),
        payment_id: id(payment),
        stands,
        amount: yen(amount),
        refusal: ("status 11".to_owned(), String::new()),
        until: None,
        found_by: FoundBy::Notice,
    })
}
pub(crate) fn capture() -> Command {
    Command::Capture { today: then() }
}
pub(crate) fn cancel() -> Command {
    Command::Cancel { today: then() }
}
fn costs(goods: i64) -> Command {
    Command::ChangeBasket(basket(goods))
}
fn update(attempt: u32) -> Command {
    Command::UpdateTransaction(Box::new(ask(attempt, Cause::AmountUpdate, 1, then())))
}
fn again(attempt: u32, cause: Cause, card: u8, today: &str) -> Command {
    Command::Authorize(Box::new(ask(attempt, cause, card, day(today))))
}

fn status(history: &Told) -> &'static str {
    history.state.details().unwrap().payment.code()
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

/// The states of the table, by name.
pub(crate) fn state(name: &str) -> Told {
    let only = SaleMode::AuthorizeOnly;
    match name {
        "requested" => told(only, vec![]),
        "authorised" => told(only, vec![authorized(1, false)]),
        "edited up" => told(only, vec![authorized(1, false), costs(4_000)]),
        "edited down" => told(only, vec![authorized(1, false), costs(2_000)]),
        "confirmed" => told(only, vec![authorized(1, false), capture(), done(Call::Capture, 771)]),
        "captured" => told(SaleMode::AuthorizeAndCapture, vec![authorized(1, true)]),
        "failed" => told(only, vec![declined(1, "2001", "\"1G02\"")]),
        "cancelled" => told(only, vec![declined(1, "2001", "\"1G02\""), cancel()]),
        "completed" => told(SaleMode::AuthorizeAndCapture, vec![authorized(1, true), Command::Complete]),
        "external" => told(only, vec![declined(1, "P010", ""), Command::ChangePaymentMethod(cash())]),
        "received" => told(
            only,
            vec![
                declined(1, "P010", ""),
                Command::ChangePaymentMethod(cash()),
                Command::CheckPayment { checked: true },
            ],
        ),
        "refunded" => {
            told(SaleMode::AuthorizeAndCapture, vec![authorized(1, true), fact(1, 771, Stands::Refunded, 3_500)])
        }
        "voided" => told(only, vec![authorized(1, false), fact(1, 771, Stands::Voided, 3_500)]),
        "late" => told(only, vec![declined(1, "2008", ""), fact(1, 771, Stands::Authorized, 3_500)]),
        other => panic!("{other}"),
    }
}

#[test]
fn o5_to_o10_o17_what_each_state_allows() {
    // Per state: capture, 取引更新, amount change, cancel, authorise again, other method, complete.
    // A name is the first event of what happens; `-` is a refusal; `.` is already so.
    let table = "
        requested   | - | - | - | - | - | - | -
        authorised  | CaptureRequested | - | OrderBasketChanged | VoidRequested | - | OrderPaymentMethodChanged | -
        edited up   | - | AuthorizationRequested | OrderBasketChanged | VoidRequested | - | OrderPaymentMethodChanged | -
        edited down | - | RevisionRequested | OrderBasketChanged | VoidRequested | - | OrderPaymentMethodChanged | -
        confirmed   | . | - | - | RefundRequested | - | - | OrderCompleted
        captured    | - | - | - | RefundRequested | - | - | OrderCompleted
        failed      | - | - | OrderBasketChanged | OrderCancelled | AuthorizationRequested | OrderPaymentMethodChanged | -
        cancelled   | - | - | - | . | - | - | -
        completed   | - | - | - | RefundRequested | - | - | .
        external    | - | - | OrderBasketChanged | OrderCancelled | - | . | OrderCompleted
        late        | - | - | OrderBasketChanged | - | - | - | -";
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let commands = [
            capture(),
            update(2),
            costs(6_000),
            cancel(),
            again(2, Cause::Operator, 1, "2026-04-02"),
            Command::ChangePaymentMethod(cash()),
            Command::Complete,
        ];
        for (command, expected) in commands.into_iter().zip(&cells[1..]) {
            let mut history = state(cells[0]);
            let seen = match history.tell(command.clone()) {
                Err(refusal) => {
                    let sentence = refusal.to_string();
                    assert!(sentence.len() > 25 && !sentence.ends_with('.'), "{sentence}");
                    "-"
                }
                Ok(events) => events.first().map_or(".", Event::name),
            };
            assert_eq!(seen, *expected, "{} · {command:?}", cells[0]);
        }
    }
}

#[test]
fn o6_a_lower_amount_is_revised_and_then_confirmed() {
    let mut history = state("edited down");
    let refused = history.tell(capture()).unwrap_err();
    assert_eq!(refused, Refusal::AmountNotUpdated { costs: yen(2_500), authorized: yen(3_500) });
    history.tell(update(2)).unwrap();
    assert_eq!(status(&history), "revision_requested");
    history.tell(revised(771, 781)).unwrap();
    assert_eq!(history.tell(update(2)), Err(Refusal::NothingToUpdate));
    let asked = history.tell(capture()).unwrap();
    assert_eq!(asked, [Event::CaptureRequested { attempt: 1, amount: yen(2_500) }]);
    history.tell(done(Call::Capture, 781)).unwrap();
    assert_eq!(history.tell(costs(1_000)), Err(Refusal::AlreadyConfirmed), "O6: not after the confirmation");
}

#[test]
fn o6_a_higher_amount_is_authorised_anew_and_the_former_hold_is_cancelled() {
    let mut history = state("edited up");
    history.tell(update(2)).unwrap();
    assert_eq!(status(&history), "requested");
    let events = history.tell(authorized(2, false)).unwrap();
    assert_eq!(names(&events), ["AuthorizationSucceeded", "VoidRequested"], "one commit: never two holds forgotten");
    assert_eq!(history.tell(capture()), Err(Refusal::OutcomeOpen));
    history.tell(done(Call::Void, 771)).unwrap();
    assert_eq!(status(&history), "authorized");
    assert_eq!(history.tell(capture()).unwrap(), [Event::CaptureRequested { attempt: 2, amount: yen(4_500) }]);

    // Refused: the former authorisation stays in force, with the refusal beside it.
    let mut history = state("edited up");
    history.tell(update(2)).unwrap();
    history.tell(declined(2, "2001", "\"1G03\"")).unwrap();
    assert_eq!(status(&history), "authorized");
    let details = history.state.details().unwrap();
    assert_eq!(details.failure.as_ref().map(|(code, _)| code.as_str()), Some("2001"));
    assert_eq!(details.paying().unwrap().amount, yen(3_500));
}

#[test]
fn o6_where_the_contract_knows_no_reduction_a_lower_amount_is_authorised_anew() {
    let mut history = state("edited down");
    history.tell(update(2)).unwrap();
    history.tell(failed(Call::Revise, 771, "P029")).unwrap();
    let events = history.tell(update(2)).unwrap();
    assert_eq!(names(&events), ["AuthorizationRequested"]);
}

#[test]
fn o8_a_3d_secure_order_is_not_changed_from_here() {
    let mut history = state("requested");
    let Some(Event::AuthorizationRequested { .. }) = history.events.last() else { unreachable!() };
    // The first purchase is authenticated; its order is made by the checkout, so the event is made here.
    let mut events = history.events.clone();
    if let Some(Event::AuthorizationRequested { three_d_secure, .. }) = events.last_mut() {
        *three_d_secure = true;
    }
    history = History::new();
    for event in &events {
        teiki_domain::cqrs::Decide::apply(&mut history.state, event);
    }
    history.tell(authorized(1, false)).unwrap();
    history.tell(costs(2_000)).unwrap();
    assert_eq!(history.tell(update(2)), Err(Refusal::ThreeDSecure));
    // Changed at Paygent's console, it shows here, and the order can be confirmed.
    history.tell(fact(1, 781, Stands::Authorized, 2_500)).unwrap();
    assert_eq!(history.state.details().unwrap().paying().unwrap().amount, yen(2_500));
    assert_eq!(history.tell(capture()).unwrap(), [Event::CaptureRequested { attempt: 1, amount: yen(2_500) }]);
}

#[test]
fn o9_what_is_changed_at_paygents_console_shows_here() {
    for facts in [
        vec![fact(1, 771, Stands::Voided, 3_500), fact(1, 781, Stands::Authorized, 3_000)],
        vec![fact(1, 781, Stands::Authorized, 3_000), fact(1, 771, Stands::Voided, 3_500)],
        vec![fact(1, 771, Stands::Authorized, 3_000)],
    ] {
        let mut history = state("authorised");
        for command in facts {
            history.tell(command).unwrap();
        }
        let paying = history.state.details().unwrap().paying().unwrap().clone();
        assert_eq!((paying.stands, paying.amount, status(&history)), (Stands::Authorized, yen(3_000), "authorized"));
    }
    for (before, stands, expected) in [
        ("authorised", Stands::Voided, "voided"),
        ("authorised", Stands::Captured, "sales_confirmed"),
        ("authorised", Stands::Expired, "expired"),
        ("authorised", Stands::Refunded, "refunded"),
        ("captured", Stands::Refunded, "refunded"),
        ("confirmed", Stands::Refunded, "refunded"),
    ] {
        let mut history = state(before);
        history.tell(fact(1, 771, stands, 3_500)).unwrap();
        assert_eq!(status(&history), expected, "{before} {stands:?}");
        assert!(!history.state.details().unwrap().cancelled, "whether the order is still wanted, people decide");
    }
    // What excludes each other is not swallowed.
    assert!(matches!(state("captured").tell(fact(1, 771, Stands::Voided, 3_500)), Err(Refusal::Contradiction { .. })));
}

/// A sale lowered at Paygent's console (029) stays what it was: captured with its authorisation, not confirmed later.
#[test]
fn o4_o9_a_sale_lowered_at_paygents_console_keeps_its_name() {
    for facts in [
        vec![fact(1, 771, Stands::Refunded, 3_500), fact(1, 781, Stands::Captured, 3_000)],
        vec![fact(1, 781, Stands::Captured, 3_000), fact(1, 771, Stands::Refunded, 3_500)],
    ] {
        for (before, name) in [("captured", "captured"), ("confirmed", "sales_confirmed")] {
            let mut history = state(before);
            for command in facts.clone() {
                history.tell(command).unwrap();
            }
            let paying = history.state.details().unwrap().paying().unwrap();
            assert_eq!((paying.amount, status(&history)), (yen(3_000), name));
        }
    }
}

/// O5: a payment found late has its last day like every other, also when it is taken for the order's.
#[test]
fn validity_a_late_success_that_is_accepted_has_its_last_day() {
    let mut history = state("failed");
    let last = day("2026-05-31");
    let Command::RecordFact(found) = fact(1, 771, Stands::Authorized, 3_500) else { unreachable!() };
    history.tell(Command::RecordFact(PaymentFact { until: Some(last), ..found })).unwrap();
    history.tell(Command::AcceptSurplus { payment_id: id(771) }).unwrap();
    assert_eq!(history.state.details().unwrap().paying().unwrap().until, Some(last));
    let today = day("2026-06-01");
    assert_eq!(history.tell(Command::Capture { today }), Err(Refusal::AuthorizationRanOut(last)));
}

/// A ladder that is set up, or an engine that comes back, long after a failure charges nobody for goods long due.
#[test]
fn retries_stop_sixty_days_after_the_first_attempt() {
    let ladder = |today| again(2, Cause::Ladder, 1, today);
    assert!(state("failed").tell(ladder("2026-05-31")).is_ok(), "the sixtieth day");
    assert_eq!(state("failed").tell(ladder("2026-06-01")), Err(NoRetry::TooLate.into()));
    // A policy that is switched on late does not charge for what is long due because a card changed at some time.
    let changed = |today| again(2, Cause::CardChanged, 2, today);
    assert!(state("failed").tell(changed("2026-05-31")).is_ok(), "the sixtieth day");
    assert_eq!(state("failed").tell(changed("2026-06-01")), Err(NoRetry::TooLate.into()));
}

#[test]
fn o10_a_cancel_ends_the_payment_and_with_it_the_order() {
    for (before, call, after) in [
        ("authorised", Call::Void, "voided"),
        ("confirmed", Call::Refund, "refunded"),
        ("captured", Call::Refund, "refunded"),
        ("completed", Call::Refund, "refunded"),
    ] {
        let mut history = state(before);
        history.tell(cancel()).unwrap();
        assert!(!history.state.details().unwrap().cancelled, "{before}: not before Paygent said so");
        let events = history.tell(done(call, 771)).unwrap();
        assert_eq!(events.last(), Some(&Event::OrderCancelled {}), "{before}");
        assert_eq!(status(&history), after);
        // Refused by Paygent: nothing is cancelled, and it may be asked for again.
        let mut history = state(before);
        history.tell(cancel()).unwrap();
        history.tell(failed(call, 771, "2004")).unwrap();
        assert!(!history.state.details().unwrap().cancelled);
        assert_eq!(history.tell(cancel()).map(|events| events.len()), Ok(1), "{before}");
    }
    let mut late = state("captured");
    let today = day("2026-06-01");
    assert_eq!(late.tell(Command::Cancel { today }), Err(Refusal::RefundTooLate(day("2026-05-31"))), "2007");
}

#[test]
fn validity_the_last_day_counts_and_the_next_one_asks_for_a_new_authorisation() {
    let mut history = state("authorised");
    let last = day("2026-05-31");
    let capture = |today| Command::Capture { today };
    assert!(state("authorised").tell(capture(last)).is_ok());
    assert_eq!(history.tell(capture(day("2026-06-01"))), Err(Refusal::AuthorizationRanOut(last)));
    assert_eq!(
        history.tell(again(2, Cause::Operator, 1, "2026-05-31")),
        Err(Refusal::AlreadyAuthorized(Some(last))),
        "a valid authorisation is used"
    );
    history.tell(again(2, Cause::Operator, 1, "2026-06-01")).unwrap();
    let events = history.tell(authorized(2, false)).unwrap();
    assert_eq!(names(&events), ["AuthorizationSucceeded", "VoidRequested"]);
}

#[test]
fn retries_follow_the_ladder_only_for_soft_declines() {
    let soft = || state("failed");
    let ladder = |number, today| again(number, Cause::Ladder, 1, today);
    assert_eq!(soft().tell(ladder(2, "2026-04-01")), Err(Refusal::NotDueBefore(day("2026-04-02"))));
    let mut history = soft();
    history.tell(ladder(2, "2026-04-02")).unwrap();
    assert_eq!(history.tell(ladder(2, "2026-04-02")), Ok(vec![]), "its number is its identity");
    history.tell(declined(2, "2001", "\"1G02\"")).unwrap();
    assert_eq!(history.tell(ladder(3, "2026-04-03")), Err(Refusal::NotDueBefore(day("2026-04-04"))));
    assert_eq!(history.tell(ladder(4, "2026-04-04")), Err(Refusal::NotTheNextAttempt(3)));
    history.tell(ladder(3, "2026-04-04")).unwrap();
    history.tell(declined(3, "2001", "\"1G02\"")).unwrap();
    assert_eq!(history.tell(ladder(4, "2026-04-30")), Err(NoRetry::LadderDone.into()), "the ladder stops");

    for (code, detail, why) in [
        ("2001", "\"1G60\"", NoRetry::HardDecline),
        ("P010", "", NoRetry::HardDecline),
        ("2002", "\"2999\"", NoRetry::UnknownDecline),
    ] {
        let mut history = told(SaleMode::AuthorizeOnly, vec![declined(1, code, detail)]);
        assert_eq!(history.tell(ladder(2, "2026-04-10")), Err(why.into()), "{code} {detail}");
    }
    let ended = AuthorizeOrder { subscription_ended: true, ..ask(2, Cause::Ladder, 1, then()) };
    assert_eq!(soft().tell(Command::Authorize(Box::new(ended))), Err(Refusal::SubscriptionEnded));
    assert_eq!(state("cancelled").tell(ladder(2, "2026-04-02")), Err(Refusal::Cancelled));
    assert_eq!(state("external").tell(ladder(2, "2026-04-10")), Err(Refusal::NothingFailed));
    // A refused change of the amount leaves the order authorised.
    let mut updated = state("edited up");
    updated.tell(update(2)).unwrap();
    updated.tell(declined(2, "2001", "\"1G02\"")).unwrap();
    assert_eq!(updated.tell(ladder(3, "2026-04-10")), Err(Refusal::AlreadyAuthorized(Some(day("2026-05-31")))));
}

#[test]
fn retries_a_changed_card_makes_one_attempt_whatever_the_decline_was() {
    let changed = |number, card| again(number, Cause::CardChanged, card, "2026-04-01");
    let mut history = told(SaleMode::AuthorizeOnly, vec![declined(1, "P010", "")]);
    assert_eq!(history.tell(changed(2, 1)), Err(Refusal::SameCard));
    history.tell(changed(2, 2)).unwrap();
    history.tell(declined(2, "2001", "\"1G60\"")).unwrap();
    assert_eq!(history.tell(changed(3, 2)), Err(Refusal::SameCard), "one attempt a card");
    assert_eq!(history.tell(changed(3, 1)), Err(Refusal::SameCard), "a card that was tried is no change");
    let off = AuthorizeOrder { policy: Default::default(), ..ask(3, Cause::CardChanged, 3, then()) };
    assert_eq!(history.tell(Command::Authorize(Box::new(off))), Err(NoRetry::Off.into()));
}

#[test]
fn w8_a_late_success_is_seen_and_decided_about() {
    let surplus = |history: &Told| history.state.details().unwrap().undecided().map(|booked| booked.amount);
    let given_up = || {
        let unknown = Command::RecordUnknown { attempt: 1, why: "no answer".to_owned() };
        told(SaleMode::AuthorizeOnly, vec![unknown, Command::GiveUp { attempt: 1 }])
    };
    assert_eq!(given_up().tell(again(2, Cause::Operator, 1, "2026-04-02")), Err(Refusal::GivenUpStillOpen(1)));
    let cancelled = || {
        let mut history = given_up();
        history.tell(cancel()).unwrap();
        history
    };
    for start in [state("failed"), given_up(), cancelled(), state("external")] {
        let mut found = start;
        found.tell(fact(1, 771, Stands::Captured, 3_500)).unwrap();
        assert_eq!(surplus(&found), Some(yen(3_500)), "a visible fact");
        assert!(found.tell(Command::Cancel { today: then() }).is_err() || found.state.details().unwrap().cancelled);
        let mut accepted = found.clone();
        accepted.tell(Command::AcceptSurplus { payment_id: id(771) }).unwrap();
        assert_eq!((status(&accepted), accepted.state.details().unwrap().cancelled), ("captured", false));
        found.tell(Command::ReleaseSurplus { payment_id: id(771) }).unwrap();
        found.tell(done(Call::Refund, 771)).unwrap();
        assert_eq!(surplus(&found), None);
    }
    // Beside a payment that pays already it can only be given back.
    let mut twice = state("authorised");
    twice.tell(fact(1, 772, Stands::Authorized, 3_500)).unwrap();
    assert_eq!(twice.tell(Command::AcceptSurplus { payment_id: id(772) }), Err(Refusal::PaidTwice(id(772))));
    assert_eq!(twice.tell(Command::ReleaseSurplus { payment_id: id(771) }), Err(Refusal::NotSurplus(id(771))));
    let asked = twice.tell(Command::ReleaseSurplus { payment_id: id(772) }).unwrap();
    assert_eq!(names(&asked), ["VoidRequested"]);
}

#[test]
fn w12_a_cancel_that_gets_lost_is_asked_for_again_by_one_only() {
    let mut history = state("authorised");
    history.tell(cancel()).unwrap();
    let not_known = Command::RecordNotKnown { call: Call::Void, payment_id: id(771), why: "no answer".to_owned() };
    history.tell(not_known).unwrap();
    assert_eq!(status(&history), "void_unknown");
    let repeat = Command::CallAgain { call: Call::Void, payment_id: id(771), asked_before: 1 };
    assert_eq!(names(&history.tell(repeat.clone()).unwrap()), ["VoidRequested"]);
    assert_eq!(history.tell(repeat), Err(Refusal::AskedMeanwhile), "W9: the second engine learns that it was asked");
    history.tell(fact(1, 771, Stands::Voided, 3_500)).unwrap();
    assert!(history.state.details().unwrap().cancelled, "what the cancel was for is done with it");
}
