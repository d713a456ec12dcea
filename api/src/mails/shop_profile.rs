//! What mails say of the shop, from its settings.

use teiki_domain::shop_settings::Details;
use teiki_infrastructure::mailer::Contact;

/// The shop as mails name it. Fields that the shop did not enter are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShopProfile {
    /// ショップ名.
    pub name: String,
    /// Name that mails come from.
    pub from_name: String,
    /// ショップ住所.
    pub address: String,
    /// Mail address that buyers write to.
    pub mail: String,
    /// 電話番号.
    pub phone: String,
    /// サイトURL.
    pub site: String,
    /// 会員マイページURL.
    pub my_page: String,
    /// Name of payment by card (S8).
    pub payment_name: String,
    /// Note for the thanks mail (S10); empty: none.
    pub thanks_note: String,
}

impl ShopProfile {
    /// From the settings in force.
    pub fn of(settings: &Details) -> Self {
        let profile = &settings.profile;
        let address = [profile.postal_code.as_str(), &profile.address].map(str::trim);
        let address = match address {
            ["", address] => address.to_owned(),
            [code, address] => format!("〒{code} {address}").trim().to_owned(),
        };
        let notes = &settings.payment_notes;
        Self {
            name: settings.name.clone(),
            from_name: settings.mail_sender.from_name.clone().unwrap_or_else(|| settings.name.clone()),
            address,
            mail: profile.mail.clone(),
            phone: profile.phone.clone(),
            site: profile.site_url.clone(),
            my_page: profile.my_page_url.clone(),
            payment_name: settings.display_name.clone(),
            thanks_note: if notes.in_thanks_mail { notes.text.trim().to_owned() } else { String::new() },
        }
    }

    /// Who gets the answers to mails; none where the shop entered no address.
    pub fn reply_to(&self) -> Option<Contact> {
        let (name, mail) = (self.name.clone(), self.mail.clone());
        (!self.mail.is_empty()).then_some(Contact { name, mail })
    }
}

/// Where mails to the shop go: the addresses for copies, or the shop's own; empty where it entered none.
pub fn addresses(settings: &Details) -> Vec<Contact> {
    let contact = |mail: &str| Contact { name: settings.name.clone(), mail: mail.to_owned() };
    settings.shop_mails().into_iter().map(contact).collect()
}
