//! Mails when things go wrong: crashes, two engines, a server that is down, refusals, erased members (K1, C5 b).

use crate::mails::{app_with, listed};
use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};
use std::collections::HashMap;
use teiki::mails::{self, Letter};
use teiki::members::{self, Profile};
use teiki::workers::mails::{Sent, round};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::mail_list::MailRow;
use teiki_tests::mail_server::{FROM, MailServer};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

const NAME: &str = "秘密野 花子";
const MAIL: &str = "himitsu.hanako@example.jp";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Members and subscriptions, set up before any mail server is there.
async fn subscribed(kind: StoreKind, count: usize) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), ..Profile::default() };
    members::register(&app, &member(0), &profile, &because).await.unwrap();
    for i in 0..count {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "months:1:31", day("2026-12-31"), 1_000).await;
    }
    app.stop().await;
    stage
}

fn ids(mails: &[Value]) -> HashMap<String, usize> {
    let mut ids = HashMap::new();
    for mail in mails {
        *ids.entry(mail["message_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    ids
}

async fn engine(stage: &Stage, server: &MailServer, more: &[(&str, &str)]) -> Served {
    let url = server.url();
    let mut variables = vec![("TEIKI_MAIL_URL", url.as_str()), ("TEIKI_MAIL_FROM", FROM)];
    variables.extend_from_slice(more);
    Served::start(stage, &variables).await
}

async fn c5_a_crash_between_sending_and_recording_sends_the_same_mail_again(kind: StoreKind) {
    let stage = subscribed(kind, 1).await;
    let server = MailServer::start(stage.folder()).await;
    let mut first = engine(&stage, &server, &[("TEIKI_CRASH_AT", "M1:1")]).await;
    assert!(!first.child.wait().await.unwrap().success(), "it ended where it was told to");
    assert_eq!(server.received().len(), 1, "the mail server took one, and nobody knows");
    let second = engine(&stage, &server, &[]).await;
    second.until("/v1/mails?status=sent", |page| page["mails"].as_array().unwrap().len() == 2).await;
    second.stop().await;
    let mut counts: Vec<usize> = ids(&server.received()).into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2], "the one that was taken came again under its Message-ID, the other once");
    let third = engine(&stage, &server, &[]).await;
    third.until("/v1/mails?status=sent", |page| page["mails"].as_array().unwrap().len() == 2).await;
    third.stop().await;
    assert_eq!(server.received().len(), 3, "and that was all");
    stage.close().await;
}

async fn c5_two_engines_send_each_mail_once(kind: StoreKind) {
    const SUBSCRIPTIONS: usize = 12;
    let stage = subscribed(kind, SUBSCRIPTIONS).await;
    let server = MailServer::start(stage.folder()).await;
    server.rules("* slow 0.05\n");
    let (one, other) = tokio::join!(engine(&stage, &server, &[]), engine(&stage, &server, &[]));
    let page = "/v1/mails?status=sent&limit=500";
    one.until(page, |page| page["mails"].as_array().unwrap().len() == 2 * SUBSCRIPTIONS).await;
    one.stop().await;
    other.stop().await;
    let received = ids(&server.received());
    assert_eq!(received.len(), 2 * SUBSCRIPTIONS);
    assert!(received.values().all(|count| *count == 1), "{received:?}");
    stage.close().await;
}

fn statuses(rows: &[MailRow]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row.status.as_str(), row.attempts)).collect()
}

