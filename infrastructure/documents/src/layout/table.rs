//! The table: a row a line, shipping and fee below. It goes on over as many pages as it takes, with its headings on
//! each; a row is never torn apart.

use super::{LEFT, Paper, RIGHT};
use crate::lines::wrap;
use crate::sheet::{Align, MM, bold, plain, quiet};
use crate::words;
use teiki_domain::basket::Charge;
use teiki_domain::money::Yen;
use teiki_domain::tax::{CHARGE_PERCENT, REDUCED_PERCENT};

/// Where the name begins.
const NAME: f32 = LEFT + 9.0;
/// How wide it may be.
const NAME_WIDE: f32 = 80.0;
/// Right edge of the price of one.
const PRICE: f32 = RIGHT - 58.0;
/// Right edge of how many.
const QUANTITY: f32 = RIGHT - 43.0;
/// Right edge of the tax rate.
const RATE: f32 = RIGHT - 27.0;
/// Right edge of the amount.
const AMOUNT: f32 = RIGHT - 2.0;
/// Height of the headings.
const HEADING: f32 = 7.0;
/// From one line of a name to the next.
const STEP: f32 = 4.2;

/// One row as it is printed.
struct Row {
    number: String,
    name: Vec<String>,
    code: Vec<String>,
    price: String,
    quantity: String,
    rate: String,
    amount: String,
}

impl Row {
    fn height(&self) -> f32 {
        let lines = self.name.len().max(1) + self.code.len();
        3.2 + STEP * f32::from(u16::try_from(lines).unwrap_or(u16::MAX))
    }
}

pub(super) fn write(paper: &mut Paper<'_>) {
    let rows = rows(paper);
    headings(paper);
    for row in rows {
        if !paper.fits(row.height()) {
            paper.turn();
            headings(paper);
        }
        print(paper, &row);
    }
    paper.y += 6.0;
}

fn rows(paper: &Paper<'_>) -> Vec<Row> {
    let (face, basket) = (paper.face, &paper.document.basket);
    let mut rows: Vec<Row> = vec![];
    for (i, line) in basket.lines().iter().enumerate() {
        let mark = if line.tax_percent == REDUCED_PERCENT { "※" } else { "" };
        let amount = line.unit_price.times(line.quantity).map(words::yen);
        rows.push(Row {
            number: (i + 1).to_string(),
            name: wrap(face, &format!("{}{mark}", line.name), 9.0, NAME_WIDE * MM),
            code: wrap(face, &line.product, 7.5, NAME_WIDE * MM),
            price: words::yen(line.unit_price),
            quantity: line.quantity.to_string(),
            rate: format!("{}%", line.tax_percent),
            amount: amount.unwrap_or_default(),
        });
    }
    for (name, charge) in [("送料", basket.shipping()), ("手数料", basket.fee())] {
        let amount = match charge {
            Charge::Fixed(Yen::ZERO) => continue,
            Charge::Fixed(yen) => words::yen(yen),
            Charge::ToBeQuoted => "別途ご連絡".to_owned(),
        };
        let (price, quantity, rate) = (String::new(), String::new(), format!("{CHARGE_PERCENT}%"));
        rows.push(Row {
            number: String::new(),
            name: vec![name.to_owned()],
            code: vec![],
            price,
            quantity,
            rate,
            amount,
        });
    }
    rows
}

fn headings(paper: &mut Paper<'_>) {
    let (face, y) = (paper.face, paper.y);
    paper.sheet.ground((LEFT, y), RIGHT - LEFT, HEADING);
    paper.sheet.rule((LEFT, y), (RIGHT, y), 0.8);
    for (align, x, text) in [
        (Align::Right, LEFT + 6.0, "No."),
        (Align::Left, NAME, "品名"),
        (Align::Right, PRICE, "単価(税込)"),
        (Align::Right, QUANTITY, "数量"),
        (Align::Right, RATE, "税率"),
        (Align::Right, AMOUNT, "金額(税込)"),
    ] {
        paper.sheet.text(face, align, (x, y + 4.8), bold(8.5), text);
    }
    paper.y += HEADING;
}

fn print(paper: &mut Paper<'_>, row: &Row) {
    let (face, y) = (paper.face, paper.y + 4.8);
    paper.sheet.text(face, Align::Right, (LEFT + 6.0, y), quiet(8.5), &row.number);
    let mut below = y;
    for line in &row.name {
        paper.sheet.text(face, Align::Left, (NAME, below), plain(9.0), line);
        below += STEP;
    }
    for line in &row.code {
        paper.sheet.text(face, Align::Left, (NAME, below - 0.4), quiet(7.5), line);
        below += STEP;
    }
    for (x, text) in [(PRICE, &row.price), (QUANTITY, &row.quantity), (RATE, &row.rate), (AMOUNT, &row.amount)] {
        paper.sheet.text(face, Align::Right, (x, y), plain(9.0), text);
    }
    paper.y += row.height();
    let y = paper.y;
    paper.sheet.rule((LEFT, y), (RIGHT, y), 0.25);
}
