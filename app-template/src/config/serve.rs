//! The configuration of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rpc_auth::{AccountOptions, Secret, TokenFormat};
use rpc_core::http::{HttpService, ServiceFault, TrustedProxies};
use rpc_core::{Api, Limits};
use serde_json::{Map, Value};

use super::error::{ConfigError, Faults};
use super::limits::MethodConfig;
use super::option::OptionSpec;
use super::own_values::OwnValues;
use super::sources::{Reader, Sources};
use super::storage::StorageConfig;
use super::table::{
    ALLOWED_ORIGINS, APP_URL, AVATARS, BIND, CONFIRMATION_LIFE, DRAIN_TIME, FORWARDED_HEADER, HASH_ITERATIONS,
    HASH_MEMORY, HASH_PARALLEL, MAIL_DRAIN_TIME, MAIL_TEMPLATES, MAILS_PER_HOUR, METRICS_BIND, NO_BANNER,
    PASSWORD_MIN_LENGTH, PORT, PUBLIC_URL, RESET_LIFE, ROOT_PASSWORD, ROOT_PASSWORD_OUT, RPC_PREFIX, SESSION_ABSOLUTE,
    SESSION_IDLE, SIGN_UP, SMTP_CA_CERTIFICATES, SMTP_EHLO_NAME, SMTP_FROM, SMTP_HOSTNAME, SMTP_PASSWORD, SMTP_PORT,
    SMTP_TLS, SMTP_USERNAME, THROTTLE_FIRST_DELAY, THROTTLE_FORGET_AFTER, THROTTLE_FREE_PER_ADDRESS,
    THROTTLE_FREE_PER_NAME, THROTTLE_FREE_PER_PAIR, THROTTLE_MAX_DELAY, THROTTLE_TRUST_FOR, TRUSTED_PROXIES,
    USERNAME_IS_EMAIL,
};
use super::value::{Origins, Prefix, PublicUrl};
use crate::app::AppOptions;
use crate::mail::SmtpOptions;
use crate::settings::SettingsChange;

/// Settings of the application that administrators may change later.
const FIRST_SETTINGS: [&OptionSpec; 6] =
    [&APP_URL.spec, &SMTP_FROM.spec, &SMTP_HOSTNAME.spec, &SMTP_PORT.spec, &SMTP_USERNAME.spec, &SMTP_PASSWORD.spec];

/// How to serve.
#[derive(Debug, Clone)]
pub(crate) struct ServeConfig {
    pub(crate) address: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) rpc_prefix: Prefix,
    pub(crate) origins: Origins,
    pub(crate) proxies: TrustedProxies,
    /// For calls, at the stop.
    pub(crate) drain: Duration,
    /// For mails and work in the background, after that.
    pub(crate) mail_drain: Duration,
    /// Where metrics are served.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) no_banner: bool,
    pub(crate) storage: StorageConfig,
    pub(crate) root: RootConfig,
    /// What administrators may change later.
    pub(crate) first: SettingsChange,
    pub(crate) templates: Option<PathBuf>,
    /// A file with certificates that mail servers may have.
    pub(crate) smtp_certificates: Option<PathBuf>,
    pub(crate) app: AppOptions,
    pub(crate) limits: Limits,
    pub(crate) methods: Vec<MethodConfig>,
    pub(crate) own: OwnValues,
}

/// How the root user is made.
#[derive(Debug, Clone)]
pub(crate) struct RootConfig {
    pub(crate) password: Option<Secret>,
    /// What set the password, for a fault of it.
    pub(crate) source: String,
    /// Where a generated password is written to.
    pub(crate) out: Option<PathBuf>,
}

impl ServeConfig {
    /// Whether there is something to check with the methods.
    pub(crate) fn depends_on_methods(&self) -> bool {
        !self.methods.is_empty() || self.rpc_prefix.as_str() != RPC_PREFIX.spec.default
    }

