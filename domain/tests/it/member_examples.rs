//! M1, C8: which card is charged.

use crate::history::History;
use crate::values::{member_id, sealed, stored_card};
use teiki_domain::member::{Member, MemberCommand as Command, MemberRefusal as Refusal};

fn registered() -> History<Member> {
    let mut history = History::new();
    history.tell(Command::Register { member_id: member_id(), profile: sealed("p1") }).unwrap();
    history
}

fn kept(registration: u32, card: u32) -> Command {
    Command::RecordCardRegistered { registration, card: stored_card(card) }
}

fn failed(registration: u32) -> Command {
    let (code, detail) = ("P010".to_owned(), "card_valid_term".to_owned());
    Command::RecordCardRegistrationFailed { registration, code, detail }
}

#[test]
fn m1_the_newest_registration_wins_whichever_answer_comes_last() {
    // Two registrations are intended; the answers come in the order given.
    for (answers, in_force) in [
        (vec![kept(1, 11), kept(2, 22)], Some(22)),
        (vec![kept(2, 22), kept(1, 11)], Some(22)),
        (vec![kept(1, 11), failed(2)], Some(11)),
        (vec![failed(2), kept(1, 11)], Some(11)),
        (vec![failed(1), kept(2, 22)], Some(22)),
        (vec![failed(2), kept(2, 22)], Some(22)),
        (vec![failed(1), failed(2)], None),
        (vec![kept(1, 11)], Some(11)),
        (vec![], None),
    ] {
        let mut history = registered();
        history.tell(Command::RequestCardRegistration).unwrap();
        history.tell(Command::RequestCardRegistration).unwrap();
        for answer in &answers {
            assert_eq!(history.tell(answer.clone()).unwrap().len(), 1, "{answers:?}");
        }
        assert_eq!(history.state.card(), in_force.map(stored_card).as_ref(), "{answers:?}");
    }
}

#[test]
fn answers_told_twice_and_answers_that_cannot_be() {
    let mut history = registered();
    assert_eq!(history.tell(kept(1, 11)), Err(Refusal::NoSuchRegistration(1)));
    history.tell(Command::RequestCardRegistration).unwrap();
    for nonsense in [0, 2, u32::MAX] {
        assert_eq!(history.tell(kept(nonsense, 11)), Err(Refusal::NoSuchRegistration(nonsense)));
        assert_eq!(history.tell(failed(nonsense)), Err(Refusal::NoSuchRegistration(nonsense)));
    }
    history.tell(kept(1, 11)).unwrap();
    assert_eq!(history.tell(kept(1, 11)), Ok(vec![]));
    assert_eq!(history.tell(kept(1, 12)), Err(Refusal::Contradiction(1)));
    assert_eq!(history.tell(failed(1)), Err(Refusal::Contradiction(1)));
    assert_eq!(history.state.card(), Some(&stored_card(11)));
}

#[test]
fn an_erased_member_stays_erased_and_the_id_is_not_used_again() {
    assert_eq!(History::<Member>::new().tell(Command::Erase), Err(Refusal::DoesNotExist));
    let mut history = registered();
    history.tell(Command::RequestCardRegistration).unwrap();
    assert_eq!(history.tell(Command::Erase).unwrap().len(), 1);
    assert_eq!(history.tell(Command::Erase), Ok(vec![]));
    for command in [
        Command::Register { member_id: member_id(), profile: sealed("p2") },
        Command::RequestCardRegistration,
        kept(1, 11),
        failed(1),
    ] {
        assert_eq!(history.tell(command), Err(Refusal::Erased));
    }
    assert_eq!((history.state.details(), history.state.card()), (None, None));
    let Member::Erased(erased) = &history.state else { panic!("{:?}", history.state) };
    assert!(erased.member_id == member_id() && !erased.cards_deleted, "a card may have been sent to Paygent");
}

#[test]
fn cards_at_paygent_are_deleted_after_the_erasure_and_failing_again_alike_is_no_news() {
    let failed = || Command::RecordCardsNotDeleted { code: String::new(), detail: "no answer in time".to_owned() };
    let mut history = registered();
    assert_eq!(history.tell(Command::RecordCardsDeleted), Err(Refusal::NotErased));
    assert_eq!(history.tell(failed()), Err(Refusal::NotErased));
    history.tell(Command::RequestCardRegistration).unwrap();
    history.tell(Command::Erase).unwrap();
    assert_eq!(history.tell(failed()).unwrap().len(), 1);
    assert_eq!(history.tell(failed()), Ok(vec![]));
    assert_eq!(history.tell(Command::RecordCardsDeleted).unwrap().len(), 1);
    assert_eq!(history.tell(Command::RecordCardsDeleted), Ok(vec![]));
    assert_eq!(history.tell(failed()), Ok(vec![]), "none is left that could stay");
    let mut nothing_sent = registered();
    nothing_sent.tell(Command::Erase).unwrap();
    assert_eq!(nothing_sent.tell(Command::RecordCardsDeleted), Ok(vec![]), "there was none");
    history.check_replay();
}

#[test]
fn the_profile_given_first_stays() {
    let mut history = registered();
    assert_eq!(history.tell(Command::Register { member_id: member_id(), profile: sealed("p2") }), Ok(vec![]));
    assert_eq!(history.state.details().unwrap().profile, sealed("p1"));
}
