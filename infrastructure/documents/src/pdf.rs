//! Pages as PDF. The font goes in with the glyphs that are used, and with what each of them means, so that text can be
//! searched and copied.

use crate::document::Document;
use crate::face::Face;
use crate::sheet::{HEIGHT, Ink, MM, Mark, Sheet, Style, WIDTH};
use crate::{RenderError, words};
use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;

/// How much thicker bold letters are drawn, as a part of their size.
const BOLDER: f32 = 0.035;

fn ink(ink: Ink) -> luma::Color {
    luma::Color::new(match ink {
        Ink::Black => 0,
        Ink::Quiet => 90,
        Ink::Pale => 236,
    })
}

fn fill(with: Ink) -> Fill {
    Fill { paint: ink(with).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

/// The PDF of these pages. Its title is the first document's; no time and no chance goes into it.
pub(crate) fn write(face: &Face, sheets: &[Sheet], first: &Document, count: usize) -> Result<Vec<u8>, RenderError> {
    let settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
    let mut pdf = krilla::Document::new_with(settings);
    let title = words::file_title(first, count);
    let metadata = Metadata::new().title(face.clean(&title)).language("ja".to_owned());
    pdf.set_metadata(metadata.authors(vec![face.clean(&first.issuer.name)]).creator("Teiki".to_owned()));
    for sheet in sheets {
        let page = PageSettings::from_wh(WIDTH * MM, HEIGHT * MM);
        let mut page = pdf.start_page_with(page.ok_or_else(|| RenderError::Pdf("no page".to_owned()))?);
        let mut surface = page.surface();
        for mark in &sheet.marks {
            draw(face, &mut surface, mark);
        }
        surface.finish();
        page.finish();
    }
    pdf.finish().map_err(|error| RenderError::Pdf(format!("{error:?}")))
}

fn draw(face: &Face, surface: &mut Surface<'_>, mark: &Mark) {
    match mark {
        Mark::Text { x, y, text, style } => write_text(face, surface, (x * MM, y * MM), text, *style),
        Mark::Rule { from, to, weight } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0 * MM, from.1 * MM);
            path.line_to(to.0 * MM, to.1 * MM);
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke { width: *weight, ..Stroke::default() }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Ground { x, y, width, height } => {
            let mut path = PathBuilder::new();
            if let Some(place) = Rect::from_xywh(x * MM, y * MM, width * MM, height * MM) {
                path.push_rect(place);
            }
            surface.set_stroke(None);
            surface.set_fill(Some(fill(Ink::Pale)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

fn write_text(face: &Face, surface: &mut Surface<'_>, (x, y): (f32, f32), text: &str, style: Style) {
    surface.set_fill(Some(fill(style.ink)));
    let outline = Stroke { paint: ink(style.ink).into(), width: style.size * BOLDER, ..Stroke::default() };
    surface.set_stroke(style.bold.then_some(outline));
    surface.draw_glyphs(Point::from_xy(x, y), &face.glyphs(text), face.font.clone(), text, style.size, false);
}
