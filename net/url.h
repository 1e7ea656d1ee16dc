// net/url.h: http and https URLs: taken apart, put together, escaped, and shown without their secrets. Pure. Follows RFC 3986, but stricter:
// what no server of ours needs (spaces, control characters, backslashes, an empty host) is refused rather than guessed at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::net {

struct Url {
  std::string scheme;          ///< lower case
  std::string user, password;  ///< decoded; both empty without userinfo
  std::string host;            ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;      ///< 0: the scheme's own
  std::string path;            ///< still escaped; begins with "/" unless empty
  std::string query;           ///< still escaped, without "?"
  std::string fragment;        ///< without "#"
  bool operator==(const Url&) const = default;

  bool has_userinfo() const { return !user.empty() || !password.empty(); }
  /// The port that is meant: as given, else 443 for https, 22 for ssh, 80 otherwise.
  std::uint16_t effective_port() const;
};

/// Any scheme with an authority (`scheme://host`), at most 8 KiB. Invalid: the message says what is wrong, and does not repeat the URL
/// (it may hold a password).
base::Result<Url> ParseUrl(std::string_view text);
/// The text of `url`; default ports stay out.
std::string FormatUrl(const Url& url);
/// `scheme://host:port`, with the port always: equal for two URLs exactly if credentials for one may be sent to the other.
std::string Origin(const Url& url);
/// `host`, or `host:port` if the port is not the scheme's: the Host header.
std::string HostHeader(const Url& url);
/// Where `location` (a Location header: absolute, or relative to `base`) leads; RFC 3986, section 5.2. The fragment is dropped.
base::Result<Url> ResolveReference(const Url& base, std::string_view location);

/// For messages and logs: without userinfo, query and fragment (presigned URLs carry their signature there). What cannot be parsed becomes
/// "(malformed URL)".
std::string RedactUrl(std::string_view text);

/// `text` percent-escaped as one segment of a path: "/" and "%" too.
std::string EscapePath(std::string_view text);
/// `text` percent-escaped as the name or value of a query; a space becomes "+", as in Go's url.QueryEscape.
std::string EscapeQuery(std::string_view text);
/// Undoes either. Invalid: a "%" without two hex digits. `plus_is_space` for queries.
base::Result<std::string> Unescape(std::string_view text, bool plus_is_space = false);

using Query = std::vector<std::pair<std::string, std::string>>;
/// `a=1&b=x+y`, in the given order.
std::string FormatQuery(const Query& query);
/// In the order of the text; at most 1,000 pairs. A name without "=" has the value "".
base::Result<Query> ParseQuery(std::string_view text);

}  // namespace sluice::net
