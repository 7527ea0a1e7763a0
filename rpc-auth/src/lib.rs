//! Tokens, and who they stand for, for APIs made with `rpc-core`.
//!
//! A [`TokenFormat`] makes the tokens of an application and reads them back: a wrong one is told from a right one by its
//! checksum, before anything is looked up. [`FixedTokens`] is an `Authenticator` over a table that is given at start.
//!
//! ```
//! use rpc_auth::{FixedTokens, TokenFormat, TokenKind};
//! use rpc_core::User;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let format = TokenFormat::new("shop")?;
//! let token = format.generate(TokenKind::Api)?;
//! assert!(token.expose().starts_with("shop_api_"));
//!
//! let tokens = FixedTokens::new(format).with(&token, User::new("2", "ann").by_api_token());
//! # let _ = tokens; // Api::builder().authenticator(tokens)
//! # Ok(())
//! # }
//! ```

mod accounts;
mod api_error;
mod authenticator;
#[cfg(feature = "conformance")]
pub mod conformance;
mod fixed;
mod mail;
mod memory;
mod model;
mod names;
mod password;
#[cfg(feature = "postgres")]
pub mod postgres;
mod secret;
mod store;
mod throttle;
mod token;

pub use crate::accounts::{
    AccountError, AccountOptions, AccountParts, Accounts, CreatedUser, Field, FieldFault, Password, RootUser, SignUp,
    SignUpFields, SignedIn, Target, UserFields,
};
pub use crate::authenticator::{CacheCounters, CachedAuthenticator};
pub use crate::fixed::FixedTokens;
pub use crate::mail::{AccountMail, AccountMailKind, AccountMailer, MailCause};
pub use crate::memory::MemoryStore;
pub use crate::model::id::IdError;
pub use crate::model::{
    ApiTokenId, ApiTokenRecord, Authority, AuthorityError, CallerRights, ConfirmationKind, Credential, GrantCeiling,
    Grants, GrantsChange, NewConfirmation, NewSession, NewUser, OpenedSession, PermissionState, SessionId,
    SessionRecord, SessionsChange, UserChange, UserId, UserRecord, Vocabulary,
};
pub use crate::names::{NameFault, ROOT_NAME, email, mailbox, telegram_name, token_name, user_name};
pub use crate::password::{
    HasherBusy, HasherCounters, HasherOptions, PasswordFault, PasswordHash, PasswordHasher, PasswordPolicy, Verified,
    generate_password,
};
pub use crate::secret::Secret;
pub use crate::store::{
    AccountStore, ApiTokenError, ApiTokenQuery, ApiTokenStore, ConfirmationError, ConfirmationStore, NetworkStore,
    Page, PageRequest, SessionStore, StoreDecorator, StoreError, UserError, UserQuery, UserSort, UserStore,
};
pub use crate::throttle::{MailQuota, PendingSignIn, RateLimited, SignInAttempt, SignInThrottle, ThrottleOptions};
pub use crate::token::hash::{HashError, TokenHash};
pub use crate::token::{AppNameError, ParsedToken, RandomError, TokenFormat, TokenKind};
