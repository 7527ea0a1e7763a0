//! Which certificates are trusted.

use lettre::transport::smtp;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use thiserror::Error;

use super::fault::SmtpFault;
use super::{SmtpOptions, SmtpServer};

/// How a certificate begins in PEM (RFC 7468).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// A text holds no certificates, or others than can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected certificates in PEM, each beginning with `-----BEGIN CERTIFICATE-----`")]
pub struct CertificatesError;

impl SmtpOptions {
    /// Trusts the certificates of a text in PEM too.
    ///
    /// # Errors
    ///
    /// There are none, or one cannot be read: nothing is trusted then that was not before.
    pub fn trust(&mut self, pem: String) -> Result<(), CertificatesError> {
        if !pem.contains(BEGIN) {
            return Err(CertificatesError);
        }
        let certificates = Certificate::from_pem(pem.as_bytes()).map_err(|_| CertificatesError)?;
        let tried = TlsParameters::builder("mail.example.com".to_owned()).certificate_store(CertificateStore::None);
        tried.add_root_certificate(certificates).build().map_err(|_| CertificatesError)?;
        self.trusted.push(pem);
        Ok(())
    }
}

/// What is trusted. The certificates of the system are read from its files, each time, so that new ones count at once. A server on
/// this machine is trusted whatever its certificate says.
pub(super) async fn tls_parameters(
    server: &SmtpServer,
    options: &SmtpOptions,
    is_local: bool,
) -> Result<TlsParameters, SmtpFault> {
    let fault = |error: smtp::Error| SmtpFault::of_connection(&error, server);
    let mut parameters = TlsParameters::builder(server.hostname.clone());
    for trusted in &options.trusted {
        parameters = parameters.add_root_certificate(Certificate::from_pem(trusted.as_bytes()).map_err(fault)?);
    }
    if is_local {
        parameters = parameters.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
        parameters = parameters.certificate_store(CertificateStore::None);
    }
    let built = tokio::task::spawn_blocking(move || parameters.build()).await;
    built.map_err(|error| SmtpFault::Tls(error.to_string()))?.map_err(fault)
}
