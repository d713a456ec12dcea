//! 商品の操作履歴 (O12).

use super::changes::{self, Before, ChangeRow, Changed, Place};
use super::products::product_id;
use super::{Frame, Language, PageResult, Signed};
use crate::app::App;
use crate::http::nothing_there;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::product::{Product, ProductEvent, Status};
use teiki_domain::recorded::RecordedEvent;

/// `GET /products/{code}/history` (O12).
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    code: Result<Path<String>, PathRejection>,
    asked: Result<Query<Before>, QueryRejection>,
) -> PageResult {
    let id = product_id(&signed, code)?;
    let Query(Before { before }) = asked?;
    let told = changes::of(&app, "product", id.as_str()).await?;
    if told.is_empty() {
        return Err(nothing_there(format!("product {id}")).into());
    }
    let l = frame.language;
    let mut state = Product::default();
    let mut rows = vec![];
    for (entry, event) in &told {
        let RecordedEvent::Product(event) = event else { continue };
        let old = facts(&state, l);
        state.apply(event);
        let changed = old.into_iter().zip(facts(&state, l)).zip(labels(l));
        let changed = changed.filter_map(|((old, new), label)| Changed::of(label, &old, &new)).collect();
        let what = match event {
            ProductEvent::ProductRegistered { .. } => l.t("商品を登録", "Put on sale"),
            ProductEvent::ProductChanged { .. } => l.t("商品を変更", "Changed"),
            ProductEvent::ProductWithdrawn {} => l.t("商品の販売を終了", "Withdrawn"),
        };
        rows.push(ChangeRow::new(l, entry, String::new(), what.to_owned(), changed));
    }
    let path = format!("/products/{}", id.code());
    let code = id.code().to_owned();
    let place = Place { title: code.clone(), back: (path.clone(), code), address: format!("{path}/history") };
    changes::page(frame, place, rows, before)
}

/// What stands in a product's history, field by field.
fn facts(product: &Product, l: Language) -> [String; 4] {
    let none = || l.t("なし", "none").to_owned();
    let Some(details) = product.details() else { return [none(), none(), none(), none()] };
    let status = match details.status {
        Status::OnSale => l.t("販売中", "on sale"),
        Status::Withdrawn => l.t("販売終了", "withdrawn"),
    };
    let tax = format!("{}%", details.tax_percent);
    [details.name.clone(), details.unit_price.to_string(), tax, status.to_owned()]
}

/// What they are called.
fn labels(l: Language) -> [&'static str; 4] {
    [l.t("商品名", "Name"), l.t("価格(税込)", "Price"), l.t("税率", "Tax"), l.t("状態", "State")]
}
