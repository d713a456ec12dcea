//! The chain of hashes, in two levels: an event's *digest* covers the event and its position, its *hash* covers the
//! digest and the hash before it. Whoever has the digests alone can follow the chain without seeing the events.

use sha2::{Digest as _, Sha256};

/// A hash of the chain.
pub(super) type Hash = [u8; 32];

/// What stands before the first event.
pub(super) const GENESIS: Hash = [0; 32];

/// One event as the chain sees it.
pub(super) struct Link<'e> {
    pub(super) position: i64,
    pub(super) aggregate_type: &'e str,
    pub(super) aggregate_id: &'e str,
    pub(super) sequence: i64,
    pub(super) event_type: &'e str,
    pub(super) event_version: &'e str,
    pub(super) payload: &'e str,
    pub(super) metadata: &'e str,
    pub(super) recorded_at: &'e str,
}

impl Link<'_> {
    /// `SHA-256(for each field: its length as 8 bytes, most significant first ‖ its bytes)`; numbers are fields of 8
    /// bytes. The lengths keep two different events from having the same bytes.
    pub(super) fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        for field in [
            &self.position.to_be_bytes()[..],
            self.aggregate_type.as_bytes(),
            self.aggregate_id.as_bytes(),
            &self.sequence.to_be_bytes()[..],
            self.event_type.as_bytes(),
            self.event_version.as_bytes(),
            self.payload.as_bytes(),
            self.metadata.as_bytes(),
            self.recorded_at.as_bytes(),
        ] {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        hasher.finalize().into()
    }

    /// `SHA-256(before ‖ digest)`.
    pub(super) fn hash(&self, before: &Hash) -> Hash {
        Sha256::new().chain_update(before).chain_update(self.digest()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link<'static> {
        Link {
            position: 1,
            aggregate_type: "order",
            aggregate_id: "O-1",
            sequence: 1,
            event_type: "OrderGenerated",
            event_version: "1.0.0",
            payload: "{}",
            metadata: "{}",
            recorded_at: "2026-01-31T15:00:00.000000Z",
        }
    }

    #[test]
    fn the_form_is_fixed_for_ever() {
        // A change here makes every existing log unverifiable. Computed apart from this code, with Python's hashlib.
        assert_eq!(hex::encode(link().digest()), "dddb8665cb00963801c6d868dd92039ea51d51e7342f45fb67c6a50719512371");
        assert_eq!(
            hex::encode(link().hash(&GENESIS)),
            "c2dabe34ca9f0447c2cb62e1e7c43a73d07f4dc9341f2b745ef2f86da3fa970d"
        );
    }

    #[test]
    fn every_field_and_the_border_between_fields_count() {
        let before = link().hash(&GENESIS);
        let others = [
            Link { position: 2, ..link() },
            Link { aggregate_type: "orde", aggregate_id: "rO-1", ..link() },
            Link { sequence: 2, ..link() },
            Link { event_type: "OrderGenerated1", event_version: ".0.0", ..link() },
            Link { payload: "{}{", metadata: "}", ..link() },
            Link { recorded_at: "2026-01-31T15:00:00.000001Z", ..link() },
        ];
        for other in others {
            assert_ne!(other.hash(&GENESIS), before);
        }
        assert_ne!(link().hash(&before), before);
    }
}
