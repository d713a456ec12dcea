//! Check values (`hc`): SHA-256 over fields and a key that only Paygent and the shop know.

use sha2::{Digest, Sha256};

/// Lower-case hexadecimal SHA-256 of the parts, nothing between them.
pub(super) fn of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// Whether `given` is the expected check value. Every byte is compared, so the time taken does not tell how far a
/// guess was right.
pub(super) fn equal(expected: &str, given: &str) -> bool {
    expected.len() == given.len()
        && expected.bytes().zip(given.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_sees_every_difference() {
        let value = of(&["a", "b"]);
        assert_eq!(value, of(&["ab"]));
        assert!(equal(&value, &value));
        assert!(!equal(&value, &value[1..]));
        assert!(!equal(&value, ""));
        assert!(!equal(&value, &value.to_uppercase()));
        for i in 0..value.len() {
            let mut other = value.clone().into_bytes();
            other[i] ^= 1;
            assert!(!equal(&value, std::str::from_utf8(&other).unwrap()), "byte {i}");
        }
    }
}
