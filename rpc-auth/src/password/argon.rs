//! Argon2id (RFC 9106) and its PHC strings.

use argon2::password_hash::phc::{self, Output, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

use super::{PasswordHash, Verified, normalised};
use crate::token::RandomError;

/// Bytes of a salt (RFC 9106, 3.1).
const SALT: usize = 16;
/// Bytes of a hash (RFC 9106, 3.1: a tag of 256 bits).
const OUTPUT: usize = 32;

/// Argon2id with the parameters of today.
#[derive(Debug, Clone)]
pub(super) struct Argon {
    argon: Argon2<'static>,
}

impl Argon {
    /// With these parameters, raised to the least that the function takes.
    pub(super) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        let lanes = lanes.clamp(Params::MIN_P_COST, Params::MAX_P_COST);
        let memory = memory_kib.max(lanes * 8);
        let params = Params::new(memory, passes.max(1), lanes, Some(OUTPUT)).expect("no parameter is below its least");
        Self { argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params) }
    }

    /// The PHC string of a password with a new salt.
    pub(super) fn hash(&self, password: &str) -> Result<PasswordHash, RandomError> {
        let mut salt = [0_u8; SALT];
        getrandom::fill(&mut salt).map_err(RandomError)?;
        let output =
            compute(&self.argon, password, &salt, OUTPUT).expect("lengths and parameters are within the limits");
        let phc = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: self.argon.params().try_into().expect("three numbers fit"),
            salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
            hash: Some(output),
        };
        Ok(PasswordHash(phc.to_string().into()))
    }

    /// Whether a password has a hash. Without a usable hash the work is that of a hash of today, and the answer no.
    pub(super) fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Verified {
        let Some(stored) = hash.and_then(Stored::parse) else {
            let _ = compute(&self.argon, password, &[0; SALT], OUTPUT);
            return Verified::No;
        };
        let computed = compute(&stored.argon, password, stored.salt.as_ref(), stored.output.len());
        // `Output` compares in constant time.
        if computed != Some(stored.output) {
            Verified::No
        } else if self.is_stronger_than(&stored) {
            Verified::YesButWeak
        } else {
            Verified::Yes
        }
    }

    /// Whether a hash of today costs a guesser more, in memory or in passes, than a stored one.
    fn is_stronger_than(&self, stored: &Stored) -> bool {
        let (today, then) = (self.argon.params(), stored.argon.params());
        !stored.is_current_function
            || then.m_cost() < today.m_cost()
            || then.t_cost() < today.t_cost()
            || stored.salt.len() < SALT
            || stored.output.len() < OUTPUT
    }
}

/// A PHC string of Argon2, taken apart.
struct Stored {
    argon: Argon2<'static>,
    salt: Salt,
    output: Output,
    is_current_function: bool,
}

impl Stored {
    fn parse(hash: &PasswordHash) -> Option<Self> {
        let phc = phc::PasswordHash::new(hash.expose()).ok()?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
        // A string without a version is of the first one: it has none in its PHC strings.
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let is_current_function = matches!((algorithm, version), (Algorithm::Argon2id, Version::V0x13));
        let argon = Argon2::new(algorithm, version, params);
        Some(Self { argon, salt: phc.salt?, output: phc.hash?, is_current_function })
    }
}

/// `None` when a stored salt is shorter than the function takes, or when there is no memory.
fn compute(argon: &Argon2<'_>, password: &str, salt: &[u8], length: usize) -> Option<Output> {
    let password: String = normalised(password).collect();
    let mut output = vec![0; length];
    argon.hash_password_into(password.as_bytes(), salt, &mut output).ok()?;
    Output::new(&output).ok()
}
