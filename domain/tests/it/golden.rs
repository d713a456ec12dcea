//! The stored form of every event, one file for each event and version: what was written stays readable for ever.
//!
//! A file that no longer fits means that existing logs hold another form than this program writes. Either the change
//! is a mistake, or the event gets a new version and with it a new file; the old file stays and is still read.
//! `UPDATE_GOLDEN=1 cargo test -p teiki-domain` writes the files of the versions in force.

use crate::samples;
use cqrs_es::DomainEvent;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};
use teiki_domain::mail::MailEvent;
use teiki_domain::member::MemberEvent;
use teiki_domain::order::OrderEvent;
use teiki_domain::product::ProductEvent;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::shop_settings::ShopSettingsEvent;
use teiki_domain::subscription::SubscriptionEvent;
use teiki_domain::webhook::WebhookEvent;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names of the files or folders inside `folder`.
fn names_in(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Every event of the file `text`, decoded as the log reader does it.
fn decoded(aggregate: &str, text: &str) -> Vec<RecordedEvent> {
    let samples: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    samples.iter().map(|sample| RecordedEvent::decode(aggregate, &sample.to_string()).unwrap()).collect()
}

fn check<E: DomainEvent + Serialize>(aggregate: &str, types: &[&str], all: Vec<E>, wrap: fn(E) -> RecordedEvent) {
    let folder = root().join(aggregate);
    for name in types {
        let samples: Vec<E> = all.iter().filter(|event| event.event_type() == *name).cloned().collect();
        assert!(!samples.is_empty(), "{aggregate} event {name} has no sample");
        let file = folder.join(format!("{name}.{}.json", samples[0].event_version()));
        let written = serde_json::to_string_pretty(&samples).unwrap() + "\n";
        if env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &written).unwrap();
        }
        let golden = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(written, golden, "{} is what is written now", file.display());
        assert_eq!(
            decoded(aggregate, &golden),
            samples.into_iter().map(wrap).collect::<Vec<_>>(),
            "{name} is read back"
        );
    }
    // Files of earlier versions too: nothing lies here that no event stands for, and everything is still read.
    for file in names_in(&folder) {
        let name = file.split_once('.').map(|(name, _)| name).unwrap_or_default();
        assert!(file.ends_with(".json") && types.contains(&name), "{aggregate}/{file} belongs to no event");
        for event in decoded(aggregate, &fs::read_to_string(folder.join(&file)).unwrap()) {
            assert_eq!(event.name(), name, "{aggregate}/{file}");
        }
    }
}

#[test]
fn every_subscription_event_is_written_and_read_as_its_golden_file() {
    check("subscription", SubscriptionEvent::TYPES, samples::subscription(), RecordedEvent::Subscription);
}

#[test]
fn every_order_event_is_written_and_read_as_its_golden_file() {
    check("order", OrderEvent::TYPES, samples::order(), RecordedEvent::Order);
}

#[test]
fn every_member_event_is_written_and_read_as_its_golden_file() {
    check("member", MemberEvent::TYPES, samples::member(), RecordedEvent::Member);
}

#[test]
fn every_shop_settings_event_is_written_and_read_as_its_golden_file() {
    check("webhook", WebhookEvent::TYPES, samples::webhook(), RecordedEvent::Webhook);
    check("product", ProductEvent::TYPES, samples::product(), RecordedEvent::Product);
    check("shop_settings", ShopSettingsEvent::TYPES, samples::shop_settings(), RecordedEvent::ShopSettings);
}

#[test]
fn every_mail_event_is_written_and_read_as_its_golden_file() {
    check("mail", MailEvent::TYPES, samples::mail(), RecordedEvent::Mail);
}

#[test]
fn no_golden_folder_is_without_an_aggregate() {
    for folder in names_in(&root()) {
        let known = ["mail", "member", "order", "product", "shop_settings", "subscription", "webhook"];
        assert!(known.contains(&folder.as_str()), "{folder}");
    }
}
