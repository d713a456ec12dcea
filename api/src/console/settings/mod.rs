//! 設定: the readiness checklist and one form for each group of settings (S1-S18).
//!
//! A form shows what is in force, tells what is wrong beside each field with what was typed kept, and says which orders a
//! change touches and which it leaves alone (S4) before it is made. Secrets are written only: what they are never
//! stands in a page.

mod effects;
pub(crate) mod field;
pub(crate) mod groups;
pub(crate) mod history;
mod reader;
mod readiness;
mod refusals;

use super::{Flash, Form, Frame, Page, PageResult, Signed, render};
use crate::app::App;
use crate::command_gateway::CommandError;
use crate::http::{Problem, nothing_there, unavailable};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use effects::{Change, Effect};
use field::{Field, Kind};
use groups::Group;
use reader::Reader;
use readiness::Item;
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::shop_settings::{Details, ShopSettings, ShopSettingsCommand as Command, readiness as missing_of};
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::product_list;

#[derive(askama::Template)]
#[template(path = "console/settings/overview.html")]
struct Overview {
    frame: Frame,
    ready: bool,
    items: Vec<Item>,
    groups: Vec<(String, &'static str, &'static str)>,
}

#[derive(askama::Template)]
#[template(path = "console/settings/form.html")]
struct FormPage {
    frame: Frame,
    group: Group,
    title: &'static str,
    about: &'static str,
    version: usize,
    fields: Vec<Field>,
    effects: Vec<Effect>,
    /// Whether something was refused.
    wrong: bool,
    /// Whether somebody else changed the settings meanwhile.
    overtaken: bool,
}

#[derive(askama::Template)]
#[template(path = "console/settings/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    group: Group,
    title: &'static str,
    version: usize,
    /// What changes: label, what is in force, what it becomes.
    changes: Vec<(&'static str, String, String)>,
    carried: Vec<(&'static str, String)>,
    effects: Vec<Effect>,
}

/// `GET /settings`.
pub(crate) async fn overview(State(app): State<Arc<App>>, signed: Signed, frame: Frame) -> PageResult {
    let (_, details) = load(&app, &signed).await?;
    let on_sale = product_list::any_on_sale(&app.storage, signed.shop()).await?;
    let missing = missing_of(&details, on_sale);
    let language = frame.language;
    let group = |group: Group| (format!("/settings/{}", group.path()), group.title(language), group.about(language));
    Ok(render(&Overview {
        ready: missing.is_empty(),
        items: readiness::items(&missing, language),
        groups: Group::ALL.into_iter().map(group).collect(),
        frame,
    }))
}

/// `GET /settings/{group}`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    group: Result<Path<String>, PathRejection>,
) -> PageResult {
    let group = named(group)?;
    let (loaded, details) = load(&app, &signed).await?;
    let fields = group.fields(&details, frame.language);
    shown(&app, frame, group, loaded.sequence, fields, &details, false).await
}

/// `POST /settings/{group}`: shows what a change does, or makes it.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    group: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let group = named(group)?;
    let (loaded, details) = load(&app, &signed).await?;
    let language = frame.language;
    let mut fields: Vec<_> = group.fields(&details, language).into_iter().map(|field| field.typed(&form)).collect();
    if form.ticked("edit") {
        let version = form.version().unwrap_or(loaded.sequence);
        return shown(&app, frame, group, version, fields, &details, false).await;
    }
    let mut read = Reader { app: &app, shop: signed.shop(), form: &form, language, errors: vec![] };
    let commands = group.commands(&mut read, &details);
    let mut errors = read.errors;
    let mut after = loaded.aggregate.clone();
    for (field, command) in &commands {
        match after.decide(command.clone()) {
            Ok(events) => events.iter().for_each(|event| after.apply(event)),
            Err(refusal) => errors.push(refusals::told(&refusal, field, language)),
        }
    }
    if group == Group::Connection && errors.is_empty() {
        errors.extend(check_merchant(&app, &signed, &form, &details, &frame).await?);
    }
    if !errors.is_empty() {
        put_beside(&mut fields, errors);
        return refused(shown(&app, frame, group, loaded.sequence, fields, &details, false).await?);
    }
    let confirmed = !group.confirms() || form.ticked("confirmed");
    if !confirmed {
        if form.version() != Some(loaded.sequence) {
            return overtaken(&app, frame, group, &loaded, fields, &details).await;
        }
        let Some(after) = after.details().filter(|after| **after != details) else {
            let text = frame.t("変更はありません。", "Nothing was changed.");
            return Ok(frame.leave(&format!("/settings/{}", group.path()), &Flash::notice(text)));
        };
        return confirm(&app, frame, group, loaded.sequence, &fields, &details, after).await;
    }
    let because = form.because_of_version(&app, &signed, "a manager changed the shop's settings");
    let command = Command::All(commands.into_iter().map(|(_, command)| command).collect());
    let done = app.gateway.execute::<ShopSettings>(&signed.shop().to_string(), &because, command).await;
    app.shops.forget(signed.shop());
    match done {
        Ok(_) => {}
        Err(CommandError::Changed { .. }) => {
            let (loaded, details) = load(&app, &signed).await?;
            return overtaken(&app, frame, group, &loaded, fields, &details).await;
        }
        Err(error) => return Err(crate::http::settings_problem(error).into()),
    }
    app.settle().await?;
    let text = match language {
        super::Language::Japanese => format!("「{}」を変更しました。", group.title(language)),
        super::Language::English => format!("{}: changed.", group.title(language)),
    };
    Ok(frame.leave(&format!("/settings/{}", group.path()), &Flash::done(text)))
}

