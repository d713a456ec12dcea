//! What was typed into a settings form, read as people write it; what cannot be read is told beside its field.

use crate::app::App;
use crate::console::{Form, Language, written};
use crate::http::shop_settings::seal;
use chrono::NaiveDate;
use std::str::FromStr;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::redacted::Redacted;

/// A form being read.
pub(super) struct Reader<'a> {
    pub(super) app: &'a App,
    pub(super) shop: ShopId,
    pub(super) form: &'a Form,
    pub(super) language: Language,
    /// What is wrong: field and sentence.
    pub(super) errors: Vec<(String, String)>,
}

impl Reader<'_> {
    /// Tells what is wrong with a field.
    pub(super) fn fail(&mut self, field: &str, japanese: &str, english: &str) {
        self.errors.push((field.to_owned(), self.language.t(japanese, english).to_owned()));
    }

    /// One line.
    pub(super) fn line(&self, field: &str) -> String {
        self.form.get(field).to_owned()
    }

    /// One line, or nothing.
    pub(super) fn line_or_none(&self, field: &str) -> Option<String> {
        Some(self.line(field)).filter(|text| !text.is_empty())
    }

    /// Several lines, each ending in `\n` alone.
    pub(super) fn lines(&self, field: &str) -> String {
        crate::http::shop_profile::unix_lines(self.form.get(field))
    }

    /// The lines of a field that are not empty.
    pub(super) fn list(&self, field: &str) -> Vec<String> {
        self.lines(field).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// On or off.
    pub(super) fn switch(&self, field: &str) -> bool {
        self.form.ticked(field)
    }

    /// A whole number; what is no number is told.
    pub(super) fn number<T: FromStr>(&mut self, field: &str) -> Option<T> {
        let number = written::narrow(self.form.get(field)).parse().ok();
        if number.is_none() {
            self.fail(field, "数字で入力してください", "enter a number");
        }
        number
    }

    /// An amount in yen, or nothing.
    pub(super) fn yen(&mut self, field: &str) -> Option<Yen> {
        let text = self.form.get(field);
        if text.is_empty() {
            return None;
        }
        let yen = written::yen(text);
        if yen.is_none() {
            self.fail(field, "0 以上の金額を円で入力してください", "enter an amount in yen, zero or more");
        }
        yen
    }

    /// A day as people write it, such as 2026-04-01, 2026/4/1 or 20260401; or nothing.
    pub(super) fn day(&mut self, field: &str) -> Option<NaiveDate> {
        let text = self.form.get(field);
        if text.is_empty() {
            return None;
        }
        let day = written::date(text, self.app.clock.today());
        if day.is_none() {
            self.fail(field, "日付は 2026/4/1 のように入力してください", "write the date as 2026-04-01");
        }
        day
    }

    /// A secret: what was typed, encrypted; what is kept, where nothing was typed.
    pub(super) fn secret(&mut self, field: &str, kept: Option<&Sealed>) -> Option<Sealed> {
        let typed = Redacted::new(self.form.raw(field).to_owned());
        if typed.expose().is_empty() {
            return kept.cloned();
        }
        match seal(self.app, self.shop, field, &typed, kept.cloned()) {
            Ok(sealed) => Some(sealed),
            Err(_) => {
                self.fail(field, "1〜64 文字の半角英数字・記号で入力してください", "1 to 64 letters, digits or signs");
                kept.cloned()
            }
        }
    }
}
