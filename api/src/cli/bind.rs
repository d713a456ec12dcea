//! `teiki bind`: which Paygent merchant and host the shops of a store belong to, and binding one to another.

use super::{CliError, on_engine};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::paygent_binding;
use teiki_projections::payment_work;

/// Open requests read at once.
const PAGE: u32 = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shop to bind to the merchant of its settings and the host of this configuration; none: list all.
    shop: Option<ShopId>,
    /// Needed when the shop is bound to something else already: what Paygent holds there is not known here any more.
    #[arg(long, requires = "shop")]
    replace: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| work(&arguments, app).await).await
}

async fn work(arguments: &Arguments, app: &crate::app::App) -> Result<(), CliError> {
    if let Some(shop) = arguments.shop {
        let before = paygent_binding::of(&app.storage, shop).await.map_err(CliError::other)?;
        match (app.payments.can_call(shop).await, &before) {
            (Ok(()), _) => {}
            (Err(crate::shops::ShopError::OtherEnvironment { .. }), Some(before)) if !arguments.replace => {
                return Err(CliError::Other(format!(
                    "shop {shop} belongs to merchant {} at {} since {}; if its payments are no longer to be looked for \
                     there, say so with --replace",
                    before.merchant_id, before.host, before.bound_at
                )));
            }
            (Err(crate::shops::ShopError::OtherEnvironment { .. }), _) => {
                nothing_open(app, shop).await?;
                app.shops.bind(shop, "teiki bind").await.map_err(CliError::other)?;
            }
            (Err(error), _) => return Err(CliError::other(error)),
        }
    }
    for binding in paygent_binding::list(&app.storage).await.map_err(CliError::other)? {
        println!(
            "{} 加盟店 {} ホスト {} ({} {})",
            binding.shop_id, binding.merchant_id, binding.host, binding.bound_at, binding.bound_by
        );
    }
    Ok(())
}

/// Asked at another merchant or host what became of an attempt, the answer "none" would be true and wrong, and the card
/// would be charged there again.
async fn nothing_open(app: &crate::app::App, shop: ShopId) -> Result<(), CliError> {
    app.settle_work().await?;
    let mut after = None;
    loop {
        let page = payment_work::open(&app.storage, Some(shop), after.as_ref(), PAGE).await.map_err(CliError::other)?;
        if let Some(row) = page.rows.iter().find(|row| row.kind == "authorization") {
            return Err(CliError::Other(format!(
                "attempt {} on order {} has no known outcome yet and can only be asked about where shop {shop} belongs \
                 now: run `teiki serve` with the former settings until it is resolved, or give the attempt up",
                row.attempt, row.order_id
            )));
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