    /// Refuses what the file says of methods that an API has not, and a prefix that hides some that it has.
    pub(crate) fn check_methods(&self, api: &Api) -> Result<(), ConfigError> {
        MethodConfig::check(&self.methods, api)?;
        self.check_service(&HttpService::new(api.clone()).rpc_prefix(self.rpc_prefix.as_str()))
    }

    /// Refuses what the service that it makes cannot be, each fault with the option that says so.
    pub(crate) fn check_service(&self, service: &HttpService) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        for fault in service.faults() {
            let option = match &fault {
                ServiceFault::BadOrigin { origin, .. } if self.is_of_public_url(origin) => PUBLIC_URL.spec.name,
                ServiceFault::BadOrigin { .. } => ALLOWED_ORIGINS.spec.name,
                _ => RPC_PREFIX.spec.name,
            };
            faults.add(format!("{option}: {fault}"));
        }
        faults.finish()
    }

    fn is_of_public_url(&self, origin: &str) -> bool {
        let path = |url: &str| url.strip_prefix(origin).is_some_and(|path| path.is_empty() || path.starts_with('/'));
        self.public_url.as_ref().is_some_and(|url| path(&url.to_string()))
    }
}

impl Sources {
    /// The configuration of `serve`, for an application with a name and tokens.
    pub(crate) fn serve(&self, name: &str, tokens: TokenFormat) -> Result<ServeConfig, ConfigError> {
        let mut reader = Reader::new(self);
        let networks = reader.optional(&TRUSTED_PROXIES).unwrap_or_default().0;
        let config = ServeConfig {
            address: SocketAddr::new(reader.required(&BIND), reader.required(&PORT)),
            public_url: reader.optional(&PUBLIC_URL),
            rpc_prefix: reader.required(&RPC_PREFIX),
            origins: reader.optional(&ALLOWED_ORIGINS).unwrap_or_default(),
            proxies: TrustedProxies::new(networks, reader.required(&FORWARDED_HEADER)),
            drain: reader.required(&DRAIN_TIME),
            mail_drain: reader.required(&MAIL_DRAIN_TIME),
            metrics: reader.optional(&METRICS_BIND),
            no_banner: reader.required(&NO_BANNER),
            storage: reader.storage(),
            root: reader.root(),
            first: reader.first_settings(),
            templates: reader.optional(&MAIL_TEMPLATES),
            smtp_certificates: reader.optional(&SMTP_CA_CERTIFICATES),
            app: AppOptions {
                accounts: reader.accounts(name, tokens.clone()),
                avatars: reader.required(&AVATARS),
                smtp: reader.smtp(),
                ..AppOptions::new(name, tokens)
            },
            limits: reader.limits(),
            methods: reader.methods(),
            own: reader.own(),
        };
        reader.rules(&config);
        reader.faults.finish().map(|()| config)
    }
}

