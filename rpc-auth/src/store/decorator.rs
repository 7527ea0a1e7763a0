//! A decorator of stores.

use std::net::IpAddr;

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::{
    AccountStore, ApiTokenError, ApiTokenQuery, ApiTokenStore, ConfirmationError, ConfirmationStore, NetworkStore,
    Page, SessionStore, StoreError, UserError, UserQuery, UserStore,
};
use crate::model::{
    ApiTokenId, ApiTokenRecord, Authority, ConfirmationKind, GrantCeiling, GrantsChange, NewConfirmation, NewSession,
    NewUser, OpenedSession, SessionId, SessionRecord, UserChange, UserId, UserRecord,
};
use crate::password::PasswordHash;
use crate::token::hash::TokenHash;

/// Lists each operation of the store traits once: it becomes a method of the decorator that forwards, and one of the trait.
macro_rules! operations {
    ($($store:ident {
        $($operation:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)*
    })*) => {
        /// A store around another one, which forwards what it does not change. For whoever counts, delays, refuses or records
        /// what accounts ask of a storage.
        ///
        /// A type that implements it is an [`AccountStore`]. It has a method for each operation of the store traits, by the same
        /// name, which asks the [`inner`](Self::inner) store; a decorator writes those that it is about. Each operation stays one
        /// operation of the inner store, so that it is as atomic as there.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::sync::atomic::{AtomicU64, Ordering};
        ///
        /// use rpc_auth::{MemoryStore, StoreDecorator, StoreError};
        ///
        /// /// Counts what is asked of a store in memory.
        /// #[derive(Default)]
        /// struct Counted {
        ///     store: MemoryStore,
        ///     operations: AtomicU64,
        /// }
        ///
        /// #[async_trait::async_trait]
        /// impl StoreDecorator for Counted {
        ///     type Inner = MemoryStore;
        ///
        ///     fn inner(&self) -> &MemoryStore {
        ///         &self.store
        ///     }
        ///
        ///     async fn before(&self, _operation: &'static str) -> Result<(), StoreError> {
        ///         self.operations.fetch_add(1, Ordering::Relaxed);
        ///         Ok(())
        ///     }
        /// }
        /// ```
        #[async_trait]
        pub trait StoreDecorator: Send + Sync + 'static {
            /// The type of the store that is decorated.
            type Inner: AccountStore + ?Sized;

            /// The store that is decorated.
            fn inner(&self) -> &Self::Inner;

            /// Called before each operation, with the name of its method.
            ///
            /// # Errors
            ///
            /// The operation is not begun, and fails with this.
            async fn before(&self, operation: &'static str) -> Result<(), StoreError> {
                let _ = operation;
                Ok(())
            }
            $($(
                #[doc = concat!("See [`", stringify!($store), "::", stringify!($operation), "`].")]
                async fn $operation(&self, $($argument: $type),*) -> $result {
                    self.inner().$operation($($argument),*).await
                }
            )*)*
        }

        $(
            #[async_trait]
            impl<D: StoreDecorator> $store for D {
                $(
                    async fn $operation(&self, $($argument: $type),*) -> $result {
                        self.before(stringify!($operation)).await?;
                        StoreDecorator::$operation(self, $($argument),*).await
                    }
                )*
            }
        )*
    };
}

operations! {
    UserStore {
        create_user(user: NewUser) -> Result<UserRecord, UserError>;
        create_root(name: &str, password: PasswordHash, now: Timestamp) -> Result<bool, StoreError>;
        user(id: UserId) -> Result<Option<UserRecord>, StoreError>;
        user_by_login(login: &str) -> Result<Option<UserRecord>, StoreError>;
        user_by_name(name: &str) -> Result<Option<UserRecord>, StoreError>;
        users(query: &UserQuery) -> Result<Page<UserRecord>, StoreError>;
        update_user(id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError>;
        delete_user(id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Result<bool, UserError>;
    }
    SessionStore {
        create_session(session: NewSession, max: usize) -> Result<Option<OpenedSession>, StoreError>;
        session(hash: &TokenHash) -> Result<Option<(SessionRecord, UserRecord)>, StoreError>;
        touch_sessions(used: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;
        delete_session(id: SessionId) -> Result<bool, StoreError>;
        purge_sessions(created: Timestamp, used: Timestamp) -> Result<u64, StoreError>;
    }
    ApiTokenStore {
        create_api_token(
            user: UserId,
            name: &str,
            hash: TokenHash,
            now: Timestamp,
            max: usize,
            by: &Authority,
        ) -> Result<ApiTokenRecord, ApiTokenError>;
        api_token_by_hash(hash: &TokenHash) -> Result<Option<(ApiTokenRecord, UserRecord)>, StoreError>;
        api_token(user: UserId, id: ApiTokenId) -> Result<Option<ApiTokenRecord>, StoreError>;
        api_tokens(user: UserId, query: &ApiTokenQuery) -> Result<Page<ApiTokenRecord>, StoreError>;
        set_api_token_enabled(
            user: UserId,
            id: ApiTokenId,
            enabled: bool,
            by: &Authority,
        ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;
        change_api_token_grants(
            user: UserId,
            id: ApiTokenId,
            change: &GrantsChange,
            by: &Authority,
        ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;
        delete_api_token(
            user: UserId,
            id: ApiTokenId,
            by: &Authority,
        ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;
        touch_api_tokens(used: &[(ApiTokenId, Timestamp)]) -> Result<(), StoreError>;
    }
    ConfirmationStore {
        create_confirmation(confirmation: NewConfirmation) -> Result<bool, StoreError>;
        confirm_email(hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError>;
        reset_password(
            hash: &TokenHash,
            password: PasswordHash,
            now: Timestamp,
        ) -> Result<UserRecord, ConfirmationError>;
        confirmation_user(
            hash: &TokenHash,
            kind: ConfirmationKind,
            now: Timestamp,
        ) -> Result<Option<UserRecord>, StoreError>;
        purge_confirmations(expired: Timestamp) -> Result<u64, StoreError>;
    }
    NetworkStore {
        trust_network(user: UserId, network: IpAddr, until: Timestamp, max: usize) -> Result<(), StoreError>;
        is_trusted_network(user: UserId, network: IpAddr, now: Timestamp) -> Result<bool, StoreError>;
        purge_networks(ended: Timestamp) -> Result<u64, StoreError>;
    }
}
