//! What an order costs: lines, shipping, fee.

use crate::money::{LARGEST_PAYMENT, MoneyError, Yen};
use serde::{Deserialize, Serialize};

/// Most lines of one basket; keeps an order readable and a stored event small.
const LINES_MAX: usize = 100;
/// Longest product code or name, in characters.
const TEXT_MAX: usize = 200;

/// One product of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The shop's product code.
    pub product: String,
    /// Product name as the buyer reads it.
    pub name: String,
    /// Price of one piece in yen, tax included.
    pub unit_price: Yen,
    /// Pieces, 1 to 9999.
    pub quantity: u32,
    /// Consumption tax contained in the price, in percent (8 or 10; 0 where none applies).
    pub tax_percent: u8,
}

/// Shipping or fee: an amount, or "to be quoted" (別途連絡), which makes payment by card impossible (C4, R5-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// A known amount in yen, tax included.
    Fixed(Yen),
    /// Not known yet.
    ToBeQuoted,
}

impl Charge {
    fn known(self) -> Option<Yen> {
        match self {
            Charge::Fixed(yen) => Some(yen),
            Charge::ToBeQuoted => None,
        }
    }
}

/// Lines, shipping and fee of a subscription or an order. Can only be made complete and within bounds, also from JSON.
///
/// Stored baskets are read through these bounds, so a bound may be widened later and never narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Basket {
    lines: Vec<Line>,
    shipping: Charge,
    fee: Charge,
}

/// A basket as it is written, before its bounds are checked.
#[derive(Deserialize)]
struct Unchecked {
    lines: Vec<Line>,
    shipping: Charge,
    fee: Charge,
}

impl TryFrom<Unchecked> for Basket {
    type Error = BasketError;
    fn try_from(basket: Unchecked) -> Result<Self, BasketError> {
        Self::new(basket.lines, basket.shipping, basket.fee)
    }
}

/// Why a basket cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasketError {
    /// No lines, or too many.
    #[error("a basket has 1 to {LINES_MAX} lines, not {0}")]
    LineCount(usize),
    /// A line's text is empty, too long or has characters that cannot be stored.
    #[error("the {field} of line {line} must be 1 to {TEXT_MAX} characters without control characters")]
    Text {
        /// Line, counted from 1.
        line: usize,
        /// `product code` or `name`.
        field: &'static str,
    },
    /// A line's quantity is out of range.
    #[error("the quantity of line {line} must be 1 to 9999, not {quantity}")]
    Quantity {
        /// Line, counted from 1.
        line: usize,
        /// As given.
        quantity: u32,
    },
    /// A line's tax rate does not exist.
    #[error("the tax rate of line {line} must be 0, 8 or 10 percent, not {percent}")]
    Tax {
        /// Line, counted from 1.
        line: usize,
        /// As given.
        percent: u8,
    },
    /// An amount is out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// More than one payment can carry.
    #[error("the total of {0} is above {LARGEST_PAYMENT}, the largest single payment; split the subscription")]
    AboveLargestPayment(Yen),
}

impl Basket {
    /// A checked basket.
    pub fn new(lines: Vec<Line>, shipping: Charge, fee: Charge) -> Result<Self, BasketError> {
        if lines.is_empty() || lines.len() > LINES_MAX {
            return Err(BasketError::LineCount(lines.len()));
        }
        for (i, line) in lines.iter().enumerate() {
            let number = i + 1;
            for (field, text) in [("product code", &line.product), ("name", &line.name)] {
                let length = text.chars().count();
                if length == 0 || length > TEXT_MAX || text.chars().any(char::is_control) {
                    return Err(BasketError::Text { line: number, field });
                }
            }
            if !(1..=9_999).contains(&line.quantity) {
                return Err(BasketError::Quantity { line: number, quantity: line.quantity });
            }
            if ![0, 8, 10].contains(&line.tax_percent) {
                return Err(BasketError::Tax { line: number, percent: line.tax_percent });
            }
        }
        let basket = Self { lines, shipping, fee };
        let known =
            basket.goods()?.plus(shipping.known().unwrap_or_default())?.plus(fee.known().unwrap_or_default())?;
        if known > LARGEST_PAYMENT {
            return Err(BasketError::AboveLargestPayment(known));
        }
        Ok(basket)
    }

    /// The lines, in the order given.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Shipping.
    pub fn shipping(&self) -> Charge {
        self.shipping
    }

    /// Fee, such as for cash on delivery.
    pub fn fee(&self) -> Charge {
        self.fee
    }

    /// Goods amount (商品金額): what S9's range is held against, in yen.
    pub fn goods(&self) -> Result<Yen, MoneyError> {
        self.lines.iter().try_fold(Yen::ZERO, |sum, line| sum.plus(line.unit_price.times(line.quantity)?))
    }

    /// Everything to pay in yen, or `None` while shipping or fee is to be quoted.
    pub fn total(&self) -> Option<Yen> {
        self.goods().ok()?.plus(self.shipping.known()?).ok()?.plus(self.fee.known()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(price: i64, quantity: u32) -> Line {
        let unit_price = Yen::new(price).unwrap();
        Line { product: "C-1".into(), name: "クッキーの定期便".into(), unit_price, quantity, tax_percent: 8 }
    }
    fn fixed(yen: i64) -> Charge {
        Charge::Fixed(Yen::new(yen).unwrap())
    }

    #[test]
    fn totals_add_up_and_need_every_amount() {
        let basket = Basket::new(vec![line(1_980, 2), line(540, 1)], fixed(660), fixed(0)).unwrap();
        assert_eq!(basket.goods().unwrap().get(), 4_500);
        assert_eq!(basket.total().unwrap().get(), 5_160);
        let open = Basket::new(vec![line(1_980, 2)], Charge::ToBeQuoted, fixed(0)).unwrap();
        assert_eq!(open.total(), None);
    }

    #[test]
    fn impossible_baskets_are_refused() {
        assert_eq!(Basket::new(vec![], fixed(0), fixed(0)), Err(BasketError::LineCount(0)));
        assert!(matches!(Basket::new(vec![line(1, 0)], fixed(0), fixed(0)), Err(BasketError::Quantity { .. })));
        assert!(matches!(
            Basket::new(vec![line(9_999_999, 1)], fixed(1), fixed(0)),
            Err(BasketError::AboveLargestPayment(_))
        ));
        assert!(matches!(
            Basket::new(vec![line(999_999_999_999, 9_999)], fixed(0), fixed(0)),
            Err(BasketError::Money(_))
        ));
        let nul = Line { name: "a\u{0}b".into(), ..line(1, 1) };
        assert!(matches!(
            Basket::new(vec![nul], fixed(0), fixed(0)),
            Err(BasketError::Text { line: 1, field: "name" })
        ));
        let odd = Line { tax_percent: 9, ..line(1, 1) };
        assert!(matches!(Basket::new(vec![odd], fixed(0), fixed(0)), Err(BasketError::Tax { .. })));
    }
}
