//! 設定の操作履歴 (O12): what every change of the settings made of what, field by field as the forms name them. Of secrets
//! only that they were changed.

use super::field::Kind;
use super::groups::Group;
use crate::app::App;
use crate::console::changes::{self, ChangeRow, Changed, Place};
use crate::console::{Frame, Language, PageResult, Signed};
use crate::history::Entry;
use crate::set_aside;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::sealed::Sealed;
use teiki_domain::shop_settings::{Details, ShopSettings, ShopSettingsEvent as Event};

/// Which page of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    before: Option<i64>,
    /// Only what changed something on this form.
    group: Option<String>,
}

/// `GET /settings/history`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    asked: Result<Query<Asked>, QueryRejection>,
) -> PageResult {
    let Query(Asked { before, group }) = asked?;
    let group = group.as_deref().and_then(Group::at);
    let told = changes::of(&app, "shop_settings", &signed.shop().to_string()).await?;
    let rows = rows(&told, frame.language, group);
    let settings = frame.t("設定", "Settings").to_owned();
    let place = match group {
        None => Place {
            title: settings.clone(),
            back: ("/settings".to_owned(), settings),
            address: "/settings/history".to_owned(),
        },
        Some(group) => Place {
            title: group.title(frame.language).to_owned(),
            back: (format!("/settings/{}", group.path()), group.title(frame.language).to_owned()),
            address: format!("/settings/history?group={}", group.path()),
        },
    };
    changes::page(frame, place, rows, before)
}

/// One row for each command that changed settings, oldest first.
fn rows(told: &[(Entry, RecordedEvent)], language: Language, only: Option<Group>) -> Vec<ChangeRow> {
    let mut rows = vec![];
    let mut state = ShopSettings::default();
    let same = |one: &(Entry, RecordedEvent), other: &(Entry, RecordedEvent)| changes::together(&one.0, &other.0);
    for command in told.chunk_by(same) {
        let before = state.clone();
        let mut words = vec![];
        for (_, event) in command {
            let RecordedEvent::ShopSettings(event) = event else { continue };
            state.apply(event);
            words.extend(said(event, language));
        }
        let Some((last, _)) = command.last() else { continue };
        let (titles, changed) = difference(before.details(), state.details(), language, only);
        if only.is_none() || !changed.is_empty() {
            words.extend(titles.iter().map(|title| (*title).to_owned()));
        }
        if only.is_some() && changed.is_empty() || words.is_empty() {
            continue;
        }
        let between = language.t("、", ", ");
        let what = if only.is_some() { titles.join(between) } else { words.join(between) };
        rows.push(ChangeRow::new(language, last, String::new(), what, changed));
    }
    rows
}

/// What is no change of a field, in words. Accounts have a history of their own.
fn said(event: &Event, language: Language) -> Option<String> {
    match event {
        Event::ShopOpened { shop_id, name } => {
            Some(format!("{}: {shop_id} {name}", language.t("店舗を開設", "The shop was opened")))
        }
        Event::ShopWorkReleased { work, subject } => {
            let released = language.t("保留を解除", "Work set aside was released");
            Some(format!("{released}: {} {subject}", set_aside::work(language, work)))
        }
        _ => None,
    }
}

/// The forms on which something changed, and from what to what.
fn difference(
    before: Option<&Details>,
    after: Option<&Details>,
    language: Language,
    only: Option<Group>,
) -> (Vec<&'static str>, Vec<Changed>) {
    let (Some(before), Some(after)) = (before, after) else { return (vec![], vec![]) };
    let (mut titles, mut all) = (vec![], vec![]);
    for group in Group::ALL.into_iter().filter(|group| only.is_none_or(|only| only == *group)) {
        let then = group.fields(after, language);
        let changed = group.fields(before, language).into_iter().filter_map(|old| {
            let new = then.iter().find(|new| new.name == old.name)?;
            match old.kind {
                Kind::Secret(_) => {
                    (secret(before, old.name) != secret(after, old.name)).then(|| Changed::hidden(old.label))
                }
                _ => Changed::of(old.label, &old.shown(&language), &new.shown(&language)),
            }
        });
        let mut changed: Vec<Changed> = changed.collect();
        if !changed.is_empty() {
            titles.push(group.title(language));
            all.append(&mut changed);
        }
    }
    (titles, all)
}

/// The secret of a field, as it is sealed.
fn secret<'s>(settings: &'s Details, field: &str) -> Option<&'s Sealed> {
    match field {
        "connect_password" => settings.connection.as_ref().map(|(_, _, password, _)| password),
        "token_key" => settings.connection.as_ref().map(|(.., key)| key),
        "hash_key" => settings.three_d_secure.hash_key.as_ref(),
        "notice_key" => settings.notice_key.as_ref(),
        _ => None,
    }
}
