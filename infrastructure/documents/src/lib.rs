//! Order slip, delivery note, invoice and receipt as PDF (O13).
//!
//! Pure: the same data gives the same bytes, always. Nothing here reads a clock, makes an id or looks anything up, so a
//! document can be made again in the same form at any later time. A layout that was used once stays: a change of what
//! documents look like is a new layout beside it, since documents were issued in the old one.

mod document;
mod face;
mod layout;
mod lines;
mod pdf;
mod sheet;
mod words;

pub use document::{Document, Facts, Issuer, MadeOut, Recipient};

/// The layout that documents are issued in now.
pub const LAYOUT: u32 = 2;

/// Why no PDF can be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Nothing to print.
    #[error("there is no document to print; choose at least one")]
    Nothing,
    /// A layout of a later program.
    #[error("layout {0} is not known to this program; run the version that issued the document, or a newer one")]
    UnknownLayout(u32),
    /// The font in the program.
    #[error("the font of the documents cannot be read; this is a fault of the program")]
    Font,
    /// Writing the PDF.
    #[error("the PDF cannot be written ({0}); this is a fault of the program")]
    Pdf(String),
}

/// Makes one PDF of these documents, each beginning on a page of its own and counting its own pages. `layout` of each
/// is the one it was issued in.
pub fn render(documents: &[(u32, Document)]) -> Result<Vec<u8>, RenderError> {
    let face = face::Face::new()?;
    let mut sheets = vec![];
    for (layout, document) in documents {
        match layout {
            1 | 2 => sheets.extend(layout::sheets(&face, document, *layout)),
            unknown => return Err(RenderError::UnknownLayout(*unknown)),
        }
    }
    let Some((_, first)) = documents.first() else { return Err(RenderError::Nothing) };
    pdf::write(&face, &sheets, first, documents.len())
}
