//! What mails say.

mod files;

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};
use thiserror::Error;

use super::{ContentError, Mail};

/// What a mail is about. Each has a template for text, `<name>.txt`, and one for HTML, `<name>.html`. The first line of the
/// text is `Subject:` and the subject, the second is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// Confirm that this is your address.
    ConfirmEmail,
    /// Set a new password.
    ResetPassword,
    /// Set the first password: the account was made without one.
    SetPassword,
    /// Somebody tried to sign up with your address.
    AddressInUse,
    /// Your account has another address now.
    AddressChanged,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::ConfirmEmail, Self::ResetPassword, Self::SetPassword, Self::AddressInUse, Self::AddressChanged];

    /// The name of its templates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm-email",
            Self::ResetPassword => "reset-password",
            Self::SetPassword => "set-password",
            Self::AddressInUse => "address-in-use",
            Self::AddressChanged => "address-changed",
        }
    }

    /// What a link in it leads to; the token follows. `None` when it holds no link.
    #[must_use]
    pub const fn link_path(self) -> Option<&'static str> {
        match self {
            Self::ConfirmEmail => Some("#/confirm-email/"),
            Self::ResetPassword | Self::SetPassword => Some("#/reset-password/"),
            Self::AddressInUse | Self::AddressChanged => None,
        }
    }
}

/// What templates may name. Naming anything else is an error.
#[derive(Debug, Clone, Default)]
pub struct MailVariables {
    /// `app_name`: the application's name.
    pub app_name: String,
    /// `app_url`: where users find its pages; none while that is not set.
    pub app_url: Option<String>,
    /// `user_name`: whom the mail is for. An empty text where that is not known to be so, and where the name reads as a link:
    /// programs that show mails make links of such names, with whoever chose the name behind them.
    pub user_name: Option<String>,
    /// `link`: what to open; defined in mails with a link only.
    pub link: Option<String>,
    /// `lifetime`: for how long the link is good, in words; defined in mails with a link only.
    pub lifetime: Option<String>,
}

/// A template cannot be used.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// A file of the folder cannot be read.
    #[error("{file} cannot be read: {source}")]
    Unreadable {
        /// Which one.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A template is wrong, or names what is not there.
    #[error("{file}: {reason}")]
    Wrong {
        /// Which one.
        file: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// It makes no mail.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// The templates of all mails.
#[derive(Debug)]
pub struct MailTemplates(Environment<'static>);

impl MailTemplates {
    /// The templates that the application brings.
    ///
    /// # Errors
    ///
    /// None: a test holds them to their form.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::load(None)
    }

    /// The templates of a folder; where a file is missing, the one that the application brings.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or makes no mail from what it is given.
    pub fn from_folder(folder: &Path) -> Result<Self, TemplateError> {
        Self::load(Some(folder))
    }

    fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_syntax(syntax()?);
        templates
            .set_auto_escape_callback(|file| if file.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
        for (file, built_in) in files::BUILT_IN {
            let text = files::read(folder, file)?.unwrap_or_else(|| built_in.to_owned());
            templates.add_template_owned(file, text).map_err(|error| wrong(file, &error))?;
        }
        let templates = Self(templates);
        MailKind::ALL.into_iter().try_for_each(|kind| templates.rehearse(kind))?;
        Ok(templates)
    }

    /// Makes a mail of made-up values, so that a faulty template is found at start.
    fn rehearse(&self, kind: MailKind) -> Result<(), TemplateError> {
        for (app_url, user_name) in [(None, None), (Some("https://app.example.com"), Some("ann"))] {
            let variables = MailVariables {
                app_name: "app".to_owned(),
                app_url: app_url.map(str::to_owned),
                user_name: user_name.map(str::to_owned),
                link: kind.link_path().map(|path| format!("https://app.example.com{path}token")),
                lifetime: kind.link_path().map(|_| "24 hours".to_owned()),
            };
            self.render(kind, "ann@example.com", &variables)?;
        }
        Ok(())
    }

    /// Makes a mail.
    ///
    /// # Errors
    ///
    /// A template names what is not there, or what it makes is no mail.
    pub fn render(&self, kind: MailKind, to: &str, variables: &MailVariables) -> Result<Mail, TemplateError> {
        let (text_file, html_file) = (format!("{}.txt", kind.name()), format!("{}.html", kind.name()));
        let text = self.fill(&text_file, variables, |url| Value::from(url))?;
        let html = self.fill(&html_file, variables, |url| Value::from_safe_string(escaped(url)))?;
        let (subject, body) = subject_and_body(&text).ok_or_else(|| TemplateError::Wrong {
            file: text_file,
            reason: "expected \"Subject:\" and a subject in the first line, and nothing in the second".to_owned(),
        })?;
        Ok(Mail::new(to, subject, body, html)?)
    }

    fn fill(&self, file: &str, variables: &MailVariables, url: fn(&str) -> Value) -> Result<String, TemplateError> {
        let app_name = &variables.app_name;
        let user_name = variables.user_name.as_deref().filter(|name| !reads_as_link(name)).unwrap_or_default();
        let app_url = variables.app_url.as_deref().map(url);
        let link = variables.link.as_deref().map_or(Value::UNDEFINED, url);
        let lifetime = variables.lifetime.as_ref().map_or(Value::UNDEFINED, Value::from);
        let values = context! { app_name, app_url, user_name, link, lifetime };
        let template = self.0.get_template(file).map_err(|error| wrong(file, &error))?;
        template.render(values).map_err(|error| wrong(file, &error))
    }
}

/// A line that holds nothing but a block leaves no line behind.
fn syntax() -> Result<SyntaxConfig, TemplateError> {
    let syntax = SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build();
    syntax.map_err(|error| wrong("the syntax of templates", &error))
}

fn wrong(file: &str, error: &minijinja::Error) -> TemplateError {
    let location = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UndefinedError => "it names a variable that this mail does not have".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    TemplateError::Wrong { file: file.to_owned(), reason: format!("{location}{what}") }
}

/// Whether a program that shows mails may take a name for a host, or an address: both have a dot or an `@`.
fn reads_as_link(name: &str) -> bool {
    name.contains(['.', '@'])
}

/// Escapes a URL for HTML. Unlike the engine's own way it leaves slashes as they are, so that the link stays readable.
fn escaped(link: &str) -> String {
    link.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;")
}

fn subject_and_body(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let (second, body) = rest.split_once('\n')?;
    let subject = first.strip_prefix("Subject:")?.trim();
    (second.trim().is_empty() && !subject.is_empty()).then_some((subject, body))
}

#[cfg(test)]
mod tests;
