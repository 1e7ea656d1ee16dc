#include "kube/status_error.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/digest.h"
#include "base/utf8.h"
#include "document/json.h"

namespace sluice::kube {

namespace {

using base::Reason;
using document::Value;

struct Word {
  std::string_view status_reason;
  Reason reason;
};
constexpr unsigned kMaxRetryAfter = 3600;  // seconds; whoever asks for more, or for ever, is asked again by then

// metav1.StatusReason (apimachinery, pkg/apis/meta/v1/types.go).
constexpr Word kWords[] = {
    {"Unauthorized", Reason::Unauthorized},
    {"Forbidden", Reason::Forbidden},
    {"NotFound", Reason::NotFound},
    {"AlreadyExists", Reason::AlreadyExists},
    {"Conflict", Reason::Conflict},
    {"Gone", Reason::Gone},
    {"Expired", Reason::Gone},
    {"Invalid", Reason::Invalid},
    {"BadRequest", Reason::Invalid},
    {"ServerTimeout", Reason::Unavailable},
    {"Timeout", Reason::Timeout},
    {"TooManyRequests", Reason::Unavailable},
    {"InternalError", Reason::Unavailable},
    {"ServiceUnavailable", Reason::Unavailable},
    {"StorageReadError", Reason::Unavailable},
    {"RequestEntityTooLarge", Reason::TooLarge},
    {"MethodNotAllowed", Reason::Unsupported},
    {"NotAcceptable", Reason::Unsupported},
    {"UnsupportedMediaType", Reason::Unsupported},
};

Reason ReasonOfCode(int code) {
  switch (code) {
    case 400:
    case 422: return Reason::Invalid;
    case 401: return Reason::Unauthorized;
    case 403: return Reason::Forbidden;
    case 404: return Reason::NotFound;
    case 405:
    case 406:
    case 415: return Reason::Unsupported;
    case 409: return Reason::Conflict;
    case 410: return Reason::Gone;
    case 413: return Reason::TooLarge;
    case 504: return Reason::Timeout;
    default: return Reason::Unavailable;
  }
}

Reason ReasonOf(std::string_view status_reason, int code) {
  for (const Word& word : kWords) {
    if (word.status_reason == status_reason) return word.reason;
  }
  return ReasonOfCode(code);
}

/// `Service "web" is invalid: [a, b]` becomes `Service "web" is invalid: a; b`.
std::string MessageOf(const Value& status) {
  std::string message(status.StringAt({"message"}));
  const Value* causes = status.At({"details", "causes"});
  if (causes == nullptr || causes->size() < 2 || status.StringAt({"reason"}) != "Invalid") return message;
  constexpr std::string_view kIsInvalid = " is invalid: ";
  const std::size_t head = message.find(kIsInvalid);
  if (head == std::string::npos) return message;
  message.resize(head + kIsInvalid.size());
  std::string_view separator;
  for (const Value& cause : causes->items()) {
    message.append(separator);
    if (std::string_view field = cause.StringAt({"field"}); !field.empty()) message.append(field).append(": ");
    message.append(cause.StringAt({"message"}));
    separator = "; ";
  }
  return message;
}

/// The resource version that was asked for is from the server's future: it went back in time (etcd restored from a backup), or another one answers.
/// Servers before 1.18.6 say so in the message alone (client-go, tools/cache/reflector.go).
bool IsFromTheFuture(const Value& status) {
  const Value* causes = status.At({"details", "causes"});
  if (causes == nullptr) return status.StringAt({"message"}).find("Too large resource version") != std::string_view::npos;
  const auto tells = [](const Value& cause) {
    return cause.StringAt({"reason"}) == "ResourceVersionTooLarge" || cause.StringAt({"message"}) == "Too large resource version";
  };
  return std::any_of(causes->items().begin(), causes->items().end(), tells);
}

base::Error FromStatus(const Value& status, int code) {
  if (const Value* own = status.Find("code"); own != nullptr) code = static_cast<int>(own->AsInt().value_or(code));
  const std::string_view status_reason = status.StringAt({"reason"});
  const Reason reason = ReasonOf(status_reason, code);
  base::Error error = base::MakeError(reason == Reason::Timeout && IsFromTheFuture(status) ? Reason::Gone : reason, MessageOf(status));
  if (error.message.empty()) error.message = status_reason.empty() ? "HTTP " + std::to_string(code) : std::string(status_reason);
  const Value* seconds = status.At({"details", "retryAfterSeconds"});
  if (seconds != nullptr && seconds->AsInt().value_or(0) > 0)
    error.retry_after = std::chrono::seconds(std::min<std::int64_t>(*seconds->AsInt(), kMaxRetryAfter));
  return error;
}

/// At most 200 bytes, one line, valid UTF-8.
std::string Excerpt(std::string_view text) {
  constexpr std::size_t kMax = 200;
  std::string out;
  while (!text.empty() && out.size() < kMax) {
    const std::size_t length = base::Utf8Length(text);
    const bool control = static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f;
    if (length == 0 || control) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (!text.empty()) out += "...";
  return out;
}

std::optional<std::chrono::milliseconds> RetryAfterHeader(const net::Headers& headers) {
  const std::string_view text = net::FindHeader(headers, "Retry-After");
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMaxRetryAfter));
}

/// What decoders append: `..., error found in #10 byte of ...|"a":"s3cr3t"|..., bigger context ...`.
void CutExcerpt(std::string& message) {
  constexpr std::string_view kMarks[] = {", error found in #", ", bigger context ...", "; input was: "};
  for (std::string_view mark : kMarks) {
    if (const std::size_t at = message.find(mark); at != std::string::npos) message.replace(at, std::string::npos, ": ***");
  }
}

void Replace(std::string& message, std::string_view secret) {
  constexpr std::string_view kMask = "***";
  for (std::size_t at = message.find(secret); at != std::string::npos; at = message.find(secret, at + kMask.size())) {
    message.replace(at, secret.size(), kMask);
  }
}

/// Longest first, so that a value which contains another one goes whole. Values of one or two bytes would blot out the message instead.
std::vector<std::string> SecretValues(const Value& secret) {
  std::vector<std::string> values;
  const auto add = [&](std::string value) {
    if (value.size() > 2) values.push_back(std::move(value));
  };
  for (std::string_view field : {"data", "stringData"}) {
    const Value* map = secret.Find(field);
    if (map == nullptr) continue;
    for (const document::Member& member : map->members()) {
      add(std::string(member.value.text()));
      if (auto decoded = base::Base64Decode(member.value.text()); decoded && field == "data") add(std::move(decoded).value());
    }
  }
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return values;
}

}  // namespace

base::Error ErrorOf(const net::Response& response) {
  document::JsonOptions limits;
  limits.max_bytes = 4u << 20;
  limits.max_depth = 32;
  auto status = document::ParseJson(response.body, limits);
  base::Error error;
  if (status && status->StringAt({"kind"}) == "Status") {
    error = FromStatus(*status, response.status);
  } else {
    error = base::MakeError(ReasonOfCode(response.status), "HTTP " + std::to_string(response.status));
    if (std::string text = Excerpt(response.body); !text.empty()) error.message += ": " + text;
  }
  if (auto header = RetryAfterHeader(response.headers)) error.retry_after = header;
  return error;
}

base::Error ErrorOfStatus(const Value& status) {
  if (!status.IsMapping()) return base::MakeError(Reason::Unavailable, "the API server sent an error that cannot be read");
  return FromStatus(status, 500);
}

std::string Redact(std::string message, std::string_view body) {
  CutExcerpt(message);
  auto object = document::ParseJson(body);
  if (!object || object->StringAt({"kind"}) != "Secret") return message;
  for (const std::string& value : SecretValues(*object)) Replace(message, value);
  return message;
}

}  // namespace sluice::kube
