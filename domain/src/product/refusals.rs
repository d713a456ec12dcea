use crate::money::{LARGEST_PAYMENT, Yen};

/// Why a command on a product is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductRefusal {
    /// There is no such product.
    #[error("this product does not exist; register it first")]
    DoesNotExist,
    /// The code is taken.
    #[error("this product code is already used for a product on sale; change that one or choose another code")]
    CodeTaken,
    /// It is not on sale.
    #[error("this product was withdrawn; register it again first")]
    Withdrawn,
    /// The name cannot be stored.
    #[error("the product name must be 1 to 200 characters without control characters")]
    Name,
    /// The price is more than one payment can carry.
    #[error("the price of {0} is above {LARGEST_PAYMENT}, the largest single payment")]
    Price(Yen),
    /// The tax rate does not exist.
    #[error("the tax rate must be 0, 8 or 10 percent, not {0}")]
    Tax(u8),
}
