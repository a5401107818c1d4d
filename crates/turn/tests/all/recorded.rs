//! Requests as aioice 0.13 writes them: for the credentials and the random bytes of `common`, byte for byte.

use crate::common::*;

const ALLOCATE: &str = "\
    000300702112a44261696f6963652d7469642d31000d00040000025800190004110000000006000f3137303030303336\
    30303a74657374000015001b426267455f52325077425a6f726d307754743441364a505652766300001400056b616962\
    6f00000000080014f5eb3e61c6478810788a38a6c573b058cca2c2a18028000429bbf751";

const CHANNEL_BIND: &str = "\
    000900742112a44261696f6963652d7469642d32000c0004400000000012000800012aaaea12d5450006000f31373030\
    3030333630303a74657374000015001b426267455f52325077425a6f726d307754743441364a50565276630000140005\
    6b6169626f000000000800142a4d7ab466caf7b3e8eb7567bac49a554a3f1e7e802800042dc72575";

const REFRESH: &str = "\
    000400682112a44261696f6963652d7469642d33000d0004000000000006000f313730303030333630303a7465737400\
    0015001b426267455f52325077425a6f726d307754743441364a505652766300001400056b6169626f00000000080014\
    f3ad1149c038acff53b6d22f34b8a6c79ce08e54802800040ca23e04";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn requests_that_another_implementation_wrote_are_answered_wherever_the_stream_is_cut() {
    let stream = [ALLOCATE, CHANNEL_BIND, REFRESH].map(bytes);
    let data = channel_data(0x4000, b"hello");
    let [allocate, bind, refresh] = &stream;
    let stream = [&allocate[..], bind, &data, refresh].concat();
    let mut whole: Option<Vec<Received>> = None;
    for cut in 0..stream.len() {
        let mut client = Client::new();
        let mut received = client.send(&stream[..cut]);
        received.extend(client.send(&stream[cut..]));
        let codes: Vec<u16> = received.iter().map(Received::code).collect();
        assert_eq!(codes, [200, 200, 200]);
        assert_eq!(client.datagrams, [(0, b"hello".to_vec())]);
        assert_eq!(client.released, 1);
        assert_eq!(*whole.get_or_insert(received.clone()), received, "cut at {cut}");
    }
}
