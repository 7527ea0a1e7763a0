//! Argon2id (RFC 9106) and its PHC strings.

use argon2::password_hash::phc::{self, Output, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

use super::buffers::Buffers;
use super::{PasswordHash, Verified};
use crate::token::RandomError;

/// Bytes of a salt (RFC 9106, 3.1).
const SALT: usize = 16;
/// Bytes of a hash (RFC 9106, 3.1: a tag of 256 bits).
const OUTPUT: usize = 32;

/// Argon2id with the parameters of today.
#[derive(Debug)]
pub(super) struct Argon {
    argon: Argon2<'static>,
    buffers: Buffers,
}

impl Argon {
    /// With these parameters, raised to the least that the function takes.
    pub(super) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        let lanes = lanes.clamp(Params::MIN_P_COST, Params::MAX_P_COST);
        let memory = memory_kib.max(lanes * 8);
        let params = Params::new(memory, passes.max(1), lanes, Some(OUTPUT)).expect("no parameter is below its least");
        let buffers = Buffers::new(params.block_count());
        Self { argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), buffers }
    }

    /// The PHC string of a password with a new salt. A password that is too long to be one (`None`) has an unusable hash.
    pub(super) fn hash(&self, password: Option<&str>) -> Result<PasswordHash, RandomError> {
        let mut salt = [0_u8; SALT];
        getrandom::fill(&mut salt).map_err(RandomError)?;
        let output = self.compute(&self.argon, password.unwrap_or_default(), &salt, OUTPUT);
        let output = output.expect("lengths and parameters are within the limits");
        if password.is_none() {
            return Ok(PasswordHash::unusable());
        }
        let phc = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: self.argon.params().try_into().expect("three numbers fit"),
            salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
            hash: Some(output),
        };
        Ok(PasswordHash(phc.to_string().into()))
    }

    /// Whether a password has a hash. Without a usable hash the work is that of a hash of today, and the answer no; for a
    /// password that is too long to be one (`None`) the work is that of another one, and the answer no.
    pub(super) fn verify(&self, password: Option<&str>, hash: Option<&PasswordHash>) -> Verified {
        let (given, is_possible) = (password.unwrap_or_default(), password.is_some());
        let Some(stored) = hash.and_then(Stored::parse) else {
            let _ = self.compute(&self.argon, given, &[0; SALT], OUTPUT);
            return Verified::No;
        };
        let computed = self.compute(&stored.argon, given, stored.salt.as_ref(), stored.output.len());
        // `Output` compares in constant time.
        if computed != Some(stored.output) || !is_possible {
            Verified::No
        } else if self.is_stronger_than(&stored) {
            Verified::YesButWeak
        } else {
            Verified::Yes
        }
    }

    /// `None` when a stored salt is shorter than the function takes, or when there is no memory.
    fn compute(&self, argon: &Argon2<'_>, password: &str, salt: &[u8], length: usize) -> Option<Output> {
        let mut output = vec![0; length];
        self.buffers.with(|buffer| {
            let blocks = buffer.blocks(argon.params().block_count())?;
            argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, blocks).ok()
        })?;
        Output::new(&output).ok()
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
