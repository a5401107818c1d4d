//! The account at the CA, and its file.

use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::error::Failure;
use super::http::Guarded;
use crate::folder::Folder;

const FILE: &str = "account.json";

#[derive(Serialize, Deserialize)]
struct Kept {
    contact: Option<String>,
    credentials: AccountCredentials,
}

/// Opens the account in the folder, or makes one if there is none.
pub(super) async fn open(
    folder: &Folder,
    directory: &str,
    contact: Option<&str>,
    http: Guarded,
) -> Result<Account, Failure> {
    let file = folder.read(FILE).map_err(|error| Failure::File(error.to_string()))?;
    let kept = match file.map(|text| serde_json::from_str::<Kept>(&text)) {
        Some(Ok(kept)) => kept,
        Some(Err(error)) => {
            let path = folder.path(FILE);
            warn!(path = %path.display(), %error, "ACME account is damaged, a new one replaces it");
            return create(folder, directory, contact, http).await;
        }
        None => return create(folder, directory, contact, http).await,
    };
    let before = kept.contact.clone();
    let again = serde_json::to_string(&kept.credentials);
    let builder = Account::builder_with_http(Box::new(http));
    let account = builder.from_credentials(kept.credentials).await?;
    if before.as_deref() != contact {
        let contacts: Vec<&str> = contact.into_iter().collect();
        account.update_contacts(&contacts).await?;
        let credentials = again.and_then(|text| serde_json::from_str(&text));
        let credentials = credentials.map_err(|error| Failure::File(error.to_string()))?;
        keep(folder, contact, credentials)?;
    }
    Ok(account)
}

/// Makes an account. Its file is written before the account is used.
pub(super) async fn create(
    folder: &Folder,
    directory: &str,
    contact: Option<&str>,
    http: Guarded,
) -> Result<Account, Failure> {
    let contacts: Vec<&str> = contact.into_iter().collect();
    let new = NewAccount {
        contact: &contacts,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(http));
    let (account, credentials) = builder.create(&new, directory.to_owned(), None).await?;
    keep(folder, contact, credentials)?;
    info!(directory, "ACME account created");
    Ok(account)
}

fn keep(
    folder: &Folder,
    contact: Option<&str>,
    credentials: AccountCredentials,
) -> Result<(), Failure> {
    let kept = Kept { contact: contact.map(str::to_owned), credentials };
    let text = serde_json::to_string_pretty(&kept);
    let text = text.map_err(|error| Failure::File(error.to_string()))?;
    folder.write(FILE, &text).map_err(|error| Failure::File(error.to_string()))
}
