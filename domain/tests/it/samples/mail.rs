use crate::values::{member_id, sealed, subscription_id};
use teiki_domain::mail::{About, MailEvent as Event, MailKind, Recipient};

pub(crate) fn mail() -> Vec<Event> {
    let abouts = [
        About::default(),
        About { member_id: Some(member_id()), subscription_id: Some(subscription_id()), order_id: None },
        About {
            member_id: Some(member_id()),
            subscription_id: Some(subscription_id()),
            order_id: Some("02396-S00000012-20260401".parse().unwrap()),
        },
    ];
    let requested = MailKind::ALL.into_iter().enumerate().map(|(i, kind)| {
        let about = abouts[i % 3].clone();
        Event::MailRequested {
            mail_id: "02396-0191d5c07a1b7cc39f3e5d2c1b0a9f8e".parse().unwrap(),
            kind,
            recipient: if about.member_id.is_some() { Recipient::Member } else { Recipient::Shop },
            about,
            letter: sealed("djEuY2lwaGVydGV4dA=="),
            requested_at: "2026-03-31T15:00:30Z".parse().unwrap(),
        }
    });
    let happened = [
        Event::MailDelayed {
            attempt: 1,
            reason: "the mail server did not answer in time".to_owned(),
            again_at: "2026-03-31T15:01:30.123456Z".parse().unwrap(),
        },
        Event::MailGivenUp { attempt: 2, reason: "the mail server refused the mail (550 5.1.1)".to_owned() },
        Event::MailReleased {},
        Event::MailSent { attempt: 3, message_id: "02396-0191d5c07a1b7cc39f3e5d2c1b0a9f8e@shop.example".to_owned() },
        Event::MailDropped {},
    ];
    requested.chain(happened).collect()
}
