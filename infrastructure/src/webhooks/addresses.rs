//! Where webhooks may be sent: not into the network this machine stands in, unless the deployer allows it.
//!
//! Whoever may register an address could otherwise let this machine speak to its neighbours. A name is looked up when
//! it is used, and the connection is made to the very addresses that were looked at, so a name that changes its mind
//! between two look-ups gains nothing.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest address in characters.
const URL_MAX: usize = 2_000;

/// Which addresses deliveries may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Public ones, over HTTPS.
    Public,
    /// This machine and private networks too, and plain HTTP.
    Private,
}

/// An address that nothing is sent to. No text quotes it: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL of the form wanted.
    #[error("the URL cannot be used: {0}")]
    Form(&'static str),
    /// It leads into a private network.
    #[error(
        "the URL leads to this machine or a private network ({0}); webhooks go to public addresses unless \
         webhook_private_addresses is set in the configuration"
    )]
    Private(String),
}

/// The address as it is used, or why it is not.
pub fn check_url(text: &str, allowed: Allowed) -> Result<Url, AddressError> {
    if text.len() > URL_MAX {
        return Err(AddressError::Form("it is longer than 2,000 characters"));
    }
    let url = Url::parse(text).map_err(|_| AddressError::Form("it is not a URL such as https://shop.example/hook"))?;
    match (url.scheme(), allowed) {
        ("https", _) | ("http", Allowed::Private) => {}
        ("http", Allowed::Public) => {
            return Err(AddressError::Form("it must begin with https://"));
        }
        _ => return Err(AddressError::Form("it must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Form("it holds a user or password; the signature proves who sends"));
    }
    if url.fragment().is_some() {
        return Err(AddressError::Form("it holds a fragment, which is never sent"));
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    if host.is_empty() {
        return Err(AddressError::Form("it names no host"));
    }
    if allowed == Allowed::Public {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if literal.is_some_and(|ip| !is_public(ip)) || host == "localhost" || host.ends_with(".localhost") {
            return Err(AddressError::Private(host));
        }
    }
    Ok(url)
}

/// Looks names up and gives out only addresses that are allowed.
#[derive(Debug)]
pub(super) struct Guarded(pub(super) Allowed);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let usable: Vec<SocketAddr> =
                found.into_iter().filter(|at| allowed == Allowed::Private || is_public(at.ip())).collect();
            if usable.is_empty() {
                return Err(AddressError::Private(host).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet (the IANA special-purpose registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // Ways to write an IPv4 address: mapped, translated (NAT64), 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarking, documentation and the like.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Only global unicast is given out to the public.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_into_a_private_network_however_it_is_written() {
        for bad in [
            "http://shop.example/hook",
            "ftp://shop.example/",
            "https://user:pass@shop.example/",
            "https://shop.example/#part",
            "shop.example",
            "https://",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fc00::1]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
            "https://[2001:db8::1]/",
            "https://[2001::1]/",
            "https://[::7f00:1]/",
        ] {
            assert!(check_url(bad, Allowed::Public).is_err(), "{bad}");
        }
        for good in ["https://shop.example/hook?a=b", "https://93.184.216.34/", "https://[2606:4700::1]:8443/x"] {
            assert!(check_url(good, Allowed::Public).is_ok(), "{good}");
        }
        assert!(check_url("http://127.0.0.1:8080/hook", Allowed::Private).is_ok());
        assert!(check_url("ftp://127.0.0.1/", Allowed::Private).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_gets_no_address() {
        let resolve = |allowed| Guarded(allowed).resolve("localhost".parse().unwrap());
        assert!(resolve(Allowed::Public).await.is_err());
        assert!(resolve(Allowed::Private).await.unwrap().all(|at| at.ip().is_loopback()));
    }
}
