// What counts as an e-mail address and a URL in Chart.yaml: govalidator's rules, of which those for URLs are looser than any standard.
#include <re2/re2.h>

#include "helm/functions/url.h"
#include "helm/lint/rules.h"

namespace sluice::helm {
namespace {

const std::string kWide = R"(\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF})";  // letters beyond ASCII

std::string EmailPattern() {
  const std::string atom = R"([a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~)" + kWide + "]+";
  const std::string fold = R"((?:(?:[ \t]*\r\n)?[ \t]+)?)";
  const std::string quoted = R"((?:[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x21\x23-\x5b\x5d-\x7e)" + kWide + R"(]|\([\x01-\x09\x0b-\x7f]))";
  const std::string local = "(?:" + atom + R"((?:\.)" + atom + ")*|\"(?:" + fold + quoted + ")*" + fold + "\")";
  const std::string inner = "[a-zA-Z0-9._~\\-" + kWide + "]*";
  const std::string letter = "[a-zA-Z" + kWide + "]", letter_or_digit = "[a-zA-Z0-9" + kWide + "]";
  const std::string label = letter_or_digit + "|" + letter_or_digit + inner + letter_or_digit;
  const std::string top = letter + "|" + letter + "[a-zA-Z0-9_~\\-" + kWide + "]*" + letter;
  return local + "@(?:(?:" + label + R"()\.)+(?:)" + top + R"()\.?)";
}

std::string UrlPattern() {
  const std::string scheme = R"((?:(?:ftp|tcp|udp|wss?|https?)://)?)", user = R"((?:\S+(?::\S*)?@)?)", port = R"((?::\d{1,5})?)",
                    path = R"((?:[/?#]\S*)?)";
  const std::string byte = R"((?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5]))";
  const std::string ipv4 = R"((?:[1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(?:\.)" + byte + R"(){2}\.)" + byte;
  const std::string ipv6 = R"(\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[0-9a-zA-Z]+)?\])";
  const std::string subdomain = R"((?:www\.|[a-zA-Z0-9]+(?:[-_.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+)?)";
  const std::string first = R"((?:[a-zA-Z0-9][a-zA-Z0-9_\-]*[a-zA-Z0-9](?:[-.][a-zA-Z0-9]+)*|)" + subdomain + ")?";
  const std::string word = R"([a-zA-Z\x{00a1}-\x{ffff}0-9]+)", letters = R"([a-zA-Z\x{00a1}-\x{ffff}]+)";
  const std::string name = first + "(?:(?:" + word + "-?-?)*" + word + R"()(?:\.)" + letters + ")?";
  return scheme + user + "(?:" + ipv4 + "|" + ipv6 + "|" + name + R"()\.?)" + port + path;
}

std::size_t Runes(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace

bool IsEmail(std::string_view text) {
  static const re2::RE2 kPattern(EmailPattern());
  return re2::RE2::FullMatch(text, kPattern);
}

bool IsUrl(std::string_view text) {
  static const re2::RE2 kPattern(UrlPattern());
  if (text.size() <= 3 || Runes(text) >= 2083 || text.starts_with('.')) return false;
  const bool bare_port = text.find(':') != std::string_view::npos && text.find("://") == std::string_view::npos;
  const auto parts = SplitUrl(bare_port ? "http://" + std::string(text) : std::string(text));
  if (!parts || parts->host.starts_with('.')) return false;
  if (parts->host.empty() && !parts->path.empty() && parts->path.find('.') == std::string::npos) return false;
  return re2::RE2::FullMatch(text, kPattern);
}

bool IsRequestUrl(std::string_view text) { return !text.empty() && RequestScheme(text).value_or(std::string()) != ""; }

}  // namespace sluice::helm
