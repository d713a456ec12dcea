//! 自分のアカウント: changing one's own password.

use super::super::{Flash, Form, Frame, PageResult, Signed, render};
use super::{by, told_in_history};
use crate::app::App;
use crate::http::unavailable;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_infrastructure::operators::{self, Confirmed};
use teiki_infrastructure::redacted::Redacted;

#[derive(askama::Template)]
#[template(path = "console/accounts/own.html")]
struct OwnPage {
    frame: Frame,
    login: String,
    /// What is wrong with the password in force, and with the new one.
    present: Option<String>,
    new: Option<String>,
}

/// `GET /account`.
pub(crate) async fn page(signed: Signed, frame: Frame) -> PageResult {
    Ok(render(&OwnPage { frame, login: signed.operator.login, present: None, new: None }))
}

/// `POST /account`: another password for oneself; one is signed out everywhere and signs in with it.
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    form: Form,
) -> PageResult {
    let [present, new, again] = ["present", "new", "again"].map(|field| Redacted::new(form.raw(field).to_owned()));
    let id = &signed.operator.operator_id;
    let confirmed = operators::confirm(&app.storage, id, &present, app.clock.now()).await;
    let wrong_present = match confirmed.map_err(|error| unavailable(&error))? {
        Confirmed::Right => None,
        Confirmed::Wrong => Some(frame.t("現在のパスワードと一致しません", "this is not your password").to_owned()),
        Confirmed::Locked => {
            let text = frame.t(
                "続けて間違えたためロックされています。15分後にもう一度入力してください",
                "it was wrong too often and is locked; enter it again in 15 minutes",
            );
            Some(text.to_owned())
        }
    };
    let mut wrong_new = (new.expose() != again.expose())
        .then(|| frame.t("新しいパスワードが一致しません", "the two are not the same").to_owned());
    if wrong_present.is_none() && wrong_new.is_none() {
        match operators::set_password(&app.storage, id, &new, &by(&app, &signed, &form)).await {
            Ok(()) => {
                told_in_history(&app).await?;
                let text = frame.t(
                    "パスワードを変更しました。新しいパスワードでログインしてください。",
                    "Your password was changed; sign in with it.",
                );
                return Ok(frame.leave("/sign-in", &Flash::done(text)));
            }
            Err(error) => wrong_new = Some(super::told(&error, frame.language)?),
        }
    }
    let login = signed.operator.login;
    let mut response = render(&OwnPage { frame, login, present: wrong_present, new: wrong_new });
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
