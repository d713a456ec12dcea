//! Members and their personal data, which leaves memory only encrypted.

use crate::app::App;
use crate::command_gateway::{Because, CommandError};
use serde::{Deserialize, Serialize};
use std::fmt;
use teiki_domain::ids::MemberId;
use teiki_domain::member::{Member, MemberCommand, MemberRefusal};
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::key_ring::KeyError;

/// Shown where a member was erased.
pub const ERASED: &str = "(削除済み)";

/// Shown where a name does not open with the keys of this store.
pub const UNREADABLE: &str = "(読み取れません)";

/// Personal data of a member. Prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Name, 1 to 100 characters.
    pub name: String,
    /// Mail address.
    pub mail: String,
    /// Phone number; may be empty.
    #[serde(default)]
    pub phone: String,
    /// Postal address in one text; may be empty.
    #[serde(default)]
    pub address: String,
    /// The same in parts, as parcel carriers want it (O14); empty in profiles from before there were parts.
    #[serde(flatten)]
    pub postal: PostalAddress,
}

/// A postal address in parts. Every part may be empty.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PostalAddress {
    /// Seven digits, with a hyphen or without (郵便番号).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    /// 都道府県.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefecture: String,
    /// 市区町村.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// 町域・番地.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub street: String,
    /// 建物名・部屋番号.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub building: String,
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostalAddress")
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile")
    }
}

/// Why a member cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A field cannot be used. The text names the field, never its content.
    #[error("{field} cannot be used: {rule}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What would be accepted.
        rule: &'static str,
    },
    /// Encryption failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError<MemberRefusal>),
}

impl PostalAddress {
    /// The seven digits of the postal code, where they are.
    pub fn digits(&self) -> Option<String> {
        let code = &self.postal_code;
        let digits = match code.split_once('-') {
            Some((area, place)) if area.len() == 3 => format!("{area}{place}"),
            Some(_) => return None,
            None => code.clone(),
        };
        (digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
    }
}

impl Profile {
    /// The whole address in one line: of its parts where they are known, or else as it was given.
    pub fn one_address(&self) -> String {
        let PostalAddress { prefecture, city, street, building, .. } = &self.postal;
        let place = format!("{prefecture}{city}{street}");
        match (place.is_empty(), building.is_empty()) {
            (true, _) => self.address.clone(),
            (false, true) => place,
            (false, false) => format!("{place} {building}"),
        }
    }

    fn check(&self) -> Result<(), RegisterError> {
        for (field, text, least, most, rule) in [
            ("name", &self.name, 1, 100, "1 to 100 characters without control characters"),
            ("mail", &self.mail, 3, 254, "a mail address of 3 to 254 characters"),
            ("phone", &self.phone, 0, 30, "at most 30 characters without control characters"),
            ("address", &self.address, 0, 300, "at most 300 characters without control characters"),
            ("prefecture", &self.postal.prefecture, 0, 10, "at most 10 characters without control characters"),
            ("city", &self.postal.city, 0, 100, "at most 100 characters without control characters"),
            ("street", &self.postal.street, 0, 100, "at most 100 characters without control characters"),
            ("building", &self.postal.building, 0, 100, "at most 100 characters without control characters"),
        ] {
            let length = text.chars().count();
            if length < least || length > most || text.chars().any(char::is_control) {
                return Err(RegisterError::Field { field, rule });
            }
        }
        if !self.postal.postal_code.is_empty() && self.postal.digits().is_none() {
            let rule = "seven digits such as 100-0001, with the hyphen or without";
            return Err(RegisterError::Field { field: "postal_code", rule });
        }
        let mail_like = self.mail.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        if !mail_like || self.mail.contains(char::is_whitespace) {
            return Err(RegisterError::Field { field: "mail", rule: "a mail address such as name@example.jp" });
        }
        Ok(())
    }
}

/// Registers a member; says whether they are new. Registering again is already done.
pub async fn register(
    app: &App,
    member: &MemberId,
    profile: &Profile,
    because: &Because,
) -> Result<bool, RegisterError> {
    profile.check()?;
    // Before anything is sealed: sealing would make an erased member a new key.
    if let Member::Erased(_) = app.gateway.load::<Member>(member.as_str()).await.map_err(CommandError::Load)?.aggregate
    {
        return Err(CommandError::Refused(MemberRefusal::Erased).into());
    }
    let text = serde_json::to_string(profile)
        .map_err(|_| RegisterError::Field { field: "profile", rule: "text that can be written as JSON" })?;
    let profile = app.keys.seal_for_new_member(member, &text).await?;
    let command = MemberCommand::Register { member_id: member.clone(), profile };
    let done = app.gateway.execute::<Member>(member.as_str(), because, command).await;
    if let Err(CommandError::Refused(MemberRefusal::Erased)) = &done {
        // Erased in between, and the key may have been made anew.
        app.keys.destroy_member_key(member).await?;
    }
    let done = done?;
    Ok(!done.events.is_empty())
}

/// A member's personal data; none where the member was erased.
pub async fn open_profile(app: &App, member: &MemberId, sealed: &Sealed) -> Result<Option<Profile>, KeyError> {
    let opened = app.keys.open_for_member(member, sealed).await?;
    Ok(opened.and_then(|text| serde_json::from_str(&text).ok()))
}

/// A profile that says nothing but this.
fn placeholder(text: &str) -> Profile {
    let said = || text.to_owned();
    Profile { name: said(), mail: said(), phone: said(), address: said(), postal: PostalAddress::default() }
}

/// A member's profile, with the placeholder in every field where the member was erased.
pub async fn profile(app: &App, member: &MemberId, sealed: &Sealed) -> Result<Profile, KeyError> {
    Ok(open_profile(app, member, sealed).await?.unwrap_or_else(|| placeholder(ERASED)))
}

/// As [`open_profile`], for lists of several members: one whose profile does not open is logged and has the placeholder in
/// every field, and does not take the list away from everybody.
pub async fn open_for_list(app: &App, member: &MemberId, sealed: &Sealed) -> Result<Option<Profile>, KeyError> {
    match open_profile(app, member, sealed).await {
        Err(error @ KeyError::DoesNotOpen(_)) => {
            tracing::error!(%member, %error, "the profile of a member cannot be read");
            Ok(Some(placeholder(UNREADABLE)))
        }
        opened => opened,
    }
}

/// A member's profile for people to read: with a placeholder in every field where the member was erased, and another where
/// it does not open.
pub async fn shown(app: &App, member: &MemberId, sealed: &Sealed) -> Result<Profile, KeyError> {
    Ok(open_for_list(app, member, sealed).await?.unwrap_or_else(|| placeholder(ERASED)))
}

/// Names of several members at once, by member id.
pub async fn names<'a>(
    app: &App,
    members: impl Iterator<Item = &'a str>,
) -> Result<std::collections::HashMap<String, String>, NamesError> {
    let mut ids: Vec<MemberId> = members.filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = std::collections::HashMap::with_capacity(ids.len());
    for row in teiki_projections::member_list::many(&app.storage, &ids).await? {
        let Ok(member) = row.member_id.parse::<MemberId>() else { continue };
        let profile = shown(app, &member, &row.sealed_profile).await?;
        names.insert(row.member_id, profile.name);
    }
    Ok(names)
}

/// Why names cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// The table.
    #[error(transparent)]
    Table(#[from] teiki_projections::QueryError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
}
