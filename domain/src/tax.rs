//! Consumption tax of a document (O13), as the qualified invoice (適格請求書) asks for it: totals per rate, and **one
//! rounding per rate and document**. Prices contain their tax, so the tax of a rate is taken out of what that rate's
//! lines amount to, and fractions of a yen are dropped.

use crate::basket::{Basket, Charge};
use crate::money::Yen;

/// What shipping and fee are taxed at, in percent.
pub const CHARGE_PERCENT: u8 = 10;
/// The reduced rate (軽減税率), whose lines a document marks with ※, in percent.
pub const REDUCED_PERCENT: u8 = 8;
/// The rates there are, in percent, in the order documents list them.
const RATES: [u8; 3] = [10, 8, 0];

/// What the lines of one rate amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateTotal {
    /// The rate in percent.
    pub percent: u8,
    /// Everything taxed at it in yen, tax included.
    pub total: Yen,
    /// The tax contained, in yen.
    pub tax: Yen,
}

/// The tax contained in an amount, fractions of a yen dropped.
pub fn contained(total: Yen, percent: u8) -> Yen {
    let percent = i64::from(percent);
    // At most a part of the amount, so it is an amount; and an amount a hundredfold fits many times over.
    Yen::new(total.get() * percent / (100 + percent)).unwrap_or_default()
}

/// Totals per rate, highest rate first, only of rates that occur; none while shipping or fee is to be quoted. Together
/// they are what the basket costs.
pub fn by_rate(basket: &Basket) -> Option<Vec<RateTotal>> {
    basket.total()?;
    let mut totals = RATES.map(|percent| (percent, Yen::ZERO, false));
    let mut add = |percent: u8, yen: Yen| {
        let (_, total, occurs) = totals.iter_mut().find(|(rate, ..)| *rate == percent)?;
        *total = total.plus(yen).ok()?;
        *occurs = true;
        Some(())
    };
    for line in basket.lines() {
        add(line.tax_percent, line.unit_price.times(line.quantity).ok()?)?;
    }
    for charge in [basket.shipping(), basket.fee()] {
        match charge {
            Charge::Fixed(Yen::ZERO) => {}
            Charge::Fixed(yen) => add(CHARGE_PERCENT, yen)?,
            Charge::ToBeQuoted => return None,
        }
    }
    let occurring = totals.into_iter().filter(|(.., occurs)| *occurs);
    Some(occurring.map(|(percent, total, _)| RateTotal { percent, total, tax: contained(total, percent) }).collect())
}
