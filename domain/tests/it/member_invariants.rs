//! Whatever is asked of a member: what always holds.

use crate::history::History;
use crate::values::{cases, member_id, sealed, stored_card};
use proptest::prelude::*;
use std::collections::BTreeMap;
use teiki_domain::member::{Member, MemberCommand as Command, MemberEvent as Event};

fn told() -> impl Strategy<Value = Command> {
    let registration = || prop_oneof![12 => 1..5_u32, 1 => prop::sample::select(vec![0, 99, u32::MAX])];
    prop_oneof![
        10 => Just(Command::Register { member_id: member_id(), profile: sealed("p2") }),
        1 => Just(Command::Erase),
        2 => Just(Command::RecordCardsDeleted),
        2 => Just(Command::RecordCardsNotDeleted { code: "P021".to_owned(), detail: String::new() }),
        30 => Just(Command::RequestCardRegistration),
        30 => (registration(), 1..3_u32).prop_map(|(registration, card)| {
            Command::RecordCardRegistered { registration, card: stored_card(card) }
        }),
        20 => registration().prop_map(|registration| {
            Command::RecordCardRegistrationFailed { registration, code: String::new(), detail: "timed out".to_owned() }
        }),
    ]
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn c8_m1_invariants_hold_after_every_step(commands in prop::collection::vec(told(), 1..30)) {
        let mut history = History::<Member>::new();
        history.tell(Command::Register { member_id: member_id(), profile: sealed("p1") }).unwrap();
        // Kept apart from the state under test: the card of each registration, and how many there were.
        let (mut cards, mut intended, mut erased, mut gone) = (BTreeMap::new(), 0, false, false);
        for command in commands {
            let before = history.state.clone();
            let Ok(events) = history.tell(command.clone()) else {
                prop_assert_eq!(&before, &history.state);
                continue;
            };
            for event in events {
                let cards_at_paygent = matches!(event, Event::StoredCardsDeleted {} | Event::StoredCardsNotDeleted { .. });
                prop_assert_eq!(cards_at_paygent, erased, "to an erased member nothing else happens");
                match event {
                    Event::StoredCardsDeleted {} | Event::StoredCardsNotDeleted { .. } => {
                        prop_assert!(!gone, "what is deleted is deleted once");
                        gone = matches!(event, Event::StoredCardsDeleted {});
                    }
                    Event::MemberWorkReleased { .. } => prop_assert!(false, "nobody released anything"),
                    Event::MemberErased {} => {
                        erased = true;
                        cards.clear();
                    }
                    Event::MemberRegistered { .. } => prop_assert!(false, "registered once"),
                    Event::CardRegistrationRequested { registration } => {
                        intended += 1;
                        prop_assert_eq!(registration, intended);
                    }
                    Event::CardRegistered { registration, card } => {
                        prop_assert!((1..=intended).contains(&registration), "intended before it is kept");
                        prop_assert_eq!(cards.insert(registration, card), None, "a registration keeps one card");
                    }
                    Event::CardRegistrationFailed { registration, .. } => {
                        prop_assert!((1..=intended).contains(&registration));
                        prop_assert!(!cards.contains_key(&registration), "a card that is kept stays kept");
                    }
                }
            }
            prop_assert_eq!(history.state.card(), cards.last_key_value().map(|(_, card)| card));
            // Intending another registration is a new one each time: the buyer may try as often as M2 lets them.
            if !matches!(command, Command::RequestCardRegistration) {
                prop_assert_eq!(history.repeated(command), vec![], "a repetition has no second effect");
            }
        }
        history.check_replay();
    }

    #[test]
    fn asked_of_nobody_everything_but_register_is_refused(command in told()) {
        let begins = matches!(command, Command::Register { .. });
        prop_assert_eq!(History::<Member>::new().tell(command).is_ok(), begins);
    }
}
