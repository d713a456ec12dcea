//! The font: which glyph a character is, and how wide. Whatever people typed becomes something that can be drawn.

use crate::RenderError;
use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

/// BIZ UDPGothic, under the SIL Open Font License (assets/OFL.txt).
static FILE: &[u8] = include_bytes!("../assets/BIZUDPGothic-Regular.ttf");

/// Stands where the font has no glyph: printers' own mark for it (geta).
const MISSING: char = '〓';

/// The font, ready to measure and to draw.
pub(crate) struct Face {
    /// As the PDF embeds it.
    pub(crate) font: Font,
    characters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
}

impl Face {
    pub(crate) fn new() -> Result<Self, RenderError> {
        let font = Font::new(Data::from(FILE), 0).ok_or(RenderError::Font)?;
        let file = FontRef::new(FILE).map_err(|_| RenderError::Font)?;
        let (characters, widths) = (file.charmap(), file.glyph_metrics(Size::unscaled(), LocationRef::default()));
        Ok(Self { font, characters, widths })
    }

    /// Text as it can be drawn: composed, without what has no form of its own, and with 〓 for what the font lacks.
    /// Marks that turn the direction of writing are dropped, so that nothing reads otherwise than it is written.
    pub(crate) fn clean(&self, text: &str) -> String {
        let drawable = |character: char| match character {
            formless if is_formless(formless) => None,
            blank if blank.is_whitespace() && blank != '\u{3000}' => Some(' '),
            known if self.characters.map(known).is_some() && !known.is_control() => Some(known),
            _ => Some(MISSING),
        };
        text.nfc().filter_map(drawable).collect()
    }

    /// The width of a clean text at this size, in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.advance(character)).sum::<f32>() * size
    }

    /// The glyphs of a clean text.
    pub(crate) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, character): (usize, char)| {
            let id = self.characters.map(character).unwrap_or_default();
            let (range, advance) = (at..at + character.len_utf8(), self.advance(character));
            KrillaGlyph::new(GlyphId::new(id.to_u32()), advance, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// Of one character, as a part of the size.
    fn advance(&self, character: char) -> f32 {
        let id = self.characters.map(character).unwrap_or_default();
        self.widths.advance_width(id).unwrap_or_default() / self.font.units_per_em()
    }
}

/// Joiners, variation selectors, direction marks: characters that only say how others look.
fn is_formless(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_what_can_be_drawn() {
        let face = Face::new().unwrap();
        for (typed, drawn) in [
            ("山田 花子", "山田 花子"),
            ("髙﨑①㈱～〒", "髙﨑①㈱～〒"),
            ("カ\u{3099}ハ\u{309a}", "ガパ"),
            ("a\u{202e}b\u{200b}c\u{fe0f}", "abc"),
            ("葛\u{e0100}城", "葛城"),
            ("tab\there\nline", "tab here line"),
            ("\u{7}bell", "〓bell"),
            ("😀한", "〓〓"),
            ("", ""),
        ] {
            assert_eq!(face.clean(typed), drawn, "{typed:?}");
        }
        assert_eq!(face.glyphs("〓").len(), 1);
    }

    #[test]
    fn widths_grow_with_the_text_and_the_size() {
        let face = Face::new().unwrap();
        assert!((face.width("日本", 10.0) - 20.0).abs() < 0.01, "{}", face.width("日本", 10.0));
        assert!(face.width("i", 10.0) < face.width("W", 10.0), "the font is proportional");
        assert_eq!(face.width("", 10.0), 0.0);
    }
}
