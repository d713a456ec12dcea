use super::*;
use crate::testing::*;
use teiki_domain::mail::{About, Recipient};
use teiki_domain::sealed::Sealed;

const MAIL: &str = "02396-0191d5c07a1b7cc39f3e5d2c1b0a9f8e";

fn mail(event: Event) -> (&'static str, RecordedEvent) {
    (MAIL, RecordedEvent::Mail(event))
}

fn requested() -> (&'static str, RecordedEvent) {
    mail(Event::MailRequested {
        mail_id: MAIL.parse().unwrap(),
        kind: MailKind::OrderConfirmation,
        recipient: Recipient::Member,
        about: About {
            member_id: MEMBER.parse().ok(),
            subscription_id: SUBSCRIPTION.parse().ok(),
            order_id: ORDER.parse().ok(),
        },
        letter: Sealed::from_ciphertext("secret".to_owned()),
        requested_at: "2026-04-01T03:00:00Z".parse().unwrap(),
    })
}

fn delayed(attempt: u32) -> (&'static str, RecordedEvent) {
    let again_at = "2026-04-01T04:00:00Z".parse().unwrap();
    mail(Event::MailDelayed { attempt, reason: "no answer".to_owned(), again_at })
}

fn given_up(attempt: u32) -> (&'static str, RecordedEvent) {
    mail(Event::MailGivenUp { attempt, reason: "refused (550)".to_owned() })
}

fn folded(events: &[(&str, RecordedEvent)]) -> MailRow {
    fold(&MailList, events).unwrap().row(MAIL).unwrap()
}

#[test]
fn o15_a_mail_shows_what_it_is_about_and_waits_from_its_request_on() {
    let row = folded(&[requested()]);
    assert_eq!(
        (row.shop_id.as_str(), row.kind.as_str(), row.recipient.as_str()),
        (SHOP, "order_confirmation", "member")
    );
    assert_eq!(row.order_id.as_deref(), Some(ORDER));
    assert_eq!((row.status.as_str(), row.due_at.as_deref()), ("waiting", Some("2026-04-01T03:00:00.000000Z")));
    assert!(!format!("{row:?}").contains("secret"), "the text is not in the table");
}

#[test]
fn k1_a_mail_waits_for_its_next_try_and_for_nothing_once_it_is_given_up_or_sent() {
    let row = folded(&[requested(), delayed(1)]);
    assert_eq!((row.attempts, row.due_at.as_deref()), (1, Some("2026-04-01T04:00:00.000000Z")));
    let row = folded(&[requested(), delayed(1), given_up(2)]);
    assert_eq!((row.status.as_str(), row.attempts, row.due_at), ("given_up", 2, None));
    assert_eq!(row.reason.as_deref(), Some("refused (550)"));
    let row = folded(&[requested(), given_up(1), mail(Event::MailReleased {})]);
    assert_eq!((row.status.as_str(), row.due_at), ("waiting", Some(time(3))));
    let sent = mail(Event::MailSent { attempt: 2, message_id: "m@x".to_owned() });
    let row = folded(&[requested(), delayed(1), sent]);
    assert_eq!((row.status.as_str(), row.attempts, row.due_at, row.reason), ("sent", 2, None, None));
    assert_eq!(row.sent_at, Some(time(3)));
    let row = folded(&[requested(), mail(Event::MailDropped {})]);
    assert_eq!((row.status.as_str(), row.due_at), ("dropped", None));
}
