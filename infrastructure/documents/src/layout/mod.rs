//! Layouts 1 and 2: A4, the buyer's address where a window envelope shows it, the shop's beside it, title, amount, table,
//! totals, notes. Everything below flows, so that long texts push down what follows and the table goes on over pages.
//! Layout 2 says to whom and for what a receipt is made out, and no longer says of a card that failed that nothing has to
//! be paid.

mod foot;
mod head;
mod table;

use crate::document::Document;
use crate::face::Face;
use crate::sheet::{Align, Sheet, WIDTH, bold, quiet};
use crate::words;

/// Left edge of what is printed.
const LEFT: f32 = 20.0;
/// Right edge of what is printed.
const RIGHT: f32 = WIDTH - 20.0;
/// Where the first line of a page stands.
const TOP: f32 = 18.0;
/// Below this nothing is printed but the page number.
const BOTTOM: f32 = 279.0;
/// Where the page number stands.
const FOOT: f32 = 287.0;

/// Pages under way.
struct Paper<'a> {
    face: &'a Face,
    document: &'a Document,
    layout: u32,
    sheets: Vec<Sheet>,
    /// The page that is written on.
    sheet: Sheet,
    /// Where the next thing begins, in millimetres from the top.
    y: f32,
}

impl Paper<'_> {
    /// Whether so much more fits onto this page.
    fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Goes on on a new page, which says what it belongs to.
    fn turn(&mut self) {
        self.sheets.push(std::mem::take(&mut self.sheet));
        let number = &self.document.number;
        let title = format!("{}(続き)", words::name(number.kind()));
        self.sheet.text(self.face, Align::Left, (LEFT, TOP), bold(11.0), &title);
        self.sheet.text(self.face, Align::Right, (RIGHT, TOP), quiet(8.5), &format!("番号 {number}"));
        self.y = TOP + 6.0;
    }
}

/// The pages of a document.
pub(crate) fn sheets(face: &Face, document: &Document, layout: u32) -> Vec<Sheet> {
    let mut paper = Paper { face, document, layout, sheets: vec![], sheet: Sheet::default(), y: TOP };
    head::write(&mut paper);
    table::write(&mut paper);
    foot::write(&mut paper);
    let Paper { mut sheets, sheet, .. } = paper;
    sheets.push(sheet);
    let count = sheets.len();
    for (i, sheet) in sheets.iter_mut().enumerate() {
        let page = format!("{} / {count}", i + 1);
        sheet.text(face, Align::Centre, (WIDTH / 2.0, FOOT), quiet(8.0), &page);
    }
    sheets
}
