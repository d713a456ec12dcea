//! O13: totals and tax per rate, one rounding per rate and document.

use crate::values::{cases, fixed, line, yen};
use proptest::prelude::*;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::tax::{RateTotal, by_rate, contained};

fn at(percent: u8, price: i64, quantity: u32) -> Line {
    Line { tax_percent: percent, ..line(price, quantity) }
}

fn totals(lines: Vec<Line>, shipping: i64, fee: i64) -> Vec<(u8, i64, i64)> {
    let basket = Basket::new(lines, fixed(shipping), fixed(fee)).unwrap();
    let totals = by_rate(&basket).unwrap();
    totals.iter().map(|RateTotal { percent, total, tax }| (*percent, total.get(), tax.get())).collect()
}

#[test]
fn o13_the_tax_contained_drops_fractions_of_a_yen() {
    for (total, percent, tax) in [
        (0, 10, 0),
        (10, 10, 0),
        (11, 10, 1),
        (12, 8, 0),
        (13, 8, 0),
        (14, 8, 1),
        (108, 8, 8),
        (110, 10, 10),
        (109, 10, 9),
        (1_000, 0, 0),
        (9_999_999, 10, 909_090),
        (9_999_999, 8, 740_740),
    ] {
        assert_eq!(contained(yen(total), percent).get(), tax, "{total} at {percent} percent");
    }
}

#[test]
fn o13_each_rate_is_rounded_once() {
    // Three lines of 105 yen: 315 contain 23 yen at 8 percent; rounded line by line it would be 3 × 7 = 21.
    assert_eq!(totals(vec![at(8, 105, 1), at(8, 105, 1), at(8, 105, 1)], 0, 0), [(8, 315, 23)]);
    assert_eq!(totals(vec![at(8, 105, 3)], 0, 0), [(8, 315, 23)]);
    // Shipping and fee join the goods of their rate before the rounding: 109 + 109 + 109 contain 29, not 3 × 9.
    assert_eq!(totals(vec![at(10, 109, 1)], 109, 109), [(10, 327, 29)]);
    assert_eq!(
        totals(vec![at(0, 1_000, 2), at(8, 1_980, 3), at(10, 1_620, 1)], 660, 330),
        [(10, 2_610, 237), (8, 5_940, 440), (0, 2_000, 0)]
    );
    assert_eq!(totals(vec![at(8, 540, 1)], 0, 0), [(8, 540, 40)], "a rate that does not occur is not listed");
    assert_eq!(totals(vec![at(8, 0, 1)], 0, 0), [(8, 0, 0)], "a present is of its rate too");
}

#[test]
fn o13_nothing_is_said_of_an_amount_to_be_quoted() {
    for (shipping, fee) in [(Charge::ToBeQuoted, fixed(0)), (fixed(0), Charge::ToBeQuoted)] {
        assert_eq!(by_rate(&Basket::new(vec![line(540, 1)], shipping, fee).unwrap()), None);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn o13_the_rates_together_are_the_total_and_each_tax_is_exact(
        lines in prop::collection::vec((prop::sample::select(vec![0_u8, 8, 10]), 0..9_000_i64, 1..10_u32), 1..=100),
        shipping in 0..9_000_i64,
        fee in 0..9_000_i64,
    ) {
        let lines: Vec<_> = lines.into_iter().map(|(percent, price, quantity)| at(percent, price, quantity)).collect();
        let Ok(basket) = Basket::new(lines.clone(), fixed(shipping), fixed(fee)) else { return Ok(()) };
        let totals = by_rate(&basket).unwrap();
        let sum: i64 = totals.iter().map(|rate| rate.total.get()).sum();
        prop_assert_eq!(sum, basket.total().unwrap().get());
        for rate in &totals {
            let (total, tax, percent) = (rate.total.get(), rate.tax.get(), i64::from(rate.percent));
            // tax is the largest whole number of yen not above total × rate / (100 + rate).
            prop_assert!(tax * (100 + percent) <= total * percent && total * percent < (tax + 1) * (100 + percent));
            let of_lines = lines.iter().filter(|line| line.tax_percent == rate.percent);
            let line_by_line: i64 = of_lines.map(|line| contained(line.unit_price.times(line.quantity).unwrap(), line.tax_percent).get()).sum();
            prop_assert!(line_by_line <= tax, "one rounding never loses more than many");
        }
        prop_assert!(totals.windows(2).all(|pair| pair[0].percent > pair[1].percent));
    }
}
