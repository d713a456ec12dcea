//! 商品: what subscriptions may contain, and the button for the shop's own page (S2).

use super::{Flash, Form, Frame, Language, PageResult, Signed, next_address, render, written};
use crate::app::App;
use crate::cart_button;
use crate::command_gateway::{Because, CommandError};
use crate::http::query::cursor;
use crate::http::{Problem, nothing_there, product_problem, unavailable};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::ProductId;
use teiki_domain::money::{LARGEST_PAYMENT, Yen};
use teiki_domain::product::{Content, Product, ProductCommand as Command, ProductRefusal as Refusal, Status};
use teiki_projections::product_list::{self, ProductRow};

/// Rows of a page.
const LIMIT: u32 = 50;
/// Where a product may stand, in the words of the interface.
const STATUSES: [&str; 2] = ["on_sale", "withdrawn"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    status: Option<String>,
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/products/list.html")]
struct ListPage {
    frame: Frame,
    status: String,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    code: String,
    name: String,
    price: String,
    tax_percent: i64,
    on_sale: bool,
}

#[derive(askama::Template)]
#[template(path = "console/products/form.html")]
struct FormPage {
    frame: Frame,
    /// The product; none while it is a new one.
    code: Option<String>,
    version: usize,
    on_sale: bool,
    typed: Typed,
    errors: Errors,
    /// HTML of the button, while it is on sale.
    button: Option<String>,
    overtaken: bool,
}

/// What stands in the form.
#[derive(Default, Clone)]
struct Typed {
    code: String,
    name: String,
    unit_price: String,
    tax_percent: String,
}

/// What is wrong with it, beside each field.
#[derive(Default)]
struct Errors {
    code: Option<String>,
    name: Option<String>,
    unit_price: Option<String>,
    tax_percent: Option<String>,
}

impl Errors {
    fn any(&self) -> bool {
        [&self.code, &self.name, &self.unit_price, &self.tax_percent].into_iter().any(Option::is_some)
    }
}

/// `GET /products`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    filters: Result<Query<Filters>, QueryRejection>,
) -> PageResult {
    let Query(filters) = filters?;
    let status = filters.status.as_deref().filter(|status| STATUSES.contains(status)).unwrap_or("");
    let wanted = match status {
        "on_sale" => Some(Status::OnSale),
        "withdrawn" => Some(Status::Withdrawn),
        _ => None,
    };
    let after = cursor(filters.cursor.as_deref())?;
    let page = product_list::page(&app.storage, signed.shop(), wanted, after.as_ref(), LIMIT).await?;
    let next = page.next.map(|next| next_address("/products", &[("status", Some(status))], &next.to_string()));
    let rows = page.rows.into_iter().map(shown_row).collect();
    Ok(render(&ListPage { frame, status: status.to_owned(), rows, next }))
}

fn shown_row(row: ProductRow) -> Row {
    Row {
        price: Yen::new(row.unit_price).map_or_else(|_| row.unit_price.to_string(), |yen| yen.to_string()),
        on_sale: row.status == Status::OnSale.as_str(),
        code: row.code,
        name: row.name,
        tax_percent: row.tax_percent,
    }
}

/// `GET /new-product`.
pub(crate) async fn new(frame: Frame) -> PageResult {
    let typed = Typed { tax_percent: "8".to_owned(), ..Typed::default() };
    Ok(render(&FormPage {
        frame,
        code: None,
        version: 0,
        on_sale: false,
        typed,
        errors: Errors::default(),
        button: None,
        overtaken: false,
    }))
}

/// `GET /products/{code}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    code: Result<Path<String>, PathRejection>,
) -> PageResult {
    let id = product_id(&signed, code)?;
    shown(&app, frame, &id, None, Errors::default(), false).await
}

/// `POST /products`: puts a new product on sale.
pub(crate) async fn create(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    let typed = typed(&form);
    let (content, mut errors) = content(&typed, &frame);
    let id = format!("{}-{}", signed.shop(), typed.code).parse::<ProductId>();
    if id.is_err() {
        let text = frame.t(
            "1〜40 文字の半角英数字・ハイフン・下線で入力してください",
            "1 to 40 letters, digits, hyphens or underscores",
        );
        errors.code = Some(text.to_owned());
    }
    if let (Ok(id), Some(content)) = (id, content.filter(|_| !errors.any())) {
        let because = form.because(&app, &signed, "a manager registered the product");
        let command = Command::Register { product_id: id.clone(), content };
        match execute(&app, &id, &because, command).await? {
            Ok(()) => return done(&app, &frame, &id, "商品を登録しました。", "The product is on sale.").await,
            Err(refusal) => beside(&mut errors, &refusal, &frame),
        }
    }
    let mut response = render(&FormPage {
        frame,
        code: None,
        version: 0,
        on_sale: false,
        typed,
        errors,
        button: None,
        overtaken: false,
    });
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// `POST /products/{code}`: changes a product, or puts one on sale again.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    code: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let id = product_id(&signed, code)?;
    let typed = typed(&form);
    let (content, mut errors) = content(&typed, &frame);
    if let Some(content) = content.filter(|_| !errors.any()) {
        let loaded = app.gateway.load::<Product>(id.as_str()).await.map_err(|error| unavailable(&error))?;
        let on_sale = loaded.aggregate.details().is_some_and(|details| details.status == Status::OnSale);
        let because = form.because_of_version(&app, &signed, "a manager described the product");
        let command =
            if on_sale { Command::Change { content } } else { Command::Register { product_id: id.clone(), content } };
        let done_so = app.gateway.execute_on::<Product>(id.as_str(), loaded, &because, command).await;
        match done_so {
            Ok(_) => {
                let text = if on_sale {
                    "商品を変更しました。"
                } else {
                    "商品を再び販売中にしました。"
                };
                return done(&app, &frame, &id, text, "The product was changed.").await;
            }
            Err(CommandError::Changed { .. }) => {
                return shown(&app, frame, &id, Some(typed), errors, true).await;
            }
            Err(CommandError::Refused(refusal)) => beside(&mut errors, &refusal, &frame),
            Err(error) => return Err(product_problem(error).into()),
        }
    }
    shown(&app, frame, &id, Some(typed), errors, false).await
}

