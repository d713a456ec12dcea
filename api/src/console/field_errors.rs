//! What is wrong with the fields of a form: each beside its field, all of them above the form.

use axum::http::StatusCode;

/// The fields that cannot be used, in the order of the form, each with what to write instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<(&'static str, String)>);

#[derive(askama::Template)]
#[template(source = "<span class=\"field-error\" id=\"error-{{ field }}\">{{ text }}</span>", ext = "html")]
struct Beside<'e> {
    field: &'e str,
    text: &'e str,
}

impl FieldErrors {
    /// Notes what is wrong with a field.
    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.push((field, text.into()));
    }

    /// Whether everything can be used.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every field with its sentence.
    pub(crate) fn list(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// The status of the page that shows them.
    pub(crate) fn status(&self) -> StatusCode {
        if self.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }

    fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// The attributes of the field that say it is wrong and where the sentence stands. HTML: written with `|safe`.
    pub(crate) fn mark(&self, field: &str) -> String {
        match self.of(field) {
            Some(_) => format!(" id=\"field-{field}\" aria-invalid=\"true\" aria-describedby=\"error-{field}\""),
            None => String::new(),
        }
    }

    /// The sentence to stand beside the field. HTML: written with `|safe`.
    pub(crate) fn beside(&self, field: &str) -> String {
        let text = self.of(field);
        text.and_then(|text| askama::Template::render(&Beside { field, text }).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::FieldErrors;

    #[test]
    fn what_is_wrong_stands_beside_its_field_as_text() {
        let mut errors = FieldErrors::default();
        assert!((errors.mark("from"), errors.beside("from")) == (String::new(), String::new()));
        errors.add("from", "<b>: write a date");
        assert_eq!(errors.mark("from"), " id=\"field-from\" aria-invalid=\"true\" aria-describedby=\"error-from\"");
        let beside = errors.beside("from");
        assert!(beside.contains("id=\"error-from\"") && beside.contains(": write a date"), "{beside}");
        assert!(!beside.contains("<b>"), "{beside}");
        assert_eq!(errors.beside("to"), "");
    }
}
