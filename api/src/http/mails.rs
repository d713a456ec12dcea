//! Mails (K1-K5, O15): what was sent and what was not, sending again, and those that people ask for.

use super::caller::Caller;
use super::problem::{Problem, not_found, unavailable};
use super::query::{NoParams, Params, cursor, limit, optional};
use super::request::field;
use crate::app::App;
use crate::mails::card_expiry::{self, Form, To};
use crate::mails::order_mails::{self, OrderMail, Parcel};
use crate::mails::{self, Letter, MailError};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::{MailId, OrderId, SubscriptionId};
use teiki_domain::mail::{MailKind, Status};
use teiki_infrastructure::api_keys::Scope;
use teiki_projections::mail_list::{self, MailFilter, MailRow};
use utoipa::{IntoParams, ToSchema};

/// Most subscriptions of one request.
const SUBSCRIPTIONS_MAX: usize = 500;
/// Longest name of a carrier and longest slip number, in characters.
const PARCEL_MAX: usize = 60;

type Id = Result<Path<String>, PathRejection>;

/// A mail as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Mail)]
pub(crate) struct MailView {
    mail_id: String,
    #[schema(schema_with = super::schema::mail_kind)]
    kind: String,
    /// `member` or `shop`.
    recipient: String,
    member_id: Option<String>,
    subscription_id: Option<String>,
    order_id: Option<String>,
    #[schema(schema_with = super::schema::mail_status)]
    status: String,
    /// Tries so far.
    attempts: i64,
    /// Why the last try failed.
    reason: Option<String>,
    /// While it waits: not tried before, RFC 3339.
    next_try_at: Option<String>,
    /// RFC 3339.
    requested_at: String,
    /// When the mail server took it, RFC 3339.
    sent_at: Option<String>,
    /// Position in the log of the last event that changed it.
    position: i64,
    /// Only of a single mail and for keys with the scope `personal_data`; null where the member was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Option<String>>,
    /// As the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Option<String>>,
}

impl From<MailRow> for MailView {
    fn from(row: MailRow) -> Self {
        Self {
            mail_id: row.mail_id,
            kind: row.kind,
            recipient: row.recipient,
            member_id: row.member_id,
            subscription_id: row.subscription_id,
            order_id: row.order_id,
            status: row.status,
            attempts: row.attempts,
            reason: row.reason,
            next_try_at: row.due_at,
            requested_at: row.requested_at,
            sent_at: row.sent_at,
            position: row.updated_position,
            subject: None,
            body: None,
        }
    }
}

/// Which mails, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// In this state.
    #[param(schema_with = super::schema::mail_status)]
    status: Option<Status>,
    /// For this.
    #[param(schema_with = super::schema::mail_kind)]
    kind: Option<MailKind>,
    /// About this order.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}$")]
    order: Option<String>,
    /// About this subscription.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$")]
    subscription: Option<String>,
    /// About this member.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$")]
    member: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of mails.