impl Reader<'_> {
    fn root(&mut self) -> RootConfig {
        let source = self.found(&ROOT_PASSWORD.spec).map(|found| found.source.to_string()).unwrap_or_default();
        let password = if source.is_empty() { None } else { self.optional(&ROOT_PASSWORD) };
        RootConfig { password, source, out: self.optional(&ROOT_PASSWORD_OUT) }
    }

    fn accounts(&mut self, name: &str, tokens: TokenFormat) -> AccountOptions {
        let mut options = AccountOptions::new(name, tokens);
        options.sign_up = self.required(&SIGN_UP);
        options.username_is_email = self.required(&USERNAME_IS_EMAIL);
        options.passwords.min_chars = self.required(&PASSWORD_MIN_LENGTH).get();
        options.session_idle = self.required(&SESSION_IDLE);
        options.session_absolute = self.required(&SESSION_ABSOLUTE);
        options.confirmation_life = self.required(&CONFIRMATION_LIFE);
        options.reset_life = self.required(&RESET_LIFE);
        options.mails_per_hour = self.required(&MAILS_PER_HOUR).get();
        options.throttle.free_per_pair = self.required(&THROTTLE_FREE_PER_PAIR);
        options.throttle.free_per_name = self.required(&THROTTLE_FREE_PER_NAME);
        options.throttle.free_per_address = self.required(&THROTTLE_FREE_PER_ADDRESS);
        options.throttle.first_delay = self.required(&THROTTLE_FIRST_DELAY);
        options.throttle.max_delay = self.required(&THROTTLE_MAX_DELAY);
        options.throttle.forget_after = self.required(&THROTTLE_FORGET_AFTER);
        options.throttle.trust_for = self.required(&THROTTLE_TRUST_FOR);
        options.hasher.memory_kib = self.required(&HASH_MEMORY).kib();
        options.hasher.passes = self.required(&HASH_ITERATIONS).get();
        if let Some(parallel) = self.optional(&HASH_PARALLEL) {
            options.hasher.parallel = parallel.get();
        }
        options
    }

    fn smtp(&mut self) -> SmtpOptions {
        let ehlo_name = self.optional(&SMTP_EHLO_NAME).map(|name| name.0);
        SmtpOptions { tls: self.required(&SMTP_TLS), ehlo_name, ..SmtpOptions::default() }
    }

    /// The first values of what administrators may change later, held to the same rules.
    fn first_settings(&mut self) -> SettingsChange {
        let mut members = Map::new();
        let smtp_port = self.optional(&SMTP_PORT);
        for spec in FIRST_SETTINGS {
            let Some(found) = self.found(spec) else { continue };
            let value = match smtp_port {
                Some(port) if spec.name == SMTP_PORT.spec.name => port.into(),
                None if spec.name == SMTP_PORT.spec.name => continue,
                _ => Value::String(found.text),
            };
            members.insert(member(spec), value);
        }
        SettingsChange::parse(&members).unwrap_or_else(|violations| {
            for violation in violations {
                let spec = FIRST_SETTINGS.into_iter().find(|spec| violation.pointer == format!("/0/{}", member(spec)));
                let found = spec.and_then(|spec| Some((spec, self.found(spec)?)));
                let fault =
                    found.map_or_else(String::new, |(spec, found)| found.fault(spec, lower(&violation.message)));
                self.faults.add(fault);
            }
            SettingsChange::default()
        })
    }
}

