//! The test vectors of the RFCs, and of libsrtp where the RFCs have none.

use super::cipher::Cipher;
use super::kdf::{Label, Master, Scope};
use super::*;

/// The bytes of a hexadecimal text.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|it| it.to_digit(16)).collect();
    digits.chunks(2).map(|it| (it[0] << 4 | it[1]) as u8).collect()
}

fn derived(master: &Master<'_>, scope: Scope, label: Label, len: usize) -> Vec<u8> {
    let mut out = vec![0xEE; len];
    master.derive(scope, label, &mut out).unwrap();
    out
}

#[test]
fn rfc_3711_b_3_key_derivation() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let master = Master::new(&key, &salt);
    let encryption = derived(&master, Scope::Rtp, Label::Encryption, 16);
    assert_eq!(encryption, hex("C61E7A93744F39EE10734AFE3FF7A087"));
    let salt = derived(&master, Scope::Rtp, Label::Salt, 14);
    assert_eq!(salt, hex("30CBBC08863D8C85D49DB34A9AE1"));
    let authentication = derived(&master, Scope::Rtp, Label::Authentication, 94);
    let expected = "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE \
        E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25 \
        6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2";
    assert_eq!(authentication, hex(expected));
}

/// RFC 3711, appendix B.2: blocks 0, 1, 2 and 0xFEFF, 0xFF00, 0xFF01 of a key stream.
#[test]
fn rfc_3711_b_2_key_stream() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let cipher = Cipher::new(Profile::Aes128CmHmacSha1_80, &key, &salt, &[0; 20]).unwrap();
    let mut packet = vec![0; 0xFF02 * 16 + 10];
    cipher.seal_rtp(0, 0, &mut packet, 0).unwrap();
    let block = |n: usize| &packet[16 * n..16 * n + 16];
    assert_eq!(block(0), hex("E03EAD0935C95E80E166B16DD92B4EB4"));
    assert_eq!(block(1), hex("D23513162B02D0F72A43A2FE4A5F97AB"));
    assert_eq!(block(2), hex("41E95B3BB0A2E8DD477901E4FCA894C0"));
    assert_eq!(block(0xFEFF), hex("EC8CDF7398607CB0F2D21675EA9EA1E4"));
    assert_eq!(block(0xFF00), hex("362B7C3C6773516318A077D7FC5073AE"));
    assert_eq!(block(0xFF01), hex("6A2CC3787889374FBEB4C81B17BA6C44"));
}

/// A packet before and after protection.
struct Case {
    plain: Vec<u8>,
    protected: Vec<u8>,
}

/// What one profile makes of one RTP and one RTCP packet.
struct Vectors {
    ends: fn() -> (Sender, Receiver),
    index: u64,
    rtcp_index: u32,
    rtp: Case,
    rtcp: Case,
}

impl Vectors {
    fn check(&self) {
        let (mut sender, mut receiver) = (self.ends)();
        let tag_len = self.rtp.protected.len() - self.rtp.plain.len();
        let mut packet = [&self.rtp.plain[..], &vec![0xEE; tag_len]].concat();
        let ssrc = u32::from_be_bytes(self.rtp.plain[8..12].try_into().unwrap());
        let mut stream = sender.stream(ssrc).unwrap();
        let plain_len = self.rtp.plain.len();
        let len = sender.protect(&mut stream, self.index, &mut packet, 12, plain_len).unwrap();
        assert_eq!(packet[..len], self.rtp.protected);
        let opened = receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!((opened.header_len, opened.index), (12, self.index));
        assert_eq!(packet[..12 + opened.payload_len], self.rtp.plain);

        let tag_len = self.rtcp.protected.len() - self.rtcp.plain.len();
        let mut packet = [&self.rtcp.plain[..], &vec![0xEE; tag_len]].concat();
        sender.set_next_rtcp_index(self.rtcp_index);
        let len = sender.protect_rtcp(&mut packet, self.rtcp.plain.len()).unwrap();
        assert_eq!(packet[..len], self.rtcp.protected);
        let len = receiver.unprotect_rtcp(&mut packet).unwrap();
        assert_eq!(packet[..len], self.rtcp.plain);
    }
}

const RFC_7714_KEY: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

/// The session keys that RFC 7714, sections 16 and 17, give.
fn rfc_7714_ends(profile: Profile) -> (Sender, Receiver) {
    let (key, salt) = (hex(RFC_7714_KEY), hex("517569642070726F2071756F"));
    let cipher = || Cipher::new(profile, &key[..profile.key_len()], &salt, &[]).unwrap();
    (Sender::new(cipher(), cipher()), Receiver::new(cipher(), cipher()))
}

fn rfc_7714(ends: fn() -> (Sender, Receiver), rtp: &str, rtcp: &str) -> Vectors {
    let plain_rtp = "8040F17B 8041F8D3 5501A0B2 47616C6C 69612065 7374206F 6D6E6973 20646976 \
        69736120 696E2070 61727465 73207472 6573";
    let plain_rtcp = "81C8000D 4D617273 4E545031 4E545032 52545020 0000042A 0000E930 4C756E61 \
        DEADBEEF DEADBEEF DEADBEEF DEADBEEF DEADBEEF";
    Vectors {
        ends,
        index: 0xF17B,
        rtcp_index: 0x5D4,
        rtp: Case { plain: hex(plain_rtp), protected: hex(rtp) },
        rtcp: Case { plain: hex(plain_rtcp), protected: hex(rtcp) },
    }
}

