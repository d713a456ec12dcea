//! 「定期購入カゴに入れる」: the HTML that a shop pastes on its own page (S2).

use std::fmt::Write as _;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::ids::ProductId;

/// Most pieces of one product that the form offers.
const QUANTITY_MAX: u32 = 99;

/// The form for one product: how many, how often, and the button. It leads to the cart of the shop at `public_url`,
/// with the choice in its address, so that nothing has to be allowed on the shop's own server. Without a cycle to
/// choose from, the cart asks for it.
pub fn html(public_url: &str, product: &ProductId, cycles: &[DeliveryCycle]) -> String {
    let address = format!("{}/shop/{}/cart", public_url.trim_end_matches('/'), product.shop());
    let mut html = format!(
        "<form action=\"{}\" method=\"get\">\n\
         <input type=\"hidden\" name=\"product\" value=\"{}\">\n\
         <label>数量 <input type=\"number\" name=\"quantity\" value=\"1\" min=\"1\" max=\"{QUANTITY_MAX}\" required></label>\n",
        escaped(&address),
        escaped(product.code()),
    );
    if !cycles.is_empty() {
        html.push_str("<label>お届けサイクル <select name=\"cycle\">\n");
        for cycle in cycles {
            let (value, words) = (cycle.to_string(), cycle.describe_ja());
            // Writing to a string does not fail.
            let _ = writeln!(html, "<option value=\"{}\">{}</option>", escaped(&value), escaped(&words));
        }
        html.push_str("</select></label>\n");
    }
    html.push_str("<button type=\"submit\">定期購入カゴに入れる</button>\n</form>\n");
    html
}

/// `text` as it may stand inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> ProductId {
        "02396-C-1".parse().unwrap()
    }

    #[test]
    fn s2_the_button_names_product_quantity_and_the_cycles_on_offer() {
        let cycles = ["months:1:31", "weeks:2:fri"].map(|cycle| cycle.parse().unwrap());
        let html = html("https://cart.example.jp/", &product(), &cycles);
        for part in [
            "action=\"https://cart.example.jp/shop/02396/cart\" method=\"get\"",
            "name=\"product\" value=\"C-1\"",
            "name=\"quantity\" value=\"1\"",
            "<option value=\"months:1:31\">",
            "<option value=\"weeks:2:fri\">",
            "定期購入カゴに入れる</button>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!super::html("https://cart.example.jp", &product(), &[]).contains("select"));
    }

    #[test]
    fn s2_nothing_can_break_out_of_an_attribute() {
        let html = html("https://cart.example.jp/\"><script>alert('1')</script>&", &product(), &[]);
        assert!(
            !html.contains("<script>") && html.contains("&quot;&gt;&lt;script&gt;") && html.contains("&amp;"),
            "{html}"
        );
    }
}
