#include "sources/git/socks5.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

/// A proxy that says `answers` (hex), whatever it is asked; what it was sent, in hex.
struct Said {
  std::string sent, result;
};
Said Ask(const Socks5Request& request, const std::string& answers) {
  std::string left;
  for (std::size_t i = 0; i + 1 < answers.size(); i += 2) left += static_cast<char>(std::stoi(answers.substr(i, 2), nullptr, 16));
  Said out;
  const Socks5Stream stream{.send = [&](std::string_view bytes) -> base::Result<void> {
                              out.sent += base::HexEncode(bytes) + " ";
                              return {};
                            },
                            .receive = [&](std::span<char> buffer) -> base::Result<void> {
                              if (left.size() < buffer.size()) return base::MakeError(base::Reason::Unavailable, "cut off");
                              left.copy(buffer.data(), buffer.size());
                              left.erase(0, buffer.size());
                              return {};
                            }};
  const auto result = AskSocks5(stream, request);
  out.result = result ? "ok" + std::string(left.empty() ? "" : " and more") : ReasonOf(result) + ": " + MessageOf(result);
  return out;
}

TEST(Socks5, SpeaksTheProtocol) {
  EXPECT_EQ(Ask({.host = "h.example", .port = 22},
                "0500"
                "05000001"
                "7f0000010016")
                .sent,
            "050100 0501000309682e6578616d706c650016 ");
  EXPECT_EQ(Ask({.host = "h.example", .port = 22},
                "0500"
                "05000001"
                "7f0000010016")
                .result,
            "ok");
  EXPECT_EQ(Ask({.host = "10.1.2.3", .port = 258},
                "0500"
                "05000003"
                "0161"
                "0016")
                .sent,
            "050100 050100010a0102030102 ");
  EXPECT_EQ(Ask({.host = "10.1.2.3", .port = 258},
                "0500"
                "05000003"
                "0161"
                "0016")
                .result,
            "ok");
  EXPECT_EQ(Ask({.host = "::1", .port = 22},
                "0500"
                "05000004" +
                    std::string(36, '0'))
                .result,
            "ok");
  const Said login = Ask({.host = "h", .port = 22, .username = "u", .password = "pw"},
                         "0502"
                         "0100"
                         "05000001"
                         "000000000000");
  EXPECT_EQ(login.sent, "05020002 010175027077 0501000301680016 ");
  EXPECT_EQ(login.result, "ok");
  EXPECT_EQ(Ask({.host = "h", .port = 22, .username = "u", .password = "pw"},
                "0500"
                "05000001"
                "000000000000")
                .result,
            "ok")
      << "not asked for";
}

TEST(Socks5, RefusalsAreNamed) {
  const Socks5Request plain{.host = "h", .port = 22}, login{.host = "h", .port = 22, .username = "u", .password = "canary"};
  EXPECT_EQ(Ask(plain, "0502").result, "Unauthorized: the proxy wants to know who we are: put username and password into the proxy Secret");
  EXPECT_EQ(Ask(plain, "05ff").result, "Unauthorized: the proxy wants to know who we are: put username and password into the proxy Secret");
  EXPECT_EQ(Ask(login,
                "0502"
                "0101")
                .result,
            "Unauthorized: the proxy refuses the credentials: check the proxy Secret");
  EXPECT_EQ(Ask(plain, "4854").result, "Invalid: the proxy does not speak SOCKS 5");
  EXPECT_EQ(Ask(plain,
                "0500"
                "05050001")
                .result,
            "Unavailable: the proxy cannot connect: connection refused");
  EXPECT_EQ(Ask(plain,
                "0500"
                "05ff0001")
                .result,
            "Unavailable: the proxy cannot connect: unknown error");
  EXPECT_EQ(Ask(plain,
                "0500"
                "05000009")
                .result,
            "Invalid: the proxy does not speak SOCKS 5");
  EXPECT_EQ(Ask(plain, "05").result, "Unavailable: cut off");
  const std::string name(256, 'h');
  EXPECT_EQ(Ask({.host = name, .port = 22}, "").result, "Invalid: the host's name is too long for SOCKS 5");
  EXPECT_EQ(Ask({.host = "h", .port = 22, .username = name, .password = "x"}, "").result,
            "Invalid: username or password of the proxy is longer than 255 bytes");
}

}  // namespace
}  // namespace sluice::sources
