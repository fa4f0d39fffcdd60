//! Which requests may come at all: those of programs of this machine, not those of web pages.
//!
//! A page from anywhere that a browser of this machine shows can send requests to loopback addresses. It cannot choose what the browser
//! says about it: its `Origin` and `Sec-Fetch-Site` tell of it, and where its own name is made to mean this machine, `Host` has that name.
//! Looked at before anything else of a request.

use hyper::HeaderMap;
use hyper::Uri;
use hyper::header::{HOST, ORIGIN};
use std::net::IpAddr;

/// Why a request may not come, as a sentence; `None` where it may.
pub(super) fn refusal(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.as_bytes(),
        _ => return Some("a request must have one Host header"),
    };
    let is_local = |authority: &[u8]| std::str::from_utf8(authority).is_ok_and(is_loopback);
    let target = uri.authority().map(|authority| authority.as_str().as_bytes());
    if !is_local(host) || !target.is_none_or(is_local) {
        return Some("only requests to a loopback name or address (localhost, 127.0.0.1, [::1]) are served");
    }
    let is_own = |origin: &[u8]| origin.strip_prefix(b"http://").is_some_and(|origin| origin == host);
    if headers.get_all(ORIGIN).iter().any(|origin| !is_own(origin.as_bytes())) {
        return Some("requests of web pages of another origin are not served");
    }
    let sites = headers.get_all("sec-fetch-site").iter();
    let is_foreign = |site: &[u8]| site != b"same-origin" && site != b"none";
    match sites.into_iter().any(|site| is_foreign(site.as_bytes())) {
        true => Some("requests of web pages of another site are not served"),
        false => None,
    }
}

/// Whether `host` or `host:port` is this machine.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let is_bracketed = |host: &str| Some(host.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    match is_bracketed(host) {
        Some(host) => matches!(host.parse(), Ok(IpAddr::V6(address)) if address.is_loopback()),
        None if host.eq_ignore_ascii_case("localhost") => true,
        None => matches!(host.parse(), Ok(IpAddr::V4(address)) if address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_meant() {
        for host in [
            "localhost",
            "LOCALHOST:8123",
            "127.0.0.1",
            "127.0.0.1:8123",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8123",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            ":8123",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com:8123",
            "0.0.0.0:8123",
            "10.0.0.1",
            "[::2]:1",
            "[::1",
            "::1",
            "localhost:80:80",
            "localhost:x",
            "user@localhost",
            "2130706433",
            "127.1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    fn refused(target: &str, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        refusal(&target.parse().unwrap(), &headers).is_some()
    }

    #[test]
    fn web_pages_are_kept_out() {
        let host = ("host", "127.0.0.1:8123");
        assert!(!refused("/health", &[host]));
        assert!(!refused("/health", &[host, ("sec-fetch-site", "none")]));
        assert!(!refused("/health", &[host, ("origin", "http://127.0.0.1:8123")]));
        assert!(refused("/health", &[]));
        assert!(refused("/health", &[host, host]));
        assert!(refused("/health", &[("host", "evil.example")]));
        assert!(refused("http://evil.example/health", &[host]));
        for origin in [
            "http://evil.example",
            "http://localhost:3000",
            "https://127.0.0.1:8123",
            "null",
            "",
        ] {
            assert!(refused("/health", &[host, ("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "", "other"] {
            assert!(refused("/health", &[host, ("sec-fetch-site", site)]), "{site}");
        }
    }
}
