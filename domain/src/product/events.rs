use crate::ids::ProductId;
use crate::money::Yen;
use serde::{Deserialize, Serialize};

/// What can have happened to a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductEvent {
    /// It is on sale, for the first time or again (S2).
    ProductRegistered {
        /// Its id: shop and code.
        product_id: ProductId,
        /// Name as the buyer reads it.
        name: String,
        /// Price of one piece in yen, tax included.
        unit_price: Yen,
        /// Consumption tax contained in the price, in percent.
        tax_percent: u8,
    },
    /// Its name, price or tax was changed. Subscriptions keep what they contain until their content is changed.
    ProductChanged {
        /// Name as the buyer reads it.
        name: String,
        /// Price of one piece in yen, tax included.
        unit_price: Yen,
        /// Consumption tax contained in the price, in percent.
        tax_percent: u8,
    },
    /// It is not on sale any more.
    ProductWithdrawn {},
}
