use crate::ids::ProductId;
use crate::money::Yen;

/// What a product is to its buyers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Name as the buyer reads it, 1 to 200 characters.
    pub name: String,
    /// Price of one piece in yen, tax included, at most the largest payment.
    pub unit_price: Yen,
    /// Consumption tax contained in the price, in percent: 0, 8 or 10.
    pub tax_percent: u8,
}

/// What can be asked of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductCommand {
    /// Put it on sale: a new product, or one that was withdrawn. With the content it has it is already done.
    Register {
        /// Its id: shop and code.
        product_id: ProductId,
        /// What it is.
        content: Content,
    },
    /// Change what it is, for subscriptions started from now on.
    Change {
        /// What it is.
        content: Content,
    },
    /// Take it off sale. Subscriptions that contain it go on.
    Withdraw,
}