#[test]
fn rfc_7714_16_1_and_17_1_aead_aes_128_gcm() {
    rfc_7714(
        || rfc_7714_ends(Profile::AeadAes128Gcm),
        "8040F17B 8041F8D3 5501A0B2 F24DE3A3 FB34DE6C ACBA861C 9D7E4BCA BE633BD5 0D294E6F \
         42A5F47A 51C7D19B 36DE3ADF 8833899D 7F27BEB1 6A9152CF 765EE439 0CCE",
        "81C8000D 4D617273 63E94885 DCDAB67C A727D766 2F6B7E99 7FF5C0F7 6C06F32D C676A5F1 \
         730D6FDA 4CE09B46 86303DED 0BB9275B C84AA458 96CF4D2F C5ABF872 45D9EADE 800005D4",
    )
    .check();
}

#[test]
fn rfc_7714_16_2_and_17_2_aead_aes_256_gcm() {
    rfc_7714(
        || rfc_7714_ends(Profile::AeadAes256Gcm),
        "8040F17B 8041F8D3 5501A0B2 32B1DE78 A822FE12 EF9F78FA 332E33AA B1801238 9A58E2F3 \
         B50B2A02 76FFAE0F 1BA63799 B87B7AA3 DB36DFFF D6B0F9BB 7878D7A7 6C13",
        "81C8000D 4D617273 D50AE4D1 F5CE5D30 4BA297E4 7D470C28 2C3ECE5D BFFE0A50 A2EAA5C1 \
         110555BE 8415F658 C61DE047 6F1B6FAD 1D1EB30C 4446839F 57FF6F6C B26AC3BE 800005D4",
    )
    .check();
}

#[test]
fn rfc_7714_17_3_what_is_only_authenticated_is_refused() {
    let (_, mut receiver) = rfc_7714_ends(Profile::AeadAes128Gcm);
    let mut packet =
        hex("81C8000D 4D617273 4E545031 4E545032 52545020 0000042A 0000E930 4C756E61 DEADBEEF \
         DEADBEEF DEADBEEF DEADBEEF DEADBEEF 841DD968 3DD78EC9 2AE58790 125F62B3 000005D4");
    assert_eq!(receiver.unprotect_rtcp(&mut packet), Err(UnprotectError::NotEncrypted));
}

/// Both ends from master keys: what DTLS would have exported with these for the client.
fn libsrtp_ends(profile: Profile, key: &str, salt: &str) -> (Sender, Receiver) {
    let material = [hex(key), hex(key), hex(salt), hex(salt)].concat();
    session(profile, &material, Role::Client).unwrap()
}

/// The packets of `srtp_validate` and `srtp_validate_gcm` in libsrtp's driver.
fn libsrtp(ends: fn() -> (Sender, Receiver), rtp: &str, rtcp: &str) -> Vectors {
    let plain_rtp = "800F1234 DECAFBAD CAFEBABE ABABABAB ABABABAB ABABABAB ABABABAB";
    let plain_rtcp = "81C8000B CAFEBABE ABABABAB ABABABAB ABABABAB ABABABAB";
    Vectors {
        ends,
        index: 0x1234,
        rtcp_index: 1,
        rtp: Case { plain: hex(plain_rtp), protected: hex(rtp) },
        rtcp: Case { plain: hex(plain_rtcp), protected: hex(rtcp) },
    }
}

#[test]
fn libsrtp_aes_cm_hmac_sha1_80() {
    libsrtp(
        || {
            libsrtp_ends(
                Profile::Aes128CmHmacSha1_80,
                "E1F97A0D3E018BE0D64FA32C06DE4139",
                "0EC675AD498AFEEBB6960B3AABE6",
            )
        },
        "800F1234 DECAFBAD CAFEBABE 4E55DC4C E79978D8 8CA4D215 949D2402 B78D6ACC 99EA179B 8DBB",
        "81C8000B CAFEBABE 7128035B E487B9BD BEF89041 F977A5A8 80000001 993E08CD 54D6C123 0798",
    )
    .check();
}

#[test]
fn libsrtp_aead_aes_128_gcm() {
    libsrtp(
        || {
            libsrtp_ends(
                Profile::AeadAes128Gcm,
                "000102030405060708090A0B0C0D0E0F",
                "A0A1A2A3A4A5A6A7A8A9AAAB",
            )
        },
        "800F1234 DECAFBAD CAFEBABE C5002EDE 04CFDD2E B91159E0 880AA06E D2976826 F796B201 \
         DF3131A1 27E8A392",
        "81C8000B CAFEBABE C98B8B5D F0392A55 852B6C21 AC8E7025 C52C6FBE A2B3B446 EA31123B \
         A88CE61E 80000001",
    )
    .check();
}
