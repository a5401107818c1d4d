//! Where the machine is: in a container, at a provider.

use std::fs;
use std::path::Path;

/// A provider whose own firewall stands before the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Google,
    /// Microsoft Azure.
    Azure,
    /// Alibaba Cloud.
    Aliyun,
    /// Tencent Cloud.
    Tencent,
    /// Oracle Cloud.
    Oracle,
    /// Hetzner.
    Hetzner,
    /// DigitalOcean.
    DigitalOcean,
}

/// The mark of Azure's machines; Hyper-V at home has the same vendor.
const AZURE_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

/// Whether this is a container's file system.
pub(super) fn is_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|path| Path::new(path).exists())
}

/// Whose machine it is, as its firmware says.
pub(super) fn cloud() -> Option<Cloud> {
    let read = |name: &str| fs::read_to_string(format!("/sys/class/dmi/id/{name}"));
    let read = |name| read(name).unwrap_or_default().trim().to_owned();
    of(&read("sys_vendor"), &read("product_name"), &read("chassis_asset_tag"))
}

fn of(vendor: &str, product: &str, tag: &str) -> Option<Cloud> {
    let has = |word: &str| vendor.contains(word) || product.contains(word);
    Some(match () {
        () if has("Amazon") => Cloud::Aws,
        () if has("Google") => Cloud::Google,
        () if has("Alibaba") => Cloud::Aliyun,
        () if has("Tencent") => Cloud::Tencent,
        () if has("Hetzner") => Cloud::Hetzner,
        () if has("DigitalOcean") => Cloud::DigitalOcean,
        () if tag == AZURE_TAG => Cloud::Azure,
        () if tag.starts_with("OracleCloud") => Cloud::Oracle,
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_names_the_provider() {
        assert_eq!(of("Amazon EC2", "t3.micro", ""), Some(Cloud::Aws));
        assert_eq!(of("Google", "Google Compute Engine", ""), Some(Cloud::Google));
        assert_eq!(of("Alibaba Cloud", "Alibaba Cloud ECS", ""), Some(Cloud::Aliyun));
        assert_eq!(of("Microsoft Corporation", "Virtual Machine", AZURE_TAG), Some(Cloud::Azure));
        assert_eq!(of("Microsoft Corporation", "Virtual Machine", "none"), None);
        assert_eq!(of("QEMU", "Standard PC", ""), None);
    }
}
