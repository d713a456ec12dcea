//! ペイジェント接続設定 ①-④ (S3).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::shop_settings::{Connection, Details, ShopSettingsCommand as Command};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let connection = shop.connection.as_ref();
    let (merchant, connect) = connection.map(|(m, c, ..)| (m.clone(), c.clone())).unwrap_or_default();
    let keep = l.t("変更しないときは空のままにしてください", "leave empty to keep it");
    vec![
        Field::new("merchant_id", l.t("① マーチャントID", "① Merchant ID"), Kind::Line(9), merchant)
            .hint(l.t("9 桁までの数字", "up to 9 digits")),
        Field::new("connect_id", l.t("② 接続ID", "② Connect ID"), Kind::Line(32), connect)
            .hint(l.t("32 文字までの半角英数字", "up to 32 letters and digits")),
        Field::secret("connect_password", l.t("③ 接続IDパスワード", "③ Connect password"), connection.is_some())
            .hint(keep),
        Field::secret("token_key", l.t("④ トークン生成鍵", "④ Token generation key"), connection.is_some()).hint(keep),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, shop: &Details) -> Vec<(&'static str, Command)> {
    let kept = shop.connection.as_ref();
    let password = read.secret("connect_password", kept.map(|(_, _, password, _)| password));
    let key = read.secret("token_key", kept.map(|(.., key)| key));
    for (field, secret) in [("connect_password", &password), ("token_key", &key)] {
        if secret.is_none() && !read.errors.iter().any(|(known, _)| known == field) {
            read.fail(field, "入力してください", "enter it");
        }
    }
    let (Some(connect_password), Some(token_key)) = (password, key) else { return vec![] };
    let (merchant_id, connect_id) = (read.line("merchant_id"), read.line("connect_id"));
    let connection = Connection { merchant_id, connect_id, connect_password, token_key };
    vec![("merchant_id", Command::ChangeConnection(connection))]
}
