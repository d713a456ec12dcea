use super::commands::MemberCommand as Command;
use super::events::MemberEvent as Event;
use super::refusals::MemberRefusal as Refusal;
use super::state::{Details, Erased, Member};
use crate::cqrs::Decide;

impl Decide for Member {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Member::Absent, Command::Register { member_id, profile }) => {
                Ok(vec![Event::MemberRegistered { member_id, profile }])
            }
            (Member::Absent, _) => Err(Refusal::DoesNotExist),
            (_, Command::RecordReleased { work }) => Ok(vec![Event::MemberWorkReleased { work }]),
            (Member::Erased(erased), command) => erased.decide(command),
            (Member::Registered(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

impl Erased {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Erase => Ok(vec![]),
            Command::RecordCardsDeleted | Command::RecordCardsNotDeleted { .. } if self.cards_deleted => Ok(vec![]),
            Command::RecordCardsDeleted => Ok(vec![Event::StoredCardsDeleted {}]),
            Command::RecordCardsNotDeleted { code, detail } => {
                // Tried again and again, the same answer is no news.
                let known = self.not_deleted.as_ref().is_some_and(|known| *known == (code.clone(), detail.clone()));
                if known { Ok(vec![]) } else { Ok(vec![Event::StoredCardsNotDeleted { code, detail }]) }
            }
            _ => Err(Refusal::Erased),
        }
    }
}

impl Details {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Register { .. } => Ok(vec![]),
            // Decided above, in whatever state it is.
            Command::RecordReleased { work } => Ok(vec![Event::MemberWorkReleased { work }]),
            Command::Erase => Ok(vec![Event::MemberErased {}]),
            Command::RecordCardsDeleted | Command::RecordCardsNotDeleted { .. } => Err(Refusal::NotErased),
            Command::RequestCardRegistration => {
                Ok(vec![Event::CardRegistrationRequested { registration: self.registrations + 1 }])
            }
            Command::RecordCardRegistered { registration, card } => {
                self.known(registration)?;
                match self.cards.iter().find(|(known, _)| *known == registration) {
                    Some((_, known)) if *known == card => Ok(vec![]),
                    Some(_) => Err(Refusal::Contradiction(registration)),
                    None => Ok(vec![Event::CardRegistered { registration, card }]),
                }
            }
            Command::RecordCardRegistrationFailed { registration, code, detail } => {
                self.known(registration)?;
                if self.cards.iter().any(|(known, _)| *known == registration) {
                    return Err(Refusal::Contradiction(registration));
                }
                if self.failed.contains(&registration) {
                    return Ok(vec![]);
                }
                Ok(vec![Event::CardRegistrationFailed { registration, code, detail }])
            }
        }
    }

    fn known(&self, registration: u32) -> Result<(), Refusal> {
        if (1..=self.registrations).contains(&registration) {
            Ok(())
        } else {
            Err(Refusal::NoSuchRegistration(registration))
        }
    }
}