/// The name of a setting in the API.
fn member(spec: &OptionSpec) -> String {
    spec.name.replace('-', "_")
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_ascii_lowercase().to_string() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rpc_auth::{HasherOptions, PasswordPolicy, ThrottleOptions, TokenFormat};
    use rpc_core::{Limits, Rate};

    use super::{AccountOptions, ServeConfig, Sources};
    use crate::config::option::Range;
    use crate::config::table::{METHOD_OPTIONS, OPTIONS};
    use crate::mail::SmtpTls;

    fn serve(variables: &[(&str, &str)], file: &str) -> Result<ServeConfig, String> {
        let sources = Sources::of(&[], variables, file).unwrap();
        sources.serve("app", TokenFormat::new("app").unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_default_is_a_value() {
        for spec in OPTIONS.iter().filter(|spec| !spec.default.is_empty()) {
            assert!(spec.takes(spec.default), "{}", spec.name);
        }
    }

    #[test]
    fn every_bound_is_a_value_and_what_is_beyond_is_none() {
        for spec in OPTIONS.iter().chain(METHOD_OPTIONS) {
            let Some(Range { min, max }) = spec.range else { continue };
            assert!(spec.takes(min) && spec.takes(max), "{}: {min} to {max}", spec.name);
            assert!(!spec.takes("99999999999999999999"), "{}", spec.name);
        }
        let long = "x".repeat(8193);
        assert!(OPTIONS.iter().all(|spec| !spec.takes(&long)));
    }

    #[test]
    fn the_defaults_are_those_of_the_crates() {
        let config = serve(&[], "").unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8080");
        assert_eq!((config.public_url, config.no_banner, config.drain.as_secs()), (None, false, 10));
        assert_eq!(config.limits, Limits::default());
        let (accounts, crates) = (config.app.accounts, AccountOptions::new("app", TokenFormat::new("app").unwrap()));
        assert_eq!(accounts.hasher, HasherOptions::default());
        assert_eq!(accounts.throttle, ThrottleOptions::default());
        assert_eq!(accounts.passwords, PasswordPolicy::default());
        assert_eq!(format!("{accounts:?}"), format!("{crates:?}"));
    }

    #[test]
    fn every_limit_has_a_key_of_its_name() {
        let text = format!("{:?}", Limits::default());
        let names = text.split(['{', ',']).filter_map(|part| part.split_once(':')).map(|(name, _)| name.trim());
        let names: Vec<String> = names.map(|name| name.replace('_', "-")).collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(OPTIONS.iter().any(|spec| spec.name == name), "{name}");
        }
    }

    #[test]
    fn names_of_keys_differ_and_none_looks_like_that_of_a_file() {
        for (index, spec) in OPTIONS.iter().enumerate() {
            assert!(!spec.name.ends_with("-file") && spec.name != "config", "{}", spec.name);
            assert!(OPTIONS[..index].iter().all(|other| other.name != spec.name), "{}", spec.name);
            assert!(!spec.text.is_empty() && !spec.text.ends_with('.'), "{}", spec.name);
        }
    }

    #[test]
    fn the_first_settings_are_held_to_the_rules_of_the_api() {
        for (variable, value, fault) in [
            ("APP_SMTP_PORT", "0", Some("APP_SMTP_PORT is \"0\": ")),
            ("APP_SMTP_PORT", "mail", Some("APP_SMTP_PORT is \"mail\": expected a number from 1 to 65535")),
            ("APP_SMTP_HOSTNAME", "a b", Some("APP_SMTP_HOSTNAME is \"a b\": expected ")),
            ("APP_SMTP_PASSWORD", "canary\n", Some("APP_SMTP_PASSWORD: expected ")),
            ("APP_APP_URL", "ftp://x", Some("APP_APP_URL is \"ftp://x\": expected ")),
            ("APP_APP_URL", "https://app.example.com", None),
        ] {
            match (serve(&[(variable, value)], ""), fault) {
                (Ok(_), None) => {}
                (Err(error), Some(fault)) => assert!(error.starts_with(fault), "{error}"),
                (result, _) => panic!("{variable}={value}: {:?}", result.err()),
            }
        }
    }

    #[test]
    fn how_mail_servers_are_spoken_with_is_set() {
        let default = serve(&[], "").unwrap().app.smtp;
        assert_eq!((default.tls, default.ehlo_name), (SmtpTls::Auto, None));
        let smtp = serve(&[("APP_SMTP_TLS", "implicit")], "smtp-ehlo-name = \"app.example.com\"").unwrap().app.smtp;
        assert_eq!((smtp.tls, smtp.ehlo_name.as_deref()), (SmtpTls::Implicit, Some("app.example.com")));
        let fault = serve(&[("APP_SMTP_TLS", "none")], "").unwrap_err();
        assert_eq!(fault, "APP_SMTP_TLS is \"none\": expected auto, implicit or starttls");
    }

    #[test]
    fn a_method_has_limits_of_its_own() {
        let file = "[methods.\"/v1/a/b\"]\nconcurrency = 1\nrate = \"5/min\"\nmax-body = \"2 KiB\"";
        let limits = serve(&[], file).unwrap().methods[0].limits;
        assert_eq!((limits.concurrency, limits.max_body, limits.timeout), (Some(1), Some(2048), None));
        assert!(matches!(limits.rate, Some(Rate { calls: 5, .. })));
        let fault = Sources::of(&[], &[], "[methods.\"/v1/a/b\"]\n\nconcurrency = 0").unwrap_err().to_string();
        assert_eq!(fault, "app.toml:3: concurrency is \"0\": expected a whole number from 1 to 1000000");
    }
}
