//! 差分通知: the key Paygent's notices are signed with.

use super::super::field::Field;
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::shop_settings::{Details, ShopSettingsCommand as Command};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    vec![
        Field::secret("notice_key", l.t("差分通知ハッシュ値生成キー", "Key of notices"), shop.notice_key.is_some())
            .hint(l.t("変更しないときは空のままにしてください", "leave empty to keep it")),
        Field::switch(
            "remove",
            l.t("鍵を削除し、通知を受信しない", "Remove the key; changes are asked for instead"),
            false,
        ),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, shop: &Details) -> Vec<(&'static str, Command)> {
    let key = read.secret("notice_key", shop.notice_key.as_ref()).filter(|_| !read.switch("remove"));
    vec![("notice_key", Command::ChangeNoticeKey(key))]
}
