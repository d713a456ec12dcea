//! What `teiki keys` and `teiki operators` have in common: each lets somebody in, to one shop, with a secret that is shown
//! once and never again.

use super::CliError;
use crate::app::App;
use serde_json::Value;
use teiki_domain::ids::ShopId;

/// Refuses a shop that does not exist: a key or an account for it is a slip of the fingers.
pub(super) async fn of_existing(app: &App, shop: ShopId) -> Result<(), CliError> {
    app.shops.get(shop).await.map(drop).map_err(CliError::other)
}

/// Prints what was made with the secret that opens it, `name`d in JSON. Otherwise the secret stands alone on standard
/// output, so that it can be handed on, and the sentence for people beside it on standard error.
pub(super) fn print_with_secret(json: bool, mut made: Value, name: &str, secret: &str, sentence: &str) {
    if json {
        made[name] = secret.into();
        println!("{made}");
    } else {
        println!("{secret}");
        eprintln!("{sentence}");
    }
}

/// Prints one of a list: whole as JSON, or as a line.
pub(super) fn print_row(json: bool, row: &Value, line: impl FnOnce() -> String) {
    match json {
        true => println!("{row}"),
        false => println!("{}", line()),
    }
}

/// Whether it opens anything: 有効, or since when not, in these words.
pub(super) fn state(ended: &str, since: Option<&str>) -> String {
    since.map_or_else(|| "有効".to_owned(), |at| format!("{ended} {at}"))
}
