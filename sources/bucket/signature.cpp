// The request is written down in a canonical form, its digest and the day's scope are signed with a key that is derived from the secret for that day.
#include "sources/bucket/signature.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "crypto/ciphers.h"
#include "net/url.h"

namespace sluice::sources::bucket {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

/// `20260131T120000Z`
std::string StampOf(base::TimePoint now) {
  std::string out;
  for (const char c : base::FormatRfc3339(now)) {
    if (c != '-' && c != ':') out += c;
  }
  return out;
}

/// The pairs of a query, sorted by name and value, as they are escaped in the URL.
std::string CanonicalQuery(std::string_view query) {
  std::vector<std::string> pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string pair(query.substr(0, end));
    if (pair.find('=') == std::string::npos) pair += '=';
    pairs.push_back(std::move(pair));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
}

}  // namespace

std::string EscapeKey(std::string_view text, bool slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain || (slashes && c == '/')) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

base::Result<void> Sign(net::Request& request, const Credentials& credentials, std::string_view region, base::TimePoint now) {
  TRY(const net::Url url, net::ParseUrl(request.url));
  const std::string stamp = StampOf(now), day = stamp.substr(0, 8), payload = base::Sha256Hex("");
  request.headers.emplace_back("X-Amz-Content-Sha256", payload);
  request.headers.emplace_back("X-Amz-Date", stamp);

  std::vector<std::pair<std::string, std::string>> headers = {{"host", net::HostHeader(url)}};
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    headers.emplace_back(std::move(lower), value);
  }
  std::sort(headers.begin(), headers.end());
  std::string listed, names;
  for (const auto& [name, value] : headers) {
    listed += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + (url.path.empty() ? "/" : url.path) + "\n" + CanonicalQuery(url.query) + "\n" +
                                listed + "\n" + names + "\n" + payload;
  const std::string scope = day + "/" + std::string(region) + "/s3/aws4_request";
  const std::string to_sign = std::string(kAlgorithm) + "\n" + stamp + "\n" + scope + "\n" + base::Sha256Hex(canonical);

  std::string key = crypto::HmacSha256("AWS4" + credentials.secret_key, day);
  for (const std::string_view part : {region, std::string_view("s3"), std::string_view("aws4_request")})
    key = crypto::HmacSha256(key, part);
  request.headers.emplace_back("Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" + scope +
                                                    ",SignedHeaders=" + names + ",Signature=" + Hex(crypto::HmacSha256(key, to_sign)));
  return {};
}

}  // namespace sluice::sources::bucket
