#include "net/redirect.h"

#include <algorithm>
#include <array>

namespace sluice::net {

namespace {

// What may go to a stranger. A list of what must not would miss the next vendor's X-Secret-Token.
constexpr std::array<std::string_view, 8> kHarmless = {"accept",        "accept-encoding",   "accept-language", "cache-control",
                                                       "if-none-match", "if-modified-since", "range",           "user-agent"};
constexpr std::array<std::string_view, 3> kAboutBody = {"content-type", "content-length", "content-encoding"};

std::string Lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

template <std::size_t N>
bool IsOneOf(const std::string& name, const std::array<std::string_view, N>& names) {
  const std::string lower = Lowered(name);
  return std::find(names.begin(), names.end(), lower) != names.end();
}

bool BecomesGet(const Request& request, int status) {
  if (request.method == "GET" || request.method == "HEAD") return false;
  return status == 303 || ((status == 301 || status == 302) && request.method == "POST");
}

base::Error Refused(const Url& to, std::string_view why) {
  return base::MakeError(base::Reason::Forbidden, "redirect to " + RedactUrl(FormatUrl(to)) + " refused: " + std::string(why));
}

base::Result<void> CheckTarget(const Url& from, const Url& to) {
  if (to.scheme != "http" && to.scheme != "https") return Refused(to, "not http or https");
  if (from.scheme == "https" && to.scheme == "http") return Refused(to, "it would leave TLS");
  if (to.has_userinfo()) return Refused(to, "credentials in the URL");
  return {};
}

}  // namespace

bool IsRedirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

base::Result<Hop> NextHop(const Request& request, const Url& url, const Response& response) {
  const std::string_view location = FindHeader(response.headers, "location");
  if (location.empty()) return base::Invalid("redirect (" + std::to_string(response.status) + ") without Location");
  auto to = ResolveReference(url, location);
  if (!to) return std::move(to).error().Wrap("redirect");
  TRY(CheckTarget(url, *to));
  Hop hop{.request = request, .url = *to, .same_origin = Origin(url) == Origin(*to)};
  hop.request.url = FormatUrl(hop.url);
  if (BecomesGet(request, response.status)) {
    hop.request.method = "GET";
    hop.request.body.clear();
    std::erase_if(hop.request.headers, [](const auto& header) { return IsOneOf(header.first, kAboutBody); });
  }
  if (hop.same_origin) return hop;
  if (!hop.request.body.empty()) return Refused(*to, "the body of a " + request.method + " does not go to another origin");
  std::erase_if(hop.request.headers, [](const auto& header) { return !IsOneOf(header.first, kHarmless); });
  return hop;
}

}  // namespace sluice::net