fn named(group: Result<Path<String>, PathRejection>) -> Result<Group, Page> {
    let Path(path) = group?;
    Ok(Group::at(&path).ok_or_else(|| nothing_there("there are no such settings".to_owned()))?)
}

/// The settings of the person's shop.
async fn load(app: &App, signed: &Signed) -> Result<(Loaded<ShopSettings>, Details), Problem> {
    let id = signed.shop().to_string();
    let loaded = app.gateway.load::<ShopSettings>(&id).await.map_err(|error| unavailable(&error))?;
    let Some(details) = loaded.aggregate.details().cloned() else {
        return Err(nothing_there(format!("shop {id} was never opened")));
    };
    Ok((loaded, details))
}

async fn shown(
    app: &App,
    frame: Frame,
    group: Group,
    version: usize,
    fields: Vec<Field>,
    details: &Details,
    overtaken: bool,
) -> PageResult {
    let effects = Change { app, after: details, language: frame.language }.effects(group).await?;
    let (title, about) = (group.title(frame.language), group.about(frame.language));
    let wrong = fields.iter().any(|field| field.error.is_some());
    Ok(render(&FormPage { frame, group, title, about, version, fields, effects, wrong, overtaken }))
}

async fn confirm(
    app: &App,
    frame: Frame,
    group: Group,
    version: usize,
    typed: &[Field],
    before: &Details,
    after: &Details,
) -> PageResult {
    let language = frame.language;
    let now = group.fields(before, language);
    let then = group.fields(after, language);
    let changes = now.iter().filter_map(|field| {
        let new = then.iter().find(|new| new.name == field.name)?;
        let (old, new) = (field.shown(&language), new.shown(&language));
        (old != new).then_some((field.label, old, new))
    });
    Ok(render(&ConfirmPage {
        changes: changes.collect(),
        carried: typed.iter().flat_map(Field::carried).collect(),
        effects: Change { app, after, language }.effects(group).await?,
        title: group.title(language),
        frame,
        group,
        version,
    }))
}

/// The form once more, since somebody else changed the settings meanwhile: what was typed is kept, and what is in force
/// now stands beside each field that differs.
async fn overtaken(
    app: &App,
    frame: Frame,
    group: Group,
    loaded: &Loaded<ShopSettings>,
    mut fields: Vec<Field>,
    details: &Details,
) -> PageResult {
    let language = frame.language;
    for now in group.fields(details, language) {
        if let Some(field) = fields.iter_mut().find(|field| field.name == now.name)
            && field.shown(&language) != now.shown(&language)
        {
            field.now = Some(now.shown(&language));
        }
    }
    let mut response = shown(app, frame, group, loaded.sequence, fields, details, true).await?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

fn refused(mut response: axum::response::Response) -> PageResult {
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Puts each sentence beside its field; what belongs to none of the form's fields, beside the first.
fn put_beside(fields: &mut [Field], errors: Vec<(String, String)>) {
    for (name, sentence) in errors {
        let place = fields.iter().position(|field| field.name == name).unwrap_or(0);
        if let Some(field) = fields.get_mut(place)
            && field.error.is_none()
        {
            field.error = Some(sentence);
        }
    }
}

/// Refuses a merchant that another shop of this store is, unless its password was typed.
async fn check_merchant(
    app: &App,
    signed: &Signed,
    form: &Form,
    details: &Details,
    frame: &Frame,
) -> Result<Option<(String, String)>, Problem> {
    let merchant = form.get("merchant_id");
    if details.connection.as_ref().is_some_and(|(known, ..)| known == merchant) {
        return Ok(None);
    }
    let password = Redacted::new(form.raw("connect_password").to_owned());
    if crate::http::shop_settings::may_be(app, signed.shop(), merchant, &password).await? {
        return Ok(None);
    }
    let text =
        frame.t("このマーチャントの接続IDパスワードと一致しません", "it is not the connect password of this merchant");
    Ok(Some(("connect_password".to_owned(), text.to_owned())))
}
