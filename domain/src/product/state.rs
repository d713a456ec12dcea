use super::events::ProductEvent as Event;
use crate::ids::ProductId;
use crate::money::Yen;
use serde::{Deserialize, Serialize};

/// Where a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Offered (販売中).
    OnSale,
    /// Not offered any more (販売終了).
    Withdrawn,
}

impl Status {
    /// A stable name for tables and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::OnSale => "on_sale",
            Status::Withdrawn => "withdrawn",
        }
    }
}

/// A product, or the fact that there is none under this code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Product {
    /// Never registered.
    #[default]
    Absent,
    /// Registered.
    Registered(Box<Details>),
}

/// A registered product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its id: shop and code.
    pub product_id: ProductId,
    /// On sale or withdrawn.
    pub status: Status,
    /// Name as the buyer reads it.
    pub name: String,
    /// Price of one piece in yen, tax included.
    pub unit_price: Yen,
    /// Consumption tax contained in the price, in percent.
    pub tax_percent: u8,
}

impl Product {
    /// The details, if registered.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Product::Absent => None,
            Product::Registered(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match (&mut *self, event) {
            (_, Event::ProductRegistered { product_id, name, unit_price, tax_percent }) => {
                *self = Product::Registered(Box::new(Details {
                    product_id: product_id.clone(),
                    status: Status::OnSale,
                    name: name.clone(),
                    unit_price: *unit_price,
                    tax_percent: *tax_percent,
                }));
            }
            (Product::Registered(details), Event::ProductChanged { name, unit_price, tax_percent }) => {
                details.name.clone_from(name);
                details.unit_price = *unit_price;
                details.tax_percent = *tax_percent;
            }
            (Product::Registered(details), Event::ProductWithdrawn {}) => details.status = Status::Withdrawn,
            (Product::Absent, _) => {}
        }
    }
}
