//! アカウントの操作履歴 (O12), of all accounts of the shop or of one.

use super::{find, role_text};
use crate::app::App;
use crate::console::changes::{self, Before, ChangeRow, Changed, Place};
use crate::console::{Frame, Language, PageResult, Signed};
use crate::history::Entry;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::shop_settings::{AccountChange, ShopSettingsEvent};
use teiki_infrastructure::operators::Operator;

/// `GET /accounts/history`.
pub(crate) async fn of_all(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    asked: Result<Query<Before>, QueryRejection>,
) -> PageResult {
    let Query(Before { before }) = asked?;
    let known = super::all(&app, &signed).await?;
    let rows = rows(&app, &signed, frame.language, &known, None).await?;
    let name = frame.t("アカウント", "Accounts").to_owned();
    let place =
        Place { title: name.clone(), back: ("/accounts".to_owned(), name), address: "/accounts/history".to_owned() };
    changes::page(frame, place, rows, before)
}

/// `GET /accounts/{id}/history`.
pub(crate) async fn of_one(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    asked: Result<Query<Before>, QueryRejection>,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    let Query(Before { before }) = asked?;
    let known = std::slice::from_ref(&account);
    let rows = rows(&app, &signed, frame.language, known, Some(&account.operator_id)).await?;
    let path = format!("/accounts/{}", account.operator_id);
    let place =
        Place { title: account.login.clone(), back: (path.clone(), account.login), address: format!("{path}/history") };
    changes::page(frame, place, rows, before)
}

async fn rows(
    app: &App,
    signed: &Signed,
    language: Language,
    known: &[Operator],
    only: Option<&str>,
) -> Result<Vec<ChangeRow>, crate::console::Page> {
    let told = changes::of(app, "shop_settings", &signed.shop().to_string()).await?;
    Ok(of(&told, language, known, only))
}

/// One row for each change, oldest first. The log knows ids; who they are now is told from the accounts.
fn of(told: &[(Entry, RecordedEvent)], language: Language, known: &[Operator], only: Option<&str>) -> Vec<ChangeRow> {
    let mut roles: HashMap<&str, &str> = HashMap::new();
    let mut rows = vec![];
    for (entry, event) in told {
        let RecordedEvent::ShopSettings(ShopSettingsEvent::AccountChanged { operator_id, change }) = event else {
            continue;
        };
        let before = roles.get(operator_id.as_str()).copied();
        if let AccountChange::Created { role } | AccountChange::Changed { role } = change {
            roles.insert(operator_id, role);
        }
        if only.is_some_and(|only| only != operator_id) {
            continue;
        }
        let person = known.iter().find(|account| account.operator_id == *operator_id);
        let about = person.map_or_else(|| operator_id.clone(), |one| format!("{} ({})", one.login, one.name));
        let (what, changed) = said(language, change, before);
        rows.push(ChangeRow::new(language, entry, about, what.to_owned(), changed.into_iter().collect()));
    }
    rows
}

fn said(l: Language, change: &AccountChange, before: Option<&str>) -> (&'static str, Option<Changed>) {
    let named = |role: &str| role.parse().map_or_else(|_| role.to_owned(), |role| role_text(role, l).to_owned());
    let role = l.t("役割", "Role");
    let state = l.t("状態", "State");
    match change {
        AccountChange::Created { role: new } => {
            (l.t("アカウントを作成", "Account made"), Changed::of(role, l.t("なし", "none"), &named(new)))
        }
        AccountChange::Changed { role: new } if before == Some(new) => {
            (l.t("名前を変更", "Name changed"), Some(Changed::hidden(l.t("名前", "Name"))))
        }
        AccountChange::Changed { role: new } => {
            let old = before.map_or_else(|| l.t("不明", "unknown").to_owned(), named);
            (l.t("アカウントを変更", "Account changed"), Changed::of(role, &old, &named(new)))
        }
        AccountChange::PasswordChanged => {
            (l.t("パスワードを変更", "Password changed"), Some(Changed::hidden(l.t("パスワード", "Password"))))
        }
        AccountChange::Disabled => (
            l.t("アカウントを停止", "Account disabled"),
            Changed::of(state, l.t("使用中", "in use"), l.t("停止", "disabled")),
        ),
        AccountChange::Enabled => (
            l.t("アカウントの停止・ロックを解除", "Account enabled or unlocked"),
            Changed::of(state, l.t("停止・ロック", "disabled or locked"), l.t("使用中", "in use")),
        ),
    }
}