#[derive(Serialize, ToSchema)]
pub(super) struct Mails {
    mails: Vec<MailView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/mails`: mails, newest first, a page at a time.
#[utoipa::path(get, path = "/v1/mails", operation_id = "list_mails", tag = "mails", params(Filters),
    responses((status = 200, body = Mails)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filters): Params<Filters>,
) -> Result<Json<Mails>, Problem> {
    let filter = MailFilter {
        shop: Some(caller.shop_asked_for(filters.shop.as_deref())?),
        status: filters.status,
        kind: filters.kind,
        order: optional("order", filters.order.as_deref())?,
        subscription: optional("subscription", filters.subscription.as_deref())?,
        member: optional("member", filters.member.as_deref())?,
    };
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let page = mail_list::list(&app.storage, &filter, after.as_ref(), limit).await?;
    let mails = page.rows.into_iter().map(MailView::from).collect();
    Ok(Json(Mails { mails, next_cursor: page.next.map(|next| next.to_string()) }))
}

/// `GET /v1/mails/{id}`: one mail; what it says only for keys with the scope `personal_data`.
#[utoipa::path(get, path = "/v1/mails/{id}", operation_id = "get_mail", tag = "mails",
    params(super::schema::MailPath), responses((status = 200, body = MailView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<MailView>, Problem> {
    let id = mail_id(id)?;
    let mut view = read(&app, &id).await?;
    if caller.has(Scope::PersonalData) {
        let letter = mails::read(&app, &id).await?.and_then(|(_, letter)| letter);
        view.subject = Some(letter.as_ref().map(|letter| letter.subject.clone()));
        view.body = Some(letter.map(|letter| letter.body));
    }
    Ok(Json(view))
}

/// `POST /v1/mails/{id}/release`: tries a mail again that was given up, or at once one that waits for its next try.
#[utoipa::path(post, path = "/v1/mails/{id}/release", operation_id = "release_mail", tag = "mails",
    params(super::schema::MailPath), responses((status = 200, body = MailView)))]
pub(super) async fn release(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Result<Json<MailView>, Problem> {
    let id = mail_id(id)?;
    mails::release(&app, &id, &caller.because(&app, "the mail was released")).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok(Json(read(&app, &id).await?))
}

/// A mail about an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrderMail)]
pub(super) struct NewOrderMail {
    mail: OrderMail,
    /// The shop's usual one if left out.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
    subject: Option<String>,
    /// The usual text if left out, with the order as it stands. A free mail needs one.
    #[schema(min_length = 1, max_length = 20_000)]
    body: Option<String>,
    /// Of a delivery notice.
    #[schema(max_length = 60)]
    carrier: Option<String>,
    /// Of a delivery notice.
    #[schema(max_length = 60)]
    slip_number: Option<String>,
}

/// `POST /v1/orders/{id}/mails`: sends an order confirmation, a delivery notice or a free mail to the buyer (O15).
/// Completed orders get none (O11).
#[utoipa::path(post, path = "/v1/orders/{id}/mails", operation_id = "mail_about_order", tag = "mails",
    params(super::schema::OrderPath), request_body = NewOrderMail,
    responses((status = 201, body = MailView, description = "On record, and sent as soon as the mail server takes it.")))]
pub(super) async fn about_order(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<NewOrderMail>, JsonRejection>,
) -> Result<(StatusCode, Json<MailView>), Problem> {
    let Json(NewOrderMail { mail, subject, body, carrier, slip_number }) = body?;
    let Path(id) = id?;
    let order: OrderId = field("id", id.parse())?;
    if mail == OrderMail::Free && body.is_none() {
        return Err(Problem::validation("body", "a free mail needs a text"));
    }
    let parcel = Parcel { carrier: short("carrier", carrier)?, slip_number: short("slip_number", slip_number)? };
    let draft = order_mails::draft(&app, &order, mail, &parcel).await?;
    let letter = written(draft, subject, body)?;
    let because = caller.because(&app, "a mail was written");
    let mail_id = order_mails::request(&app, &order, mail, letter, &because).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok((StatusCode::CREATED, Json(read(&app, &mail_id).await?)))
}

/// Mails about the end of cards.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardExpiryMails {
    form: Form,
    /// Only these, whichever form; if left out, every subscription whose card stands as the form says.
    #[schema(schema_with = subscription_ids)]
    subscription_ids: Option<Vec<String>>,
    /// Common to all; the usual one if left out. `［購入者名］` and the like become each buyer's own.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
    subject: Option<String>,
    /// As the subject.
    #[schema(min_length = 1, max_length = 20_000)]
    body: Option<String>,
}

fn subscription_ids() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type};
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{5}-[A-Za-z0-9_]{1,19}$"))
        .examples(["02396-D0001"]);
    ArrayBuilder::new().items(id).min_items(Some(1)).max_items(Some(SUBSCRIPTIONS_MAX)).unique_items(true).into()
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct CardExpiryMailsAnswer {
    /// The mails: one for each member.
    mail_ids: Vec<String>,
    /// Subscriptions asked for that get none: not running by card, or the card is good for long.
    not_affected: Vec<String>,
}

/// `POST /v1/card-expiry-mails`: writes to all buyers whose card is close to its end or past it, or to some (K3, K4, K6).
#[utoipa::path(post, path = "/v1/card-expiry-mails", operation_id = "send_card_expiry_mails", tag = "mails",
    request_body = CardExpiryMails, responses((status = 200, body = CardExpiryMailsAnswer)))]
pub(super) async fn card_expiry_mails(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<CardExpiryMails>, JsonRejection>,
) -> Result<Json<CardExpiryMailsAnswer>, Problem> {
    let Json(CardExpiryMails { form, subscription_ids, subject, body }) = body?;
    let to = match subscription_ids {
        None => To::All,
        Some(ids) if ids.len() > SUBSCRIPTIONS_MAX => {
            let rule = format!("at most {SUBSCRIPTIONS_MAX} at once");
            return Err(Problem::validation("subscription_ids", rule));
        }
        Some(ids) => {
            let parse = |(i, id): (usize, &String)| {
                let id: SubscriptionId = field(&format!("subscription_ids[{i}]"), id.parse())?;
                caller.owns(id.shop()).map(|()| id)
            };
            To::Selected(ids.iter().enumerate().map(parse).collect::<Result<_, Problem>>()?)
        }
    };
    let text = written(card_expiry::default(form), subject, body)?;
    let because = caller.because(&app, "a mail was written");
    let requested = card_expiry::request(&app, caller.shop, &to, form, &text, &because).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok(Json(CardExpiryMailsAnswer {
        mail_ids: requested.mails.iter().map(ToString::to_string).collect(),
        not_affected: requested.not_affected.iter().map(ToString::to_string).collect(),
    }))
}

/// The usual text with what somebody wrote in its place.
fn written(usual: Letter, subject: Option<String>, body: Option<String>) -> Result<Letter, Problem> {
    let subject = subject.unwrap_or(usual.subject);
    let body = body.unwrap_or(usual.body);
    Letter::written(&subject, &body).map_err(|error| MailError::from(error).into())
}

fn short(name: &str, text: Option<String>) -> Result<String, Problem> {
    let text = text.unwrap_or_default();
    if text.chars().count() > PARCEL_MAX || text.chars().any(char::is_control) {
        let rule = format!("at most {PARCEL_MAX} characters without control characters");
        return Err(Problem::validation(name, rule));
    }
    Ok(text.trim().to_owned())
}

fn mail_id(id: Id) -> Result<MailId, Problem> {
    let Path(id) = id?;
    super::query::parse("id", &id)
}

async fn read(app: &App, id: &MailId) -> Result<MailView, Problem> {
    match mail_list::get(&app.storage, id).await? {
        Some(row) => Ok(row.into()),
        None => Err(not_found(format!("mail {id}"))),
    }
}
