//! アカウント: who may use the console and what each may do. For managers; each change stands in the shop's history.

pub(crate) mod history;
mod own;

pub(crate) use own::{change_password, page as own_page};

use super::{Flash, Form, Frame, Language, Page, PageResult, Signed, render, written};
use crate::accounts;
use crate::app::App;
use crate::http::{Problem, nothing_there, unavailable};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_infrastructure::operators::{self, By, NewOperator, Operator, OperatorError, Role, Who};
use teiki_infrastructure::redacted::Redacted;

/// One account as the page shows it.
struct Row {
    operator_id: String,
    login: String,
    name: String,
    role_text: &'static str,
    created: String,
    disabled: bool,
    locked: bool,
    /// The account of whoever looks at the page.
    own: bool,
}

#[derive(askama::Template)]
#[template(path = "console/accounts/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    roles: Vec<(&'static str, &'static str)>,
    /// What was typed for a new account, and what is wrong with it.
    login: String,
    name: String,
    role: String,
    error: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/accounts/one.html")]
struct OnePage {
    frame: Frame,
    row: Row,
    /// What the account is while the page is drawn.
    seen_role: &'static str,
    roles: Vec<(&'static str, &'static str)>,
    name: String,
    role: String,
    error: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/accounts/password.html")]
struct PasswordPage {
    frame: Frame,
    login: String,
    name: String,
    password: Redacted<String>,
}

/// What a role is called.
fn role_text(role: Role, language: Language) -> &'static str {
    match role {
        Role::Manager => language.t("管理者(設定とアカウントも変更)", "manager (also settings and accounts)"),
        Role::Operator => language.t("担当者(受注と定期購入を操作)", "operator (orders and subscriptions)"),
        Role::Auditor => language.t("監査(閲覧のみ)", "auditor (reads only)"),
    }
}

fn roles(language: Language) -> Vec<(&'static str, &'static str)> {
    Role::ALL.into_iter().map(|role| (role.code(), role_text(role, language))).collect()
}

/// What is wrong with an account, in the page's language.
fn told(error: &OperatorError, language: Language) -> Result<String, Problem> {
    let japanese = match error {
        OperatorError::Login => "ログインIDは 3〜60 文字の半角英小文字・数字・ . _ - @ で入力してください",
        OperatorError::LoginTaken => "このログインIDは使われています。別のログインIDを入力してください",
        OperatorError::Name => "名前は 1〜60 文字で入力してください",
        OperatorError::Password => "パスワードは 10〜128 文字で、ログインIDと異なるものにしてください",
        OperatorError::Changed => {
            "画面を開いた後に、ほかの方がこのアカウントを変更しました。確認して、もう一度行ってください"
        }
        OperatorError::DoesNotExist => return Err(nothing_there("there is no such account".to_owned())),
        OperatorError::Hash(_) | OperatorError::Unreadable(_) | OperatorError::Store(_) => {
            return Err(unavailable(error));
        }
    };
    Ok(match language {
        Language::Japanese => japanese.to_owned(),
        Language::English => error.to_string(),
    })
}

fn row(app: &App, signed: &Signed, language: Language, account: Operator) -> Row {
    let now = app.clock.now();
    let until = account.locked_until.as_deref().and_then(|until| chrono::DateTime::parse_from_rfc3339(until).ok());
    Row {
        role_text: role_text(account.role, language),
        own: account.operator_id == signed.operator.operator_id,
        created: written::local_day(&account.created_at),
        disabled: account.disabled_at.is_some(),
        locked: until.is_some_and(|until| until > now),
        operator_id: account.operator_id,
        login: account.login,
        name: account.name,
    }
}

async fn all(app: &App, signed: &Signed) -> Result<Vec<Operator>, Problem> {
    operators::list(&app.storage, Some(signed.shop())).await.map_err(|error| unavailable(&error))
}

/// An account of the person's own shop.
async fn find(app: &App, signed: &Signed, id: Result<Path<String>, PathRejection>) -> Result<Operator, Problem> {
    let Ok(Path(id)) = id else { return Err(nothing_there("there is no such account".to_owned())) };
    let found = all(app, signed).await?.into_iter().find(|account| account.operator_id == id);
    found.ok_or_else(|| nothing_there("there is no such account".to_owned()))
}

/// Who changes an account by this form.
pub(super) fn by(app: &App, signed: &Signed, form: &Form) -> By {
    app.account_change(&form.because(app, signed, "an account at the console was changed"))
}

/// What was done stands in the history before it is told.
pub(super) async fn told_in_history(app: &App) -> Result<(), Page> {
    accounts::write_history(app).await.map_err(|error| unavailable(&error))?;
    app.settle().await?;
    Ok(())
}

/// `GET /accounts`.
pub(crate) async fn list(State(app): State<Arc<App>>, signed: Signed, frame: Frame) -> PageResult {
    let typed = (String::new(), String::new(), Role::Operator.code().to_owned());
    listed(&app, &signed, frame, typed, None).await
}