async fn k1_a_server_that_is_down_for_hours_gets_the_mails_when_it_is_back(kind: StoreKind) {
    let stage = subscribed(kind, 1).await;
    let mut server = MailServer::start(stage.folder()).await;
    server.stop().await;
    let app = app_with(&stage, &server).await;
    let start = app.clock.now();
    let mut tries = 0;
    // A look every five minutes for six hours.
    for minutes in (0..360).step_by(5) {
        app.clock.set(start + Duration::minutes(minutes));
        let sent = round(&app).await.unwrap();
        assert_eq!((sent.sent, sent.given_up), (0, 0));
        tries += sent.delayed;
    }
    assert_eq!(tries, 2 * 5, "at once, then after growing gaps");
    let rows = listed(&app).await;
    assert_eq!(statuses(&rows), [("waiting", 5), ("waiting", 5)]);
    assert!(rows[0].reason.as_deref().unwrap().contains("cannot be reached"), "{rows:?}");
    server.restart().await;
    app.clock.set(start + Duration::hours(9));
    let sent = round(&app).await.unwrap();
    assert_eq!((sent.sent, server.received().len()), (2, 2));
    assert_eq!(server.received()[0]["date"], json!((start + Duration::hours(9)).to_rfc3339()));

    // Down for days: listed, until somebody lets them go.
    server.stop().await;
    enrol(&app, &stage.simulator, 1, "1111").await;
    subscribe(&app, 1, "months:1:31", day("2026-12-31"), 1_000).await;
    let mut given_up = 0;
    for hours in 9..100 {
        app.clock.set(start + Duration::hours(hours));
        given_up += round(&app).await.unwrap().given_up;
    }
    assert_eq!(given_up, 2);
    server.restart().await;
    app.clock.set(start + Duration::days(30));
    assert_eq!(round(&app).await.unwrap(), Sent::default(), "not by itself");
    let because = app.gateway.because("test", "the server is back");
    for row in listed(&app).await.iter().filter(|row| row.status == "given_up") {
        mails::release(&app, &row.mail_id.parse().unwrap(), &because).await.unwrap();
    }
    assert_eq!(round(&app).await.unwrap().sent, 2);
    assert_eq!(server.received().len(), 4);
    app.stop().await;
    stage.close().await;
}

