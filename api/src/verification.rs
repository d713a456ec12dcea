//! Whether log, tables and seals hold: what `teiki verify` finds. Nothing is mended, and nothing but tables for
//! comparison is made, so it may run beside an engine.

use std::path::Path;
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::{LogError, LogEvent, LogReader, Storage, VerifyError};
use teiki_infrastructure::key_ring::examine::examine;
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_infrastructure::seal::{PublicKey, Seal, SealError};
use teiki_infrastructure::store_id::{self, StoreIdError};
use teiki_projections::digest::{Difference, What};
use teiki_projections::{ProjectionError, Projections};

/// Why nothing can be said about a store.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The tables cannot be compared.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// A seal cannot be read or trusted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The members' keys cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store's name cannot be read.
    #[error(transparent)]
    StoreId(#[from] StoreIdError),
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The first position of the log that does not hold; none when the log holds and a table does not.
    pub position: Option<i64>,
    /// What is wrong.
    pub why: String,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// The last position looked at.
    pub head: i64,
    /// The hash of the chain there, hexadecimal; none when the log does not hold.
    pub hash: Option<String>,
    /// Seals held against the log.
    pub seals: usize,
    /// Tables compared with the fold of the log.
    pub tables: usize,
    /// Keys of members looked at.
    pub keys: usize,
    /// Whether they were opened, too; without the file of the master key they cannot be.
    pub keys_opened: bool,
    /// Everything that does not hold; empty when all does.
    pub findings: Vec<Finding>,
}

/// What to do about a damaged file.
const DAMAGED: &str = "stop the engine; where only an index is named, run REINDEX on it with sqlite3, otherwise restore \
    the store from a backup; then verify again";

/// A step of the work, for people who wait: what, how far, of how much.
pub type Progress<'p> = &'p (dyn Fn(&str, i64, i64) + Send + Sync);

/// Looks whether the file of an embedded store is damaged, and says no more of one that is. Holds the log of `storage`
/// against its chain, its streams, this program's events and `seals`, whose signatures must be those of `key`; then the
/// members' keys, which the master key in `key_file` must open, and every table and view, against the log.
pub async fn verify(
    storage: &Storage,
    seals: &[(Seal, PublicKey)],
    key_file: &Path,
    progress: Progress<'_>,
) -> Result<Outcome, VerificationError> {
    let log = LogReader::new(storage.clone());
    let mut outcome =
        Outcome { head: 0, hash: None, seals: 0, tables: 0, keys: 0, keys_opened: false, findings: vec![] };
    for (seal, key) in seals {
        seal.check(key)?;
    }
    progress("file", 0, 0);
    // Whatever is read of a damaged file may be half of what is in it.
    for damage in log.damage().await? {
        let why = format!("the file of the store is damaged: {damage}; {DAMAGED}");
        outcome.findings.push(Finding { position: None, why });
    }
    if !outcome.findings.is_empty() {
        return Ok(outcome);
    }
    let length = log.head().await?;
    let verified = match log.verify_with(|at| progress("log", at, length), judge).await {
        Ok(verified) => verified,
        Err(VerifyError::Log(error)) => return Err(error.into()),
        Err(VerifyError::Broken(broken)) => {
            outcome.head = length;
            outcome.findings.push(Finding { position: Some(broken.position), why: broken.why });
            return Ok(outcome);
        }
    };
    (outcome.head, outcome.hash) = (verified.head, Some(hex::encode(verified.hash)));
    for (seal, _) in seals {
        outcome.seals += 1;
        outcome.findings.extend(against(storage, &log, verified.head, seal).await?);
    }
    outcome.findings.extend(members_keys(storage, key_file, &mut outcome.keys, &mut outcome.keys_opened).await?);
    let projections = Projections::as_they_stand(storage.clone(), log.clone());
    for name in projections.names() {
        if let Some(why) = projections.unsound(name).await? {
            outcome
                .findings
                .push(Finding { position: None, why: format!("{name}: {why}; run `teiki rebuild {name}`") });
            continue;
        }
        let faults = projections.view_faults(name).await?;
        let fault = |fault| Finding { position: None, why: format!("{fault}; run `teiki rebuild {name}`") };
        outcome.findings.extend(faults.into_iter().map(fault));
        let differences = projections.compare_with(name, &|at, of| progress(name, at, of)).await?;
        outcome.findings.extend(differences.iter().map(|difference| different(name, difference)));
        outcome.tables += 1;
    }
    // The position that comes first, first; tables follow from the log.
    outcome.findings.sort_by_key(|finding| finding.position.unwrap_or(i64::MAX));
    Ok(outcome)
}

/// What is wrong with the members' keys.
async fn members_keys(
    storage: &Storage,
    key_file: &Path,
    looked_at: &mut usize,
    opened: &mut bool,
) -> Result<Vec<Finding>, VerificationError> {
    let finding = |why: String| Finding { position: None, why };
    let mut findings = vec![];
    let keys = match KeyRing::look(storage.clone(), key_file).await {
        Ok(keys) => keys,
        Err(error @ (KeyError::Mismatch { .. } | KeyError::Unusable { .. })) => {
            findings.push(finding(error.to_string()));
            None
        }
        Err(error) => return Err(error.into()),
    };
    *opened = keys.is_some();
    let examined = examine(storage, keys.as_ref()).await?;
    *looked_at = examined.keys;
    findings.extend(examined.faults.iter().map(|fault| finding(fault.to_string())));
    Ok(findings)
}

/// Whether an event is one this program knows, in the form its type and version say.
fn judge(event: &LogEvent) -> Result<(), String> {
    let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload).map_err(|error| error.to_string())?;
    match recorded.fits(&event.event_type, &event.event_version) {
        true => Ok(()),
        false => Err(format!(
            "it says to be {} {}, and holds {} of at most {}",
            event.event_type,
            event.event_version,
            recorded.name(),
            recorded.version()
        )),
    }
}

/// Holds a log that is whole in itself against a seal of an earlier moment.
async fn against(
    storage: &Storage,
    log: &LogReader,
    head: i64,
    seal: &Seal,
) -> Result<Option<Finding>, VerificationError> {
    let store = store_id::of(storage).await?;
    if seal.store_id != store {
        let why = format!("the seal of {} is of the store {}, and this is {store}", seal.sealed_at, seal.store_id);
        return Ok(Some(Finding { position: Some(0), why }));
    }
    if head < seal.position {
        let why = format!(
            "the log ends at {}, and was sealed at {} on {}: an older copy was restored, or its end was cut off",
            head, seal.position, seal.sealed_at
        );
        return Ok(Some(Finding { position: Some(head + 1), why }));
    }
    let hash = log.hash_at(seal.position).await?.map(hex::encode);
    Ok((hash.as_ref() != Some(&seal.hash)).then(|| {
        let why = format!(
            "the chain is whole, but not the one sealed on {}: this event or one before it was replaced since",
            seal.sealed_at
        );
        Finding { position: Some(seal.position), why }
    }))
}

fn different(name: &str, difference: &Difference) -> Finding {
    let Difference { table, key, what } = difference;
    let what = match what {
        What::Missing => "is missing".to_owned(),
        What::Surplus => "is not in the log".to_owned(),
        What::Columns(columns) => format!("differs from the log in {}", columns.join(", ")),
    };
    Finding { position: None, why: format!("the row {key} of {table} {what}; run `teiki rebuild {name}`") }
}
