//! One order: from names to a chain and its key (RFC 8555, section 7.4).

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::challenges::{Answer, Answers};
use super::error::Failure;
use super::limits::DECIDE_WITHIN;
use super::name::Name;
use crate::certificate::Certificate;

const POLL: RetryPolicy = RetryPolicy::new().timeout(DECIDE_WITHIN);

/// What is ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) names: &'a [Name],
    pub(super) profile: Option<&'a str>,
    /// The certificate that this order renews (RFC 9773, section 5).
    pub(super) replaces: Option<&'a Certificate>,
}

/// Orders a certificate. The result is its key, which is new, and its chain, both in PEM form.
pub(super) async fn order(
    account: &Account,
    wanted: Wanted<'_>,
    answers: &Answers,
) -> Result<String, Failure> {
    let mut order = begin(account, wanted).await?;
    let given = answer(&mut order, answers).await?;
    if order.state().status == OrderStatus::Pending {
        match order.poll_ready(&POLL).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(why_invalid(&mut order, no_reason()).await),
            Err(error @ Error::Api(_)) => return Err(why_invalid(&mut order, error.into()).await),
            Err(error) => return Err(error.into()),
        }
    }
    drop(given);
    let (key, request) =
        request(wanted.names).map_err(|error| Failure::Answer(error.to_string()))?;
    order.finalize_csr(&request).await?;
    let chain = order.poll_certificate(&POLL).await?;
    Ok(key + &chain)
}

/// An order that replaces a certificate has better rate limits. A CA may not know the certificate any more: then the
/// order is an ordinary one.
async fn begin(account: &Account, wanted: Wanted<'_>) -> Result<Order, Failure> {
    let identifiers: Vec<Identifier> = wanted.names.iter().map(identifier).collect();
    let new = || {
        let new = NewOrder::new(&identifiers);
        match wanted.profile {
            Some(profile) => new.profile(profile),
            None => new,
        }
    };
    if let Some(replaces) = wanted.replaces.and_then(identify) {
        match account.new_order(&new().replaces(replaces)).await {
            Ok(order) => return Ok(order),
            Err(error @ Error::Api(_)) => {
                let failure = Failure::from(error);
                if failure.is("rateLimited") || failure.is("accountDoesNotExist") {
                    return Err(failure);
                }
            }
            Err(Error::Unsupported(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(account.new_order(&new()).await?)
}

/// The CA's name for a certificate.
pub(super) fn identify(certificate: &Certificate) -> Option<CertificateIdentifier<'static>> {
    let first = certificate.key.cert.first()?;
    Some(CertificateIdentifier::try_from(first).ok()?.into_owned())
}

fn identifier(name: &Name) -> Identifier {
    match name {
        Name::Dns(name) => Identifier::Dns(name.clone()),
        Name::Ip(ip) => Identifier::Ip(*ip),
    }
}

/// Answers one challenge for each name that is not proven yet, and says so to the CA.
async fn answer(order: &mut Order, answers: &Answers) -> Result<Vec<Answer>, Failure> {
    let kind = answers.challenge_type();
    let mut given = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let name = match authorization.identifier().identifier {
            Identifier::Dns(name) => Name::Dns(name.clone()),
            Identifier::Ip(ip) => Name::Ip(*ip),
            _ => return Err(Failure::Answer("the order has a name of an unknown kind".into())),
        };
        let offered: Vec<String> =
            authorization.challenges.iter().map(|it| type_name(&it.r#type)).collect();
        let Some(mut challenge) = authorization.challenge(kind.clone()) else {
            let (wanted, name) = (type_name(&kind), name.to_string());
            return Err(Failure::NoChallenge { wanted, name, offered: offered.join(", ") });
        };
        given.push(answers.give(&name, &challenge.token, &challenge.key_authorization())?);
        challenge.set_ready().await?;
    }
    Ok(given)
}

/// As RFC 8555 writes it.
fn type_name(kind: &ChallengeType) -> String {
    let name = match kind {
        ChallengeType::Http01 => "http-01",
        ChallengeType::Dns01 => "dns-01",
        ChallengeType::TlsAlpn01 => "tls-alpn-01",
        ChallengeType::DeviceAttest01 => "device-attest-01",
        ChallengeType::Unknown(name) => name,
        _ => "another",
    };
    name.to_owned()
}

/// The CA's words are in the challenge that failed; else they are those of the order.
async fn why_invalid(order: &mut Order, of_order: Failure) -> Failure {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|it| it.error.clone()) {
            return problem.into();
        }
    }
    of_order
}

fn no_reason() -> Failure {
    Failure::Answer("the order is invalid, and no reason is given".into())
}

/// A new key, and the request for a certificate with it.
fn request(names: &[Name]) -> Result<(String, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    Ok((key.serialize_pem(), request.der().to_vec()))
}