async fn listed(
    app: &App,
    signed: &Signed,
    frame: Frame,
    (login, name, role): (String, String, String),
    error: Option<String>,
) -> PageResult {
    let language = frame.language;
    let rows = all(app, signed).await?.into_iter().map(|account| row(app, signed, language, account)).collect();
    let wrong = error.is_some();
    let mut response = render(&ListPage { frame, rows, roles: roles(language), login, name, role, error });
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// `POST /accounts`: makes an account. Its password is made up and shown once.
pub(crate) async fn create(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    let (login, name, role) = (form.get("login").to_lowercase(), form.get("name"), form.get("role"));
    let typed = (login.clone(), name.to_owned(), role.to_owned());
    let Ok(role) = role.parse::<Role>() else {
        let text = frame.t("役割を選択してください", "choose a role").to_owned();
        return listed(&app, &signed, frame, typed, Some(text)).await;
    };
    let new = NewOperator { shop: signed.shop(), login: &login, name, role };
    let password = operators::new_password();
    match operators::create(&app.storage, &new, &password, &by(&app, &signed, &form)).await {
        Ok(account) => {
            told_in_history(&app).await?;
            Ok(render(&PasswordPage { frame, login: account.login, name: account.name, password }))
        }
        Err(error) => {
            let text = told(&error, frame.language)?;
            listed(&app, &signed, frame, typed, Some(text)).await
        }
    }
}

/// `GET /accounts/{id}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    let typed = (account.name.clone(), account.role.code().to_owned());
    Ok(shown(&app, &signed, frame, account, typed, None))
}

fn shown(
    app: &App,
    signed: &Signed,
    frame: Frame,
    account: Operator,
    (name, role): (String, String),
    error: Option<String>,
) -> axum::response::Response {
    let language = frame.language;
    let wrong = error.is_some();
    let seen_role = account.role.code();
    let row = row(app, signed, language, account);
    let mut response = render(&OnePage { frame, row, seen_role, roles: roles(language), name, role, error });
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// `POST /accounts/{id}`: name and role. One's own role stays: a shop is not left without a manager.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    let (name, role) = (form.get("name"), form.get("role"));
    let typed = (name.to_owned(), role.to_owned());
    let own = account.operator_id == signed.operator.operator_id;
    let new: Role = match role.parse() {
        _ if own => account.role,
        Ok(role) => role,
        Err(_) => {
            let text = frame.t("役割を選択してください", "choose a role").to_owned();
            return Ok(shown(&app, &signed, frame, account, typed, Some(text)));
        }
    };
    let seen_role = form.get("seen_role").parse().unwrap_or(account.role);
    let seen_name = Some(form.get("seen_name")).filter(|name| !name.is_empty()).unwrap_or(&account.name);
    let (seen, next) = (Who { name: seen_name, role: seen_role }, Who { name, role: new });
    match operators::change(&app.storage, &account.operator_id, seen, next, &by(&app, &signed, &form)).await {
        Ok(()) => {
            told_in_history(&app).await?;
            Ok(frame
                .leave("/accounts", &Flash::done(frame.t("アカウントを変更しました。", "The account was changed."))))
        }
        Err(error) => {
            let text = told(&error, frame.language)?;
            let mut response = shown(&app, &signed, frame, account, typed, Some(text));
            if let OperatorError::Changed = error {
                *response.status_mut() = StatusCode::CONFLICT;
            }
            Ok(response)
        }
    }
}

/// `POST /accounts/{id}/password`: another password, made up and shown once; the person is signed out everywhere.
pub(crate) async fn reset_password(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    refuse_own(&signed, &account)?;
    let password = operators::new_password();
    let set = operators::set_password(&app.storage, &account.operator_id, &password, &by(&app, &signed, &form)).await;
    set.map_err(|error| unavailable(&error))?;
    told_in_history(&app).await?;
    Ok(render(&PasswordPage { frame, login: account.login, name: account.name, password }))
}

/// `POST /accounts/{id}/disable`: opens nothing from now on; the person is signed out everywhere.
pub(crate) async fn disable(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    refuse_own(&signed, &account)?;
    let done = operators::disable(&app.storage, &account.operator_id, &by(&app, &signed, &form)).await;
    done.map_err(|error| unavailable(&error))?;
    told_in_history(&app).await?;
    Ok(frame.leave("/accounts", &Flash::done(frame.t("アカウントを停止しました。", "The account was disabled."))))
}

/// `POST /accounts/{id}/enable`: may be used again, no longer disabled or locked.
pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let account = find(&app, &signed, id).await?;
    let done = operators::enable(&app.storage, &account.operator_id, &by(&app, &signed, &form)).await;
    done.map_err(|error| unavailable(&error))?;
    told_in_history(&app).await?;
    let text = frame.t("アカウントを使用できるようにしました。", "The account may be used again.");
    Ok(frame.leave("/accounts", &Flash::done(text)))
}

/// Whoever disables the own account is locked out; the own password is changed on a page of its own.
fn refuse_own(signed: &Signed, account: &Operator) -> Result<(), Page> {
    if account.operator_id != signed.operator.operator_id {
        return Ok(());
    }
    let title = "This is your own account; ask another manager";
    Err(Problem::new(StatusCode::CONFLICT, "own_account", title).into())
}
