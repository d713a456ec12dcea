//! Personal data on pages: operators and managers work with it, auditors see that it is there and not what it is.

use super::frame::Frame;
use crate::members::{ERASED, PostalAddress, Profile, UNREADABLE};
use teiki_infrastructure::operators::Role;

/// Stands where something is hidden.
const HIDDEN: &str = "＊＊＊";

/// Whether it says that there is no name, rather than one.
fn is_placeholder(name: &str) -> bool {
    [ERASED, UNREADABLE].contains(&name)
}

impl Frame {
    /// What stands in the place of personal data, in the language of the page; anything else as it is.
    pub(crate) fn placeholder<'a>(&self, text: &'a str) -> &'a str {
        match text {
            ERASED => self.language.t(text, "(erased)"),
            UNREADABLE => self.language.t(text, "(cannot be read)"),
            other => other,
        }
    }

    /// Whether the person may see names, addresses, mail addresses and phone numbers.
    pub(crate) fn sees_personal_data(&self) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.operator.role >= Role::Operator)
    }

    /// A name as this person may see it: auditors see its first letter.
    pub(crate) fn name(&self, name: &str) -> String {
        if is_placeholder(name) {
            return self.placeholder(name).to_owned();
        }
        if self.sees_personal_data() {
            return name.to_owned();
        }
        name.chars().take(1).chain(HIDDEN.chars()).collect()
    }

    /// A profile as this person may see it.
    pub(crate) fn profile(&self, profile: Profile) -> Profile {
        if is_placeholder(&profile.name) {
            let shown = |text: String| self.placeholder(&text).to_owned();
            return Profile {
                name: shown(profile.name),
                mail: shown(profile.mail),
                phone: shown(profile.phone),
                address: shown(profile.address),
                postal: profile.postal,
            };
        }
        if self.sees_personal_data() {
            return profile;
        }
        let hidden = |text: String| if text.is_empty() { text } else { HIDDEN.to_owned() };
        Profile {
            name: self.name(&profile.name),
            mail: hidden(profile.mail),
            phone: hidden(profile.phone),
            address: hidden(profile.address),
            postal: PostalAddress::default(),
        }
    }
}