/// `POST /products/{code}/withdraw`: takes a product off sale; subscriptions that contain it go on.
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    code: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let id = product_id(&signed, code)?;
    let because = form.because(&app, &signed, "a manager withdrew the product");
    if let Err(refusal) = execute(&app, &id, &because, Command::Withdraw).await? {
        return Err(product_problem(CommandError::Refused(refusal)).into());
    }
    done(&app, &frame, &id, "販売を終了しました。継続中の定期購入は続きます。", "The product was withdrawn.").await
}

async fn execute(
    app: &App,
    id: &ProductId,
    because: &Because,
    command: Command,
) -> Result<Result<(), Refusal>, Problem> {
    match app.gateway.execute::<Product>(id.as_str(), because, command).await {
        Ok(_) => Ok(Ok(())),
        Err(CommandError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(product_problem(error)),
    }
}

async fn done(app: &App, frame: &Frame, id: &ProductId, japanese: &str, english: &str) -> PageResult {
    app.settle().await?;
    Ok(frame.leave(&format!("/products/{}", id.code()), &Flash::done(frame.t(japanese, english))))
}

/// The form of a product there is, with what was typed in the place of what is in force.
async fn shown(
    app: &App,
    frame: Frame,
    id: &ProductId,
    typed: Option<Typed>,
    errors: Errors,
    overtaken: bool,
) -> PageResult {
    let loaded = app.gateway.load::<Product>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let Some(details) = loaded.aggregate.details() else { return Err(nothing_there(format!("product {id}")).into()) };
    let on_sale = details.status == Status::OnSale;
    let settings = app.shops.get(id.shop()).await.map_err(Problem::from)?.settings;
    let button = on_sale.then(|| cart_button::html(&app.config.public_url(), id, &settings.delivery_cycles));
    let status = match (overtaken, errors.any()) {
        (true, _) => StatusCode::CONFLICT,
        (_, true) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let in_force = Typed {
        code: id.code().to_owned(),
        name: details.name.clone(),
        unit_price: details.unit_price.get().to_string(),
        tax_percent: details.tax_percent.to_string(),
    };
    let mut response = render(&FormPage {
        frame,
        code: Some(id.code().to_owned()),
        version: loaded.sequence,
        on_sale,
        typed: typed.unwrap_or(in_force),
        errors,
        button,
        overtaken,
    });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

pub(super) fn product_id(signed: &Signed, code: Result<Path<String>, PathRejection>) -> Result<ProductId, Problem> {
    let Ok(Path(code)) = code else { return Err(nothing_there("there is no such product".to_owned())) };
    format!("{}-{code}", signed.shop()).parse().map_err(|_| nothing_there("there is no such product".to_owned()))
}

fn typed(form: &Form) -> Typed {
    let field = |name: &str| form.get(name).to_owned();
    Typed {
        code: field("code"),
        name: field("name"),
        unit_price: field("unit_price"),
        tax_percent: field("tax_percent"),
    }
}

/// What was typed as the content of a product, or what is wrong beside each field.
fn content(typed: &Typed, frame: &Frame) -> (Option<Content>, Errors) {
    let mut errors = Errors::default();
    let unit_price = written::yen(&typed.unit_price);
    if unit_price.is_none() {
        let text = frame.t("税込の価格を円で入力してください", "enter the price in yen, tax included");
        errors.unit_price = Some(text.to_owned());
    }
    let tax_percent = typed.tax_percent.parse().ok();
    if tax_percent.is_none() {
        errors.tax_percent = Some(frame.t("税率を選択してください", "choose a tax rate").to_owned());
    }
    let content = unit_price.zip(tax_percent);
    (content.map(|(unit_price, tax_percent)| Content { name: typed.name.clone(), unit_price, tax_percent }), errors)
}

/// Puts a refusal beside the field it is about.
fn beside(errors: &mut Errors, refusal: &Refusal, frame: &Frame) {
    let japanese = match refusal {
        Refusal::DoesNotExist => "この商品は登録されていません".to_owned(),
        Refusal::CodeTaken => {
            "この商品コードは販売中の商品に使われています。別の商品コードを入力してください".to_owned()
        }
        Refusal::Withdrawn => "この商品は販売を終了しています".to_owned(),
        Refusal::Name => "商品名は 1〜200 文字で入力してください".to_owned(),
        Refusal::Price(_) => format!("価格は {LARGEST_PAYMENT} 以下で入力してください"),
        Refusal::Tax(_) => "税率は 0、8、10 のいずれかを選択してください".to_owned(),
    };
    let text = if frame.language == Language::English { refusal.to_string() } else { japanese };
    let place = match refusal {
        Refusal::DoesNotExist | Refusal::CodeTaken | Refusal::Withdrawn => &mut errors.code,
        Refusal::Name => &mut errors.name,
        Refusal::Price(_) => &mut errors.unit_price,
        Refusal::Tax(_) => &mut errors.tax_percent,
    };
    *place = Some(text);
}
