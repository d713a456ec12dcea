//! A page under way: what is drawn, in millimetres from its top left corner, before any of it is PDF.

use crate::face::Face;

/// A4 in millimetres.
pub(crate) const WIDTH: f32 = 210.0;
/// A4 in millimetres.
pub(crate) const HEIGHT: f32 = 297.0;
/// Points in a millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;

/// How dark something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Black,
    /// Of lesser things, still read without effort.
    Quiet,
    /// The ground of headings.
    Pale,
}

/// How a text stands to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text looks; the size is in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) ink: Ink,
}

/// Plain text of this size.
pub(crate) fn plain(size: f32) -> Style {
    Style { size, bold: false, ink: Ink::Black }
}

/// Bold text of this size.
pub(crate) fn bold(size: f32) -> Style {
    Style { size, bold: true, ink: Ink::Black }
}

/// Quiet text of this size.
pub(crate) fn quiet(size: f32) -> Style {
    Style { size, bold: false, ink: Ink::Quiet }
}

/// Something drawn.
#[derive(Debug)]
pub(crate) enum Mark {
    /// A clean text, from its left end on its base line.
    Text { x: f32, y: f32, text: String, style: Style },
    /// A line; the weight is in points.
    Rule { from: (f32, f32), to: (f32, f32), weight: f32 },
    /// A filled box.
    Ground { x: f32, y: f32, width: f32, height: f32 },
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) marks: Vec<Mark>,
}

impl Sheet {
    /// One line of text at a place on its base line.
    pub(crate) fn text(&mut self, face: &Face, align: Align, (x, y): (f32, f32), style: Style, text: &str) {
        let text = face.clean(text);
        let width = face.width(&text, style.size) / MM;
        let x = match align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        if !text.is_empty() {
            self.marks.push(Mark::Text { x, y, text, style });
        }
    }

    /// A line from one place to another, so many points thick.
    pub(crate) fn rule(&mut self, from: (f32, f32), to: (f32, f32), weight: f32) {
        self.marks.push(Mark::Rule { from, to, weight });
    }

    /// A pale ground.
    pub(crate) fn ground(&mut self, (x, y): (f32, f32), width: f32, height: f32) {
        self.marks.push(Mark::Ground { x, y, width, height });
    }

    /// A frame around a place.
    pub(crate) fn frame(&mut self, (x, y): (f32, f32), width: f32, height: f32, weight: f32) {
        let (right, bottom) = (x + width, y + height);
        self.rule((x, y), (right, y), weight);
        self.rule((x, bottom), (right, bottom), weight);
        self.rule((x, y), (x, bottom), weight);
        self.rule((right, y), (right, bottom), weight);
    }
}
