//! The mailbox behind an address.

/// Domains whose mailboxes are found with any dots before the `@`, each with the one that they are counted under. Google: "Dots
/// don't matter in Gmail addresses" (support.google.com/mail/answer/7436150); googlemail.com is gmail.com
/// (support.google.com/mail/answer/10313).
const WITHOUT_DOTS: [(&str, &str); 2] = [("gmail.com", "gmail.com"), ("googlemail.com", "gmail.com")];

/// What addresses of one mailbox have in common: lower case, no tag (RFC 5233: what follows a `+`), and no dots where the
/// provider ignores them. To count by, never to send to: servers elsewhere may keep two mailboxes of this form apart.
#[must_use]
pub fn mailbox(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    // A tag of nothing is a name.
    let name = local.split_once('+').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(local);
    let domain = domain.trim_end_matches('.');
    match WITHOUT_DOTS.iter().find(|(with_dots, _)| *with_dots == domain) {
        Some((_, counted)) => format!("{}@{counted}", name.replace('.', "")),
        None => format!("{name}@{domain}"),
    }
}
