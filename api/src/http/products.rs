//! Products that subscriptions may contain (S2).

use super::caller::Caller;
use super::problem::{Problem, product, unavailable};
use super::query::{NoParams, Params, cursor, limit, parse};
use super::request::field;
use crate::app::App;
use crate::cart_button;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::ids::ProductId;
use teiki_domain::money::Yen;
use teiki_domain::product::{Content, Product, ProductCommand as Command, Status};
use teiki_projections::product_list::{self, ProductRow};
use utoipa::{IntoParams, ToSchema};

type Id = Result<Path<String>, PathRejection>;

/// A product as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
pub(super) struct ProductView {
    /// Shop and code.
    #[schema(example = "02396-C-1")]
    product_id: String,
    /// The shop's own code.
    #[schema(example = "C-1")]
    code: String,
    name: String,
    /// Price of one piece in yen, tax included.
    unit_price: i64,
    /// Consumption tax contained in the price, in percent.
    tax_percent: i64,
    #[schema(schema_with = super::schema::product_status)]
    status: String,
    /// When it was registered last, RFC 3339.
    registered_at: String,
    /// When it was withdrawn, RFC 3339.
    withdrawn_at: Option<String>,
    /// Position in the log of the last event that changed it.
    position: i64,
    /// S2: the HTML of its button 「定期購入カゴに入れる」, for the shop's own page; null once it was withdrawn.
    cart_button: Option<String>,
}

impl ProductView {
    fn new(row: ProductRow, public_url: &str, cycles: &[DeliveryCycle]) -> Result<Self, Problem> {
        let on_sale = row.status == Status::OnSale.as_str();
        let id = row.product_id.parse::<ProductId>().map_err(|error| unavailable(&error))?;
        Ok(Self {
            cart_button: on_sale.then(|| cart_button::html(public_url, &id, cycles)),
            product_id: row.product_id,
            code: row.code,
            name: row.name,
            unit_price: row.unit_price,
            tax_percent: row.tax_percent,
            status: row.status,
            registered_at: row.registered_at,
            withdrawn_at: row.withdrawn_at,
            position: row.updated_position,
        })
    }
}

/// What a product shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct)]
pub(super) struct Described {
    /// Name as the buyer reads it.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "クッキーの定期便")]
    name: String,
    /// Price of one piece in yen, tax included.
    #[schema(minimum = 0, maximum = 9_999_999, example = 1980)]
    unit_price: i64,
    /// Consumption tax contained in the price, in percent: 0, 8 or 10.
    #[schema(schema_with = super::request::tax_percent)]
    tax_percent: u8,
}

/// `PUT /v1/products/{id}`: puts a product on sale, for the first time or again, or changes it (S2). Subscriptions keep
/// what they contain.
#[utoipa::path(put, path = "/v1/products/{id}", operation_id = "put_product", tag = "products",
    params(super::schema::ProductPath), request_body = Described,
    responses((status = 201, body = ProductView, description = "On sale now."),
        (status = 200, body = ProductView, description = "Was on sale, and is as described now.")))]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<Described>, JsonRejection>,
) -> Result<(StatusCode, Json<ProductView>), Problem> {
    let Json(body) = body?;
    let id = product_id(id)?;
    caller.owns(id.shop())?;
    // A product of a shop that does not exist is a slip of the fingers.
    app.shops.get(id.shop()).await?;
    let unit_price = field("unit_price", Yen::new(body.unit_price))?;
    let content = Content { name: body.name, unit_price, tax_percent: body.tax_percent };
    let loaded = app.gateway.load::<Product>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let on_sale = loaded.aggregate.details().is_some_and(|details| details.status == Status::OnSale);
    let command =
        if on_sale { Command::Change { content } } else { Command::Register { product_id: id.clone(), content } };
    let because = caller.because(&app, "a billing service described the product");
    let done = app.gateway.execute_on::<Product>(id.as_str(), loaded, &because, command).await;
    done.map_err(product)?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    let status = if on_sale { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(read(&app, &id).await?)))
}

/// `POST /v1/products/{id}/withdraw`: takes a product off sale; subscriptions that contain it go on.
#[utoipa::path(post, path = "/v1/products/{id}/withdraw", operation_id = "withdraw_product", tag = "products",
    params(super::schema::ProductPath), responses((status = 200, body = ProductView)))]
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
) -> Result<Json<ProductView>, Problem> {
    let id = product_id(id)?;
    caller.owns(id.shop())?;
    let because = caller.because(&app, "a billing service withdrew the product");
    let done = app.gateway.execute::<Product>(id.as_str(), &because, Command::Withdraw).await;
    done.map_err(product)?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok(Json(read(&app, &id).await?))
}

/// Which products, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// In this state.
    #[param(schema_with = super::schema::product_status)]
    status: Option<Status>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
pub(super) struct Products {
    products: Vec<ProductView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/products`: products by code, a page at a time.
#[utoipa::path(get, path = "/v1/products", operation_id = "list_products", tag = "products", params(Filters),
    responses((status = 200, body = Products)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filters): Params<Filters>,
) -> Result<Json<Products>, Problem> {
    let shop = caller.shop_asked_for(filters.shop.as_deref())?;
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let page = product_list::page(&app.storage, shop, filters.status, after.as_ref(), limit).await?;
    let (url, settings) = (app.config.public_url(), app.shops.get(shop).await?.settings);
    let view = |row| ProductView::new(row, &url, &settings.delivery_cycles);
    let products = page.rows.into_iter().map(view).collect::<Result<_, Problem>>()?;
    Ok(Json(Products { products, next_cursor: page.next.map(|next| next.to_string()) }))
}

/// `GET /v1/products/{id}`: one product.
#[utoipa::path(get, path = "/v1/products/{id}", operation_id = "get_product", tag = "products",
    params(super::schema::ProductPath), responses((status = 200, body = ProductView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    id: Id,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<ProductView>, Problem> {
    let id = product_id(id)?;
    Ok(Json(read(&app, &id).await?))
}

fn product_id(id: Id) -> Result<ProductId, Problem> {
    let Path(id) = id?;
    parse("id", &id)
}

async fn read(app: &App, id: &ProductId) -> Result<ProductView, Problem> {
    match product_list::get(&app.storage, id).await? {
        Some(row) => {
            let settings = app.shops.get(id.shop()).await?.settings;
            ProductView::new(row, &app.config.public_url(), &settings.delivery_cycles)
        }
        None => Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such product")
            .detail(format!("product {id}"))),
    }
}
