//! The fields of a settings form: described once, shown as a form, as facts, and beside their error.

use crate::console::{Form, Language};

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name in the form.
    pub(crate) name: &'static str,
    /// Its label.
    pub(crate) label: &'static str,
    /// What helps to fill it in; may be empty.
    pub(crate) hint: &'static str,
    /// What is entered.
    pub(crate) kind: Kind,
    /// What stands in it: what was typed, or what is in force. Of a switch `1` or nothing; of a secret nothing.
    pub(crate) value: String,
    /// What is wrong with it.
    pub(crate) error: Option<String>,
    /// What is in force, where somebody else changed it meanwhile.
    pub(crate) now: Option<String>,
    /// The heading of the part of the form that begins with it.
    pub(crate) heading: Option<&'static str>,
}

/// What is entered in a field.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// One line of so many characters.
    Line(usize),
    /// A number, with what it counts.
    Number(&'static str),
    /// A day.
    Day,
    /// A colour.
    Color,
    /// Several lines.
    Lines(usize),
    /// On or off.
    Switch,
    /// One of these: code and text.
    Choice(Vec<(&'static str, &'static str)>),
    /// Any of these: code, text, whether it is chosen.
    Boxes(Vec<(String, String, bool)>),
    /// A secret: whether there is one.
    Secret(bool),
}

impl Field {
    /// A field with what is in force.
    pub(crate) fn new(name: &'static str, label: &'static str, kind: Kind, value: impl Into<String>) -> Self {
        Self { name, label, hint: "", kind, value: value.into(), error: None, now: None, heading: None }
    }

    /// On or off.
    pub(crate) fn switch(name: &'static str, label: &'static str, on: bool) -> Self {
        Self::new(name, label, Kind::Switch, if on { "1" } else { "" })
    }

    /// A secret; what it is, is never shown.
    pub(crate) fn secret(name: &'static str, label: &'static str, set: bool) -> Self {
        Self::new(name, label, Kind::Secret(set), "")
    }

    /// With help.
    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// Beginning a part of the form.
    pub(crate) fn under(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), ..self }
    }

    /// With what was typed in the place of what is in force.
    pub(super) fn typed(mut self, form: &Form) -> Self {
        match &mut self.kind {
            Kind::Boxes(boxes) => {
                let chosen = form.all(self.name);
                for (code, _, ticked) in boxes {
                    *ticked = chosen.contains(&code.as_str());
                }
            }
            Kind::Secret(_) => {}
            _ => form.get(self.name).clone_into(&mut self.value),
        }
        self
    }

    /// The fields that carry what was typed to the next form, without secrets: name and value.
    pub(super) fn carried(&self) -> Vec<(&'static str, String)> {
        match &self.kind {
            Kind::Boxes(boxes) => {
                boxes.iter().filter(|(.., ticked)| *ticked).map(|(code, ..)| (self.name, code.clone())).collect()
            }
            Kind::Secret(_) => vec![],
            _ => vec![(self.name, self.value.clone())],
        }
    }

    /// What is in the field, as people read it.
    pub(crate) fn shown(&self, language: &Language) -> String {
        let none = || language.t("なし", "none").to_owned();
        match &self.kind {
            Kind::Switch => {
                language.t(["しない", "する"][self.on() as usize], ["no", "yes"][self.on() as usize]).to_owned()
            }
            Kind::Secret(true) => language.t("設定済み", "set").to_owned(),
            Kind::Secret(false) => language.t("未設定", "not set").to_owned(),
            Kind::Choice(choices) => choices
                .iter()
                .find(|(code, _)| *code == self.value)
                .map_or_else(|| self.value.clone(), |(_, text)| (*text).to_owned()),
            Kind::Boxes(boxes) => {
                let chosen: Vec<_> =
                    boxes.iter().filter(|(.., ticked)| *ticked).map(|(_, text, _)| text.as_str()).collect();
                if chosen.is_empty() { none() } else { chosen.join(language.t("、", ", ")) }
            }
            _ if self.value.is_empty() => none(),
            Kind::Number(unit) => format!("{} {unit}", self.value),
            _ => self.value.clone(),
        }
    }

    /// Whether a switch is on.
    pub(crate) fn on(&self) -> bool {
        !self.value.is_empty()
    }

    /// What the field is described by, for `aria-describedby`.
    pub(crate) fn described(&self) -> String {
        let parts = [
            (!self.hint.is_empty()).then(|| format!("{}-hint", self.name)),
            self.error.as_ref().map(|_| format!("{}-error", self.name)),
            self.now.as_ref().map(|_| format!("{}-now", self.name)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
