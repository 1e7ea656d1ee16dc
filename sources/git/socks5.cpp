#include "sources/git/socks5.h"

#include <arpa/inet.h>

#include <array>

namespace sluice::sources {
namespace {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr char kVersion = 5, kNoLogin = 0, kPassword = 2;
constexpr std::size_t kMaxText = 255;

std::string Counted(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

/// The host as the protocol has it: an address of either kind, or a name.
std::string AddressOf(std::string_view host) {
  const std::string text(host);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return '\1' + std::string(bytes.data(), 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return '\4' + std::string(bytes.data(), 16);
  return '\3' + Counted(host);
}

std::string_view WhyNot(char code) {
  constexpr std::string_view kWords[] = {"",
                                         "general failure",
                                         "not allowed by its rules",
                                         "network unreachable",
                                         "host unreachable",
                                         "connection refused",
                                         "time to live expired",
                                         "command not supported",
                                         "address type not supported"};
  const auto number = static_cast<unsigned char>(code);
  return number < std::size(kWords) ? kWords[number] : "unknown error";
}

Result<void> LogIn(const Socks5Stream& stream, const Socks5Request& request) {
  TRY(stream.send('\1' + Counted(request.username) + Counted(request.password)));
  std::array<char, 2> answer{};
  TRY(stream.receive(answer));
  if (answer[1] != 0) return MakeError(Reason::Unauthorized, "the proxy refuses the credentials: check the proxy Secret");
  return {};
}

Result<void> Greet(const Socks5Stream& stream, const Socks5Request& request) {
  const bool login = !request.username.empty();
  TRY(stream.send(login ? std::string{kVersion, 2, kNoLogin, kPassword} : std::string{kVersion, 1, kNoLogin}));
  std::array<char, 2> answer{};
  TRY(stream.receive(answer));
  if (answer[0] != kVersion) return Invalid("the proxy does not speak SOCKS 5");
  if (answer[1] == kNoLogin) return {};
  if (answer[1] == kPassword && login) return LogIn(stream, request);
  return MakeError(Reason::Unauthorized, "the proxy wants to know who we are: put username and password into the proxy Secret");
}

/// The rest of the answer names the address the proxy uses, which nobody needs.
Result<void> SkipAddress(const Socks5Stream& stream, char type) {
  std::size_t size = 0;
  if (type == 1) size = 4;
  if (type == 4) size = 16;
  if (type == 3) {
    std::array<char, 1> length{};
    TRY(stream.receive(length));
    size = static_cast<unsigned char>(length[0]);
  }
  if (size == 0) return Invalid("the proxy does not speak SOCKS 5");
  std::string rest(size + 2, '\0');
  return stream.receive(rest);
}

}  // namespace

Result<void> AskSocks5(const Socks5Stream& stream, const Socks5Request& request) {
  if (request.host.size() > kMaxText) return Invalid("the host's name is too long for SOCKS 5");
  if (request.username.size() > kMaxText || request.password.size() > kMaxText)
    return Invalid("username or password of the proxy is longer than 255 bytes");
  TRY(Greet(stream, request));
  const std::string port{static_cast<char>(request.port >> 8), static_cast<char>(request.port & 0xFF)};
  TRY(stream.send(std::string{kVersion, 1, 0} + AddressOf(request.host) + port));
  std::array<char, 4> answer{};
  TRY(stream.receive(answer));
  if (answer[0] != kVersion) return Invalid("the proxy does not speak SOCKS 5");
  if (answer[1] != 0) return MakeError(Reason::Unavailable, "the proxy cannot connect: " + std::string(WhyNot(answer[1])));
  return SkipAddress(stream, answer[3]);
}

}  // namespace sluice::sources
