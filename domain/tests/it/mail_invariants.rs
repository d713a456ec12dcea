//! K1, C5 b, O15: whatever is asked of a mail, what always holds.

use crate::history::History;
use crate::values::{cases, member_id, sealed, subscription_id};
use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use teiki_domain::mail::{
    About, Mail, MailCommand as Command, MailEvent as Event, MailKind, MailRefusal as Refusal, NewMail, Recipient,
    Status,
};

fn now() -> DateTime<Utc> {
    "2026-03-31T15:00:30Z".parse().unwrap()
}

fn new() -> NewMail {
    NewMail {
        mail_id: "02396-0191d5c07a1b7cc39f3e5d2c1b0a9f8e".parse().unwrap(),
        kind: MailKind::Thanks,
        recipient: Recipient::Member,
        about: About { member_id: Some(member_id()), subscription_id: Some(subscription_id()), order_id: None },
        letter: sealed("c"),
        now: now(),
    }
}

fn failed(attempt: u32, permanent: bool, now: DateTime<Utc>) -> Command {
    Command::RecordFailed { attempt, reason: "no answer".to_owned(), permanent, now }
}

fn command() -> impl Strategy<Value = Command> {
    let attempt = 0..14_u32;
    prop_oneof![
        1 => Just(Command::Request(Box::new(new()))),
        1 => attempt.clone().prop_map(|attempt| Command::RecordSent { attempt, message_id: "m@x".to_owned() }),
        8 => (attempt, prop::bool::weighted(0.1), 0..400_000_i64)
            .prop_map(|(attempt, permanent, later)| failed(attempt, permanent, now() + Duration::seconds(later))),
        1 => Just(Command::Drop),
        2 => Just(Command::Release),
    ]
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn k1_invariants_hold_after_every_step(commands in prop::collection::vec(command(), 1..60)) {
        let mut history = History::<Mail>::new();
        history.tell(Command::Request(Box::new(new()))).unwrap();
        for command in commands {
            let before = history.state.clone();
            match history.tell(command.clone()) {
                Err(_) => prop_assert_eq!(&before, &history.state),
                Ok(events) => {
                    prop_assert!(events.len() <= 1);
                    prop_assert_eq!(events.is_empty(), before == history.state, "an event is a change, and the reverse");
                    prop_assert_eq!(history.repeated(command.clone()), vec![], "a repetition has no second effect");
                }
            }
            let (was, is) = (before.details().unwrap(), history.state.details().unwrap());
            prop_assert!(was.status != Status::Sent || is.status == Status::Sent, "what was sent stays sent");
            prop_assert!(is.attempts >= was.attempts && is.attempts <= was.attempts + 1);
            prop_assert_eq!(is.status == Status::Sent, is.message_id.is_some());
            prop_assert!(is.again_at.is_none() || is.status == Status::Waiting);
            prop_assert!(is.status != Status::GivenUp || is.reason.is_some(), "who looks finds out why");
            prop_assert_eq!(&is.letter, &new().letter);
        }
        let sent = history.events.iter().filter(|event| matches!(event, Event::MailSent { .. })).count();
        prop_assert!(sent <= 1, "never recorded as sent twice");
        history.check_replay();
    }

    #[test]
    fn asked_of_no_mail_everything_but_request_is_refused(command in command()) {
        let requests = matches!(command, Command::Request(_));
        prop_assert!(requests || History::<Mail>::new().tell(command) == Err(Refusal::DoesNotExist));
    }
}

#[test]
fn k1_a_mail_that_cannot_be_delivered_is_tried_for_three_days_and_then_listed() {
    let mut history = History::<Mail>::new();
    history.tell(Command::Request(Box::new(new()))).unwrap();
    let (mut at, mut attempt) = (now(), 1);
    loop {
        let events = history.tell(failed(attempt, false, at)).unwrap();
        match events.as_slice() {
            [Event::MailDelayed { again_at, .. }] => {
                assert!(*again_at > at);
                let details = history.state.details().unwrap();
                assert!(!details.is_due(*again_at - Duration::seconds(1)) && details.is_due(*again_at));
                (at, attempt) = (*again_at, attempt + 1);
            }
            [Event::MailGivenUp { .. }] => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(at - now() >= Duration::days(3) && at - now() < Duration::days(4), "{at}");
    history.tell(Command::Release).unwrap();
    assert!(history.state.details().unwrap().is_due(at));
    let events = history.tell(failed(attempt + 1, false, at)).unwrap();
    assert!(matches!(events[..], [Event::MailDelayed { .. }]), "released, it has all its tries again: {events:?}");
}

#[test]
fn k1_a_permanent_failure_is_listed_at_once() {
    let mut history = History::<Mail>::new();
    history.tell(Command::Request(Box::new(new()))).unwrap();
    let events = history.tell(failed(1, true, now())).unwrap();
    assert!(matches!(events[..], [Event::MailGivenUp { attempt: 1, .. }]));
}

#[test]
fn c5_a_mail_without_recipient_or_of_two_shops_is_refused() {
    let ask = |change: &dyn Fn(&mut NewMail)| {
        let mut mail = new();
        change(&mut mail);
        History::<Mail>::new().tell(Command::Request(Box::new(mail))).map(|_| ())
    };
    assert_eq!(ask(&|mail| mail.about.member_id = None), Err(Refusal::NoMember));
    assert_eq!(ask(&|mail| mail.about.order_id = "02397-S1-20260401".parse().ok()), Err(Refusal::OtherShop));
    assert_eq!(ask(&|mail| (mail.recipient, mail.about) = (Recipient::Shop, About::default())), Ok(()));
}

#[test]
fn k1_a_mail_that_waited_a_week_untried_is_stale_until_somebody_releases_it() {
    let mut history = History::<Mail>::new();
    history.tell(Command::Request(Box::new(new()))).unwrap();
    let late = now() + Duration::days(8);
    let stale = |history: &History<Mail>, at| history.state.details().unwrap().is_stale(at);
    assert!(!stale(&history, now() + Duration::days(7)) && stale(&history, late));
    history.tell(failed(1, true, late)).unwrap();
    history.tell(Command::Release).unwrap();
    assert!(!stale(&history, late));
}