async fn k1_a_refused_mail_is_listed_at_once_and_holds_up_no_other(kind: StoreKind) {
    let stage = subscribed(kind, 2).await;
    let server = MailServer::start(stage.folder()).await;
    server.rules(&format!("{MAIL} 550 5.1.1 <{MAIL}>: no such user\nshop@example.jp 451 4.7.1 try again later\n"));
    let app = app_with(&stage, &server).await;
    let sent = round(&app).await.unwrap();
    assert_eq!((sent.tried, sent.sent, sent.delayed, sent.given_up), (4, 1, 2, 1));
    assert_eq!(server.received()[0]["envelope_to"], json!(["hanako@example.jp"]));
    let rows = listed(&app).await;
    let refused = rows.iter().find(|row| row.status == "given_up").unwrap();
    assert_eq!(refused.member_id.as_deref(), Some(member(0).as_str()));
    assert_eq!(refused.reason.as_deref(), Some("the mail server refused (550)"), "not its own words");
    let late = rows.iter().find(|row| row.status == "waiting").unwrap();
    assert_eq!(late.reason.as_deref(), Some("the mail server put it off (451)"));
    app.stop().await;
    // Neither an address nor a name in anything that is not sealed.
    let bytes = stage.bytes().await;
    for text in [MAIL, NAME, "クッキーの定期便にお申し込み"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    stage.close().await;
}

async fn k1_an_erased_member_gets_nothing_and_nobody_reads_the_mail(kind: StoreKind) {
    let stage = subscribed(kind, 1).await;
    let mut server = MailServer::start(stage.folder()).await;
    server.stop().await;
    let app = app_with(&stage, &server).await;
    assert_eq!(round(&app).await.unwrap().delayed, 2);
    let because = app.gateway.because("test", "the member asked for it");
    app.gateway.execute::<Subscription>(subscription(0).as_str(), &because, SubscriptionCommand::End).await.unwrap();
    app.settle().await.unwrap();
    teiki::erasure::erase(&app, &member(0), &because).await.unwrap();
    server.restart().await;
    app.clock.set(app.clock.now() + Duration::hours(1));
    assert_eq!(round(&app).await.unwrap().dropped, 2, "to the member and to the shop");
    assert_eq!(server.received().len(), 0);
    for row in listed(&app).await {
        assert_eq!(row.status, "dropped");
        let (_, letter) = mails::read(&app, &row.mail_id.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(letter, None);
    }
    let text = Letter { subject: "件名".into(), body: "本文".into() };
    let error = mails::card_expiry::preview(&app, &member(0), &text).await.unwrap_err();
    assert!(error.to_string().contains("was erased"));
    app.stop().await;
    stage.close().await;
}

/// Without a mail server mails wait; set up weeks later, it does not get what is old news by then.
async fn k1_without_a_mail_server_mails_wait_and_become_stale(kind: StoreKind) {
    let stage = subscribed(kind, 1).await;
    let server = MailServer::start(stage.folder()).await;
    let app = stage.app().await;
    assert_eq!(round(&app).await.unwrap(), Sent::default());
    assert_eq!(statuses(&listed(&app).await), [("waiting", 0), ("waiting", 0)]);
    let later = app.clock.now() + Duration::days(10);
    app.stop().await;
    let app = teiki::app::App::start(server.in_config(stage.config()), Clock::manual(later)).await.unwrap();
    assert_eq!(round(&app).await.unwrap().given_up, 2);
    assert!(server.received().is_empty());
    assert!(listed(&app).await[0].reason.as_deref().unwrap().contains("more than 7 days"));
    app.stop().await;
    stage.close().await;
}

async fn k1_a_server_with_starttls_and_a_password_is_spoken_to_encrypted(kind: StoreKind) {
    let stage = subscribed(kind, 1).await;
    let certificates = stage.simulator.ca_certificate().parent().unwrap().to_owned();
    let (certificate, key) = (certificates.join("server.pem"), certificates.join("server.key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let options = ["--certificate", certificate, "--key", key, "--password", "hünter2@"];
    let server = MailServer::start_with(stage.folder(), &options).await;
    let mut config = server.in_config(stage.config());
    config.mail_ca = stage.simulator.ca_certificate();
    let url = |password: &str| format!("smtp://teiki:{password}@localhost:{}?tls=required", server.port);
    for (password, sent, delayed) in [("wrong", 0, 2), ("h%C3%BCnter2%40", 2, 0)] {
        config.mail_url = Redacted::new(url(password));
        let clock = Clock::manual(stage.now + Duration::hours(sent as i64));
        let app = teiki::app::App::start(config.clone(), clock).await.unwrap();
        let came = round(&app).await.unwrap();
        assert_eq!((came.sent, came.delayed), (sent, delayed), "a wrong password is no mail's own failure");
        app.stop().await;
    }
    for mail in server.received() {
        assert_eq!((&mail["encrypted"], &mail["signed_in"]), (&json!(true), &json!(true)), "{mail}");
    }
    // A certificate that nobody vouches for: nothing is sent.
    config.mail_ca = std::path::PathBuf::new();
    let app = teiki::app::App::start(config, Clock::manual(stage.now + Duration::hours(3))).await.unwrap();
    enrol(&app, &stage.simulator, 1, "1111").await;
    subscribe(&app, 1, "months:1:31", day("2026-12-31"), 1_000).await;
    assert_eq!(round(&app).await.unwrap().delayed, 2);
    assert_eq!(server.received().len(), 2);
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    c5_a_crash_between_sending_and_recording_sends_the_same_mail_again,
    c5_two_engines_send_each_mail_once,
    k1_a_server_that_is_down_for_hours_gets_the_mails_when_it_is_back,
    k1_a_refused_mail_is_listed_at_once_and_holds_up_no_other,
    k1_an_erased_member_gets_nothing_and_nobody_reads_the_mail,
    k1_without_a_mail_server_mails_wait_and_become_stale,
    k1_a_server_with_starttls_and_a_password_is_spoken_to_encrypted,
);
