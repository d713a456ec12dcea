use super::commands::{MailCommand as Command, NewMail};
use super::events::{MailEvent as Event, Recipient};
use super::refusals::MailRefusal as Refusal;
use super::state::{Details, Mail, Status};
use crate::cqrs::Decide;
use chrono::{DateTime, Duration, Utc};

/// Seconds from a failed try to the next one, 3 days and 3 hours in all; after the last of them a mail is given up.
const GAPS: [i64; 9] = [60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

impl Decide for Mail {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Mail::Absent, Command::Request(new)) => request(*new),
            (Mail::Absent, _) => Err(Refusal::DoesNotExist),
            (Mail::Requested(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

fn request(new: NewMail) -> Result<Vec<Event>, Refusal> {
    let NewMail { mail_id, kind, recipient, about, letter, now } = new;
    if recipient == Recipient::Member && about.member_id.is_none() {
        return Err(Refusal::NoMember);
    }
    let shops = [
        about.member_id.as_ref().map(|id| id.shop()),
        about.subscription_id.as_ref().map(|id| id.shop()),
        about.order_id.as_ref().map(|id| id.shop()),
    ];
    if shops.into_iter().flatten().any(|shop| shop != mail_id.shop()) {
        return Err(Refusal::OtherShop);
    }
    Ok(vec![Event::MailRequested { mail_id, kind, recipient, about, letter, requested_at: now }])
}

impl Details {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self.status, command) {
            (_, Command::Request(_)) => Ok(vec![]),
            // What was sent was sent, whatever else was on record by then.
            (Status::Sent, Command::RecordSent { .. }) => Ok(vec![]),
            (_, Command::RecordSent { attempt, message_id }) => {
                self.begun(attempt)?;
                Ok(vec![Event::MailSent { attempt, message_id }])
            }
            (_, Command::RecordFailed { attempt, reason, permanent, now }) => {
                self.begun(attempt)?;
                let news = self.status == Status::Waiting && attempt > self.attempts;
                Ok(if news { vec![self.failed(attempt, reason, permanent, now)] } else { vec![] })
            }
            (Status::Sent, Command::Drop | Command::Release) => Err(Refusal::Sent),
            (Status::Dropped, Command::Drop) => Ok(vec![]),
            (Status::Dropped, Command::Release) => Err(Refusal::Dropped),
            (Status::Waiting | Status::GivenUp, Command::Drop) => Ok(vec![Event::MailDropped {}]),
            (Status::Waiting, Command::Release) if self.again_at.is_none() => Ok(vec![]),
            (Status::Waiting | Status::GivenUp, Command::Release) => Ok(vec![Event::MailReleased {}]),
        }
    }

    /// The next try may be reported, and every one before it again.
    fn begun(&self, attempt: u32) -> Result<(), Refusal> {
        if (1..=self.attempts.saturating_add(1)).contains(&attempt) {
            Ok(())
        } else {
            Err(Refusal::NoSuchAttempt { given: attempt, known: self.attempts })
        }
    }

    fn failed(&self, attempt: u32, reason: String, permanent: bool, now: DateTime<Utc>) -> Event {
        let gap = usize::try_from(self.tries).ok().and_then(|tries| GAPS.get(tries)).filter(|_| !permanent);
        match gap.and_then(|gap| now.checked_add_signed(Duration::seconds(*gap))) {
            Some(again_at) => Event::MailDelayed { attempt, reason, again_at },
            None => Event::MailGivenUp { attempt, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gaps_grow_over_three_days() {
        assert!(GAPS.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(GAPS.iter().sum::<i64>() / 3_600, 75);
    }
}
