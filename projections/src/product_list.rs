//! The products of the shops (S2): what may be put into subscriptions, and what was withdrawn.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::ids::{ProductId, ShopId};
use teiki_domain::product::{ProductEvent as Event, Status};
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// One product.
    ProductRow in "product_list" {
        /// Its id: shop and code.
        key product_id,
        /// Shop, five digits.
        shop_id: String,
        /// The shop's own code.
        code: String,
        /// Name as the buyer reads it.
        name: String,
        /// Price of one piece in yen, tax included.
        unit_price: i64,
        /// Consumption tax contained in the price, in percent.
        tax_percent: i64,
        /// `on_sale` or `withdrawn`.
        status: String,
        /// When it was registered last, RFC 3339.
        registered_at: String,
        /// When it was withdrawn, RFC 3339.
        withdrawn_at: Option<String>,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes { by_shop: "shop_id, product_id", }
}

/// The projection.
#[derive(Debug)]
pub struct ProductList;

impl Projection for ProductList {
    fn name(&self) -> &'static str {
        "product_list"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["product"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![ProductRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Product(_) = fact.event {
            rows.want::<ProductRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Product(event) = fact.event else { return Ok(()) };
        match event {
            Event::ProductRegistered { product_id, name, unit_price, tax_percent } => rows.put(ProductRow {
                product_id: product_id.to_string(),
                shop_id: product_id.shop().to_string(),
                code: product_id.code().to_owned(),
                name: name.clone(),
                unit_price: unit_price.get(),
                tax_percent: i64::from(*tax_percent),
                status: Status::OnSale.as_str().to_owned(),
                registered_at: fact.recorded_at.to_owned(),
                withdrawn_at: None,
                updated_position: fact.position,
            }),
            Event::ProductChanged { name, unit_price, tax_percent } => {
                rows.update(fact.aggregate_id, |row: &mut ProductRow| {
                    row.name.clone_from(name);
                    row.unit_price = unit_price.get();
                    row.tax_percent = i64::from(*tax_percent);
                    row.updated_position = fact.position;
                })
            }
            Event::ProductWithdrawn {} => rows.update(fact.aggregate_id, |row: &mut ProductRow| {
                Status::Withdrawn.as_str().clone_into(&mut row.status);
                row.withdrawn_at = Some(fact.recorded_at.to_owned());
                row.updated_position = fact.position;
            }),
        }
    }
}

pub(crate) fn select(shop: ShopId, status: Option<Status>, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<ProductRow>();
    select.and("shop_id = ").bind(&shop.to_string());
    select.and_some("status = ", status.map(|status| status.as_str().to_owned()).as_ref());
    select.page_by_key("product_id", after.map(|after| after.key.as_str()), limit);
    select
}

/// A page of a shop's products by id. `limit` is 1 to 1,000.
pub async fn page(
    storage: &Storage,
    shop: ShopId,
    status: Option<Status>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<ProductRow, Cursor>, QueryError> {
    let cursor = |row: &ProductRow| Cursor::new("", &row.product_id);
    select(shop, status, after, limit).paged(storage, limit, cursor).await
}

/// Whether the shop has at least one product on sale (S1).
pub async fn any_on_sale(storage: &Storage, shop: ShopId) -> Result<bool, QueryError> {
    let rows: Vec<ProductRow> = select(shop, Some(Status::OnSale), None, 1).rows(storage).await?;
    Ok(!rows.is_empty())
}

/// One product.
pub async fn get(storage: &Storage, product_id: &ProductId) -> Result<Option<ProductRow>, QueryError> {
    by_key(storage, product_id.as_str()).await
}

#[cfg(test)]
#[path = "product_list_tests.rs"]
mod tests;
