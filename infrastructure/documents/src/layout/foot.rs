//! What stands below the table: tax per rate, totals, notes. All of it on one page.

use super::{LEFT, Paper, RIGHT};
use crate::lines::wrap;
use crate::sheet::{Align, MM, Style, bold, plain, quiet};
use crate::words;
use teiki_domain::basket::Charge;
use teiki_domain::tax::{REDUCED_PERCENT, by_rate};

/// Height of a row of totals.
const ROW: f32 = 6.2;
/// Where the totals begin.
const TOTALS: f32 = RIGHT - 66.0;
/// Right edge of the tax per rate.
const RATES: f32 = LEFT + 96.0;
/// From one note to the next.
const NOTE: f32 = 4.6;

pub(super) fn write(paper: &mut Paper<'_>) {
    let rates = rates(paper);
    let totals = totals(paper);
    let notes = notes(paper);
    let rows = u16::try_from(rates.len().max(totals.len())).unwrap_or(u16::MAX);
    let height = ROW * f32::from(rows) + 8.0 + NOTE * f32::from(u16::try_from(notes.len()).unwrap_or(u16::MAX));
    if !paper.fits(height) {
        paper.turn();
    }
    let top = paper.y;
    for (i, row) in rates.iter().enumerate() {
        let style = if i == 0 { bold(8.5) } else { plain(9.0) };
        line(paper, (LEFT, RATES), style, row);
    }
    let below = paper.y;
    paper.y = top;
    for (i, (name, amount)) in totals.iter().enumerate() {
        let last = i + 1 == totals.len();
        let style = if last { bold(11.0) } else { plain(9.0) };
        total(paper, style, name, amount, last);
    }
    paper.y = paper.y.max(below) + 7.0;
    for note in notes {
        let place = (LEFT, paper.y);
        paper.sheet.text(paper.face, Align::Left, place, quiet(8.5), &note);
        paper.y += NOTE;
    }
}

/// Rate, what is taxed at it, the tax contained (適格請求書).
fn rates(paper: &Paper<'_>) -> Vec<[String; 3]> {
    let Some(rates) = by_rate(&paper.document.basket) else { return vec![] };
    let mut rows = vec![["税率".to_owned(), "対象金額(税込)".to_owned(), "うち消費税額".to_owned()]];
    for rate in rates {
        let name = match rate.percent {
            0 => "対象外".to_owned(),
            REDUCED_PERCENT => format!("{REDUCED_PERCENT}%対象 ※"),
            percent => format!("{percent}%対象"),
        };
        rows.push([name, words::yen(rate.total), words::yen(rate.tax)]);
    }
    rows
}

fn line(paper: &mut Paper<'_>, (left, right): (f32, f32), style: Style, cells: &[String; 3]) {
    let (face, y) = (paper.face, paper.y + 4.4);
    let [name, amount, tax] = cells;
    paper.sheet.text(face, Align::Left, (left + 2.0, y), style, name);
    paper.sheet.text(face, Align::Right, (right - 34.0, y), style, amount);
    paper.sheet.text(face, Align::Right, (right - 2.0, y), style, tax);
    paper.y += ROW;
    let y = paper.y;
    paper.sheet.rule((left, y), (right, y), 0.25);
}

fn totals(paper: &Paper<'_>) -> Vec<(&'static str, String)> {
    let basket = &paper.document.basket;
    let charge = |charge: Charge| match charge {
        Charge::Fixed(yen) => words::yen(yen),
        Charge::ToBeQuoted => "別途ご連絡".to_owned(),
    };
    vec![
        ("商品合計", basket.goods().map(words::yen).unwrap_or_default()),
        ("送料", charge(basket.shipping())),
        ("手数料", charge(basket.fee())),
        ("合計(税込)", basket.total().map_or_else(|| "別途ご連絡".to_owned(), words::yen)),
    ]
}

fn total(paper: &mut Paper<'_>, style: Style, name: &str, amount: &str, last: bool) {
    let height = if last { ROW + 2.0 } else { ROW };
    let (face, y) = (paper.face, paper.y);
    if last {
        paper.sheet.ground((TOTALS, y), RIGHT - TOTALS, height);
    }
    let base = y + height / 2.0 + style.size / MM * 0.36;
    paper.sheet.text(face, Align::Left, (TOTALS + 2.0, base), style, name);
    paper.sheet.text(face, Align::Right, (RIGHT - 2.0, base), style, amount);
    paper.y += height;
    let (y, weight) = (paper.y, if last { 0.8 } else { 0.25 });
    paper.sheet.rule((TOTALS, y), (RIGHT, y), weight);
}

fn notes(paper: &Paper<'_>) -> Vec<String> {
    let reduced = paper.document.basket.lines().iter().any(|line| line.tax_percent == REDUCED_PERCENT);
    let notes = words::notes(paper.document, reduced, paper.layout);
    notes.iter().flat_map(|note| wrap(paper.face, note, 8.5, (RIGHT - LEFT) * MM)).collect()
}
