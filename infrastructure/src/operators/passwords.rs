//! Passwords: of each only its Argon2 hash is kept.

use super::OperatorError;
use crate::redacted::Redacted;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use rand::RngCore as _;
use std::fmt;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 10;
/// Longest password, in characters; hashing a longer one would be work for nothing.
pub(super) const PASSWORD_MAX: usize = 128;
/// Hashing is made slow on purpose: so many at once, or signing in would be a way to keep the machine busy.
static HASHING: Semaphore = Semaphore::const_new(2);
/// A hash nobody knows the password of: an unknown login takes as long as a wrong password.
pub(super) static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now(&hex::encode(random::<16>())).unwrap_or_default());

/// A password nobody has used: 20 letters and digits that are not mistaken for each other.
pub fn new_password() -> Redacted<String> {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random::<20>();
    Redacted::new(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}

pub(super) async fn checked_hash(login: &str, password: &Redacted<String>) -> Result<String, OperatorError> {
    let length = password.expose().chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) || password.expose() == login {
        return Err(OperatorError::Password);
    }
    let password = password.clone();
    slowly(move || hash_now(password.expose())).await
}

pub(super) async fn verify(hash: String, password: &Redacted<String>) -> Result<bool, OperatorError> {
    let password = password.clone();
    slowly(move || {
        // A longer one is nobody's; the rest is hashed all the same, so that the answer takes as long.
        let given: String = password.expose().chars().take(PASSWORD_MAX).collect();
        let whole = given.len() == password.expose().len();
        let hash = PasswordHash::new(&hash).map_err(|error| OperatorError::Hash(error.to_string()))?;
        Ok(Argon2::default().verify_password(given.as_bytes(), &hash).is_ok() && whole)
    })
    .await
}

/// Does slow work beside the tasks that answer requests.
async fn slowly<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OperatorError> + Send + 'static,
) -> Result<T, OperatorError> {
    let failed = |error: &dyn fmt::Display| OperatorError::Hash(error.to_string());
    let _place = HASHING.acquire().await.map_err(|error| failed(&error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?
}

fn hash_now(password: &str) -> Result<String, OperatorError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| OperatorError::Hash(error.to_string()))
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
