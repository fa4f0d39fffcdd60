//! Decoding of good, cut and hostile bytes.

use super::*;
use proptest::prelude::*;

fn frame_bytes(tag: u8, body: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::new();
    bytes.extend_from_slice(&[tag]);
    bytes.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn frame(tag: u8, body: &[u8]) -> Frame {
    take_frame(&mut frame_bytes(tag, body)).unwrap().unwrap()
}

#[test]
fn bind_is_read_field_by_field() {
    let body = b"portal\0statement\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\x02\0\0\0\x01";
    let frame = frame(b'B', body);
    let FrontendMessage::Bind(bind) = FrontendMessage::decode(&frame).unwrap() else {
        panic!("a bind")
    };
    assert_eq!((bind.portal, bind.statement), ("portal", "statement"));
    assert_eq!(bind.parameters, vec![Some(b"ab".as_slice()), None]);
    assert_eq!(
        bind.parameter_formats.expand(2, "parameter").unwrap(),
        vec![Format::Binary; 2]
    );
    assert_eq!(bind.result_formats.0, vec![Format::Text, Format::Binary]);
    assert!(bind.result_formats.expand(3, "column").is_err());
}

#[test]
fn frames_come_in_pieces() {
    let whole = frame_bytes(b'Q', b"select 1\0");
    let mut bytes = BytesMut::new();
    for (index, byte) in whole.iter().enumerate() {
        assert!(take_frame(&mut bytes).unwrap().is_none(), "whole after {index} bytes");
        assert_eq!(peek_frame(&bytes), None);
        bytes.extend_from_slice(&[*byte]);
    }
    assert_eq!(peek_frame(&bytes), Some(b'Q'));
    let frame = take_frame(&mut bytes).unwrap().unwrap();
    assert_eq!(
        FrontendMessage::decode(&frame).unwrap(),
        FrontendMessage::Query { text: "select 1" }
    );
    assert!(bytes.is_empty());
}

#[test]
fn oversized_and_unknown_frames_are_refused_before_they_are_read() {
    assert!(take_frame(&mut BytesMut::from(&b"Q\x7f\xff\xff\xff"[..])).is_err());
    assert!(take_frame(&mut BytesMut::from(&b"S\0\0\xff\xff"[..])).is_err());
    assert!(take_frame(&mut BytesMut::from(&b"Q\0\0\0\x03"[..])).is_err());
    assert!(take_frame(&mut BytesMut::from(&b"\xfe\0\0\0\x04"[..])).is_err());
    assert!(take_startup_packet(&mut BytesMut::from(&b"\0\x01\0\0"[..])).is_err());
    assert!(take_startup_packet(&mut BytesMut::from(&b"\0\0\0\x07"[..])).is_err());
}

#[test]
fn a_text_that_is_not_utf8_is_an_encoding_error() {
    let frame = frame(b'Q', b"select '\xff'\0");
    let error = FrontendMessage::decode(&frame).unwrap_err();
    assert_eq!(
        error,
        DecodeError::Encoding("invalid byte sequence for encoding \"UTF8\": 0xff at byte 8".into())
    );
}

#[test]
fn trailing_and_missing_bytes_are_malformed() {
    for (tag, body) in [
        (b'S', &b"x"[..]),
        (b'Q', b"select 1"),
        (b'Q', b"select 1\0more"),
        (b'D', b"Xname\0"),
        (b'E', b"portal\0\0\0"),
        (b'P', b"name\0select $1\0\xff\xff"),
        (b'B', b"\0\0\0\0\0\x01\0\0\0\x09abc\0\0"),
    ] {
        let frame = frame(tag, body);
        assert!(FrontendMessage::decode(&frame).is_err(), "{body:?}");
    }
}

#[test]
fn execute_counts_rows_and_none_means_all() {
    let rows = |limit: i32| {
        let mut body = b"p\0".to_vec();
        body.extend_from_slice(&limit.to_be_bytes());
        let frame = frame(b'E', &body);
        match FrontendMessage::decode(&frame).unwrap() {
            FrontendMessage::Execute { rows_max, .. } => rows_max,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((rows(0), rows(-1), rows(7)), (None, None, Some(7)));
}

#[test]
fn startup_packets() {
    let packet = |code: u32, rest: &[u8]| {
        let mut bytes = BytesMut::new();
        bytes.extend_from_slice(&(8 + rest.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&code.to_be_bytes());
        bytes.extend_from_slice(rest);
        take_startup_packet(&mut bytes).map(Option::unwrap)
    };
    assert_eq!(packet(SSL_REQUEST_CODE, b"").unwrap(), StartupPacket::SslRequest);
    assert_eq!(
        packet(VERSION_3_0, b"user\0ann\0database\0d\0\0").unwrap(),
        StartupPacket::Startup {
            version: VERSION_3_0,
            parameters: vec![("user".into(), "ann".into()), ("database".into(), "d".into())],
        }
    );
    assert_eq!(
        packet(CANCEL_REQUEST_CODE, b"\0\0\0\x07abcd").unwrap(),
        StartupPacket::Cancel {
            process_id: 7,
            secret_key: b"abcd".to_vec(),
        }
    );
    assert!(packet(VERSION_3_0, b"user\0ann\0").is_err(), "no final zero");
    assert!(packet(CANCEL_REQUEST_CODE, b"\0\0").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_body_panics(tag in prop::sample::select(b"QPBDCEHSXdcfpF".to_vec()), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let frame = frame(tag, &body);
        let _ = FrontendMessage::decode(&frame);
    }

    #[test]
    fn no_stream_panics_or_reads_backwards(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = BytesMut::from(bytes.as_slice());
        while let Ok(Some(frame)) = take_frame(&mut bytes) {
            let _ = FrontendMessage::decode(&frame);
        }
        let mut bytes = BytesMut::from(bytes.as_ref());
        while let Ok(Some(_)) = take_startup_packet(&mut bytes) {}
    }

    #[test]
    fn a_cut_bind_is_an_error(cut in 0_usize..46) {
        let body = b"portal\0statement\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\x02\0\0\0\x01";
        prop_assume!(cut < body.len());
        let frame = frame(b'B', &body[..cut]);
        prop_assert!(FrontendMessage::decode(&frame).is_err());
    }
}
