#include "sources/git/known_hosts.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

#define KEY_A "AAAAC3NzaC1lZDI1NTE5AAAAIMhv5j0KkxVLcJ3nq1nns0bDiNQS0Y7a1fe6fH4T6LGb"
#define KEY_B "AAAAC3NzaC1lZDI1NTE5AAAAIBCIi/KutSvcnDdLx9ksKCquBeG8sOzTgmlSX96lPxuQ"
#define RSA                                                                                                                               \
  "AAAAB3NzaC1yc2EAAAADAQABAAABAQDKkrGa4Z1tGg41QqBfVKmXpwymdA09YnSga9Gy9lLV5pm/UF+z7a0/oDxSbCJXZn76wGELLxbe7+KYFXU15Q+M6deI+omO2iHPPx1/"  \
  "vl7jaRcsYlgG1XHC/wpKnqeeEpVFLHN+H/+Hz/Hkx+nIpvT6H2ZR+8BwBvEvKGWMR9r0h7iFu68MV4PuLLZcD5/ldx2ACHfVGVw77MvzO0Ue313DBITn7madvQxrRpW3Y5g4I" \
  "FPgk1tpCsPqNJy4H6BHpq7cY1OGq7UAB+gGhgpzG28qDASw3z50APFilt5QS9jQOFT/jAtlPYENgXiRKEoatPDkcUgCgowxRDK//c5bA1l5"

// Both written by `ssh-keygen -H` (OpenSSH 9.2) from `example.com <A>` and `[example.com]:2222 <A>`.
constexpr const char* kHashed = "|1|JxmUp10+/JyiTCnE6VVsIcIIPlw=|RsNBKZ1qcP5w7OZM+QyxuB8ro3M= ssh-ed25519 " KEY_A "\n";
constexpr const char* kHashedPort = "|1|LXwSAeq5rJfdntUsA4Ngur91jSw=|YmILSu42/9veGGTCVugOkBN/QlA= ssh-ed25519 " KEY_A "\n";

std::string Judge(std::string_view text, std::string_view host, int port, std::string_view type, std::string_view key) {
  const KnownHostsAnswer answer = CheckHostKey(text, host, static_cast<std::uint16_t>(port), type, base::Base64Decode(key).value());
  constexpr const char* kWords[] = {"trusted", "unknown", "changed", "revoked"};
  return std::string(kWords[static_cast<int>(answer.verdict)]) + ":" + std::to_string(answer.line);
}

TEST(KnownHosts, JudgesAsOpenSshDoes) {
  struct Row {
    std::string_view rule;
    std::string text;
    std::string_view host;
    int port;
    std::string_view key, want;
  };
  const Row kRows[] = {
      {"plain", "example.com ssh-ed25519 " KEY_A "\n", "example.com", 22, KEY_A, "trusted:1"},
      {"comment after the key, no line end", "example.com ssh-ed25519 " KEY_A " me@home", "example.com", 22, KEY_A, "trusted:1"},
      {"host names in any case", "Example.COM ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "trusted:1"},
      {"CRLF, tabs, comments, blank lines", "# c\r\n\r\n\texample.com\tssh-ed25519  " KEY_A "\r\n", "example.com", 22, KEY_A, "trusted:3"},
      {"one of a list", "a.com,example.com,b.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "trusted:1"},
      {"other host", "example.com ssh-ed25519 " KEY_A, "example.org", 22, KEY_A, "unknown:0"},
      {"a longer name is another", "example.com ssh-ed25519 " KEY_A, "example.com.evil.org", 22, KEY_A, "unknown:0"},
      {"changed", "example.com ssh-ed25519 " KEY_B, "example.com", 22, KEY_A, "changed:1"},
      {"one of two keys", "example.com ssh-ed25519 " KEY_B "\nexample.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "trusted:2"},
      {"only a key of another type", "example.com ssh-rsa " RSA, "example.com", 22, KEY_A, "unknown:0"},
      {"a port needs its own entry", "example.com ssh-ed25519 " KEY_A, "example.com", 2222, KEY_A, "unknown:0"},
      {"with a port", "[example.com]:2222 ssh-ed25519 " KEY_A, "example.com", 2222, KEY_A, "trusted:1"},
      {"another port", "[example.com]:2222 ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "unknown:0"},
      {"IPv6 with a port", "[2001:db8::1]:2222 ssh-ed25519 " KEY_A, "2001:db8::1", 2222, KEY_A, "trusted:1"},
      {"star", "*.example.com ssh-ed25519 " KEY_A, "git.example.com", 22, KEY_A, "trusted:1"},
      {"star needs the dot", "*.example.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "unknown:0"},
      {"question mark", "git?.example.com ssh-ed25519 " KEY_A, "git1.example.com", 22, KEY_A, "trusted:1"},
      {"star in the middle", "g*t*.com ssh-ed25519 " KEY_A, "github.com", 22, KEY_A, "trusted:1"},
      {"negated", "*.example.com,!bad.example.com ssh-ed25519 " KEY_A, "bad.example.com", 22, KEY_A, "unknown:0"},
      {"negated first", "!bad.example.com,* ssh-ed25519 " KEY_A, "bad.example.com", 22, KEY_A, "unknown:0"},
      {"negated alone matches nobody", "!bad.example.com ssh-ed25519 " KEY_A, "good.example.com", 22, KEY_A, "unknown:0"},
      {"hashed", kHashed, "example.com", 22, KEY_A, "trusted:1"},
      {"hashed, name in any case", kHashed, "EXAMPLE.com", 22, KEY_A, "trusted:1"},
      {"hashed, other host", kHashed, "example.org", 22, KEY_A, "unknown:0"},
      {"hashed, changed", kHashed, "example.com", 22, KEY_B, "changed:1"},
      {"hashed with port", kHashedPort, "example.com", 2222, KEY_A, "trusted:1"},
      {"hashed with port is not for 22", kHashedPort, "example.com", 22, KEY_A, "unknown:0"},
      {"revoked", "@revoked example.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "revoked:1"},
      {"revoked wins over an entry before", "example.com ssh-ed25519 " KEY_A "\n@revoked * ssh-ed25519 " KEY_A, "example.com", 22, KEY_A,
       "revoked:2"},
      {"revoked wins over an entry after", "@revoked * ssh-ed25519 " KEY_A "\nexample.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A,
       "revoked:1"},
      {"another key revoked", "@revoked * ssh-ed25519 " KEY_B "\nexample.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "trusted:2"},
      {"an authority is no host key", "@cert-authority example.com ssh-ed25519 " KEY_A, "example.com", 22, KEY_A, "unknown:0"},
      {"written type and key's own differ", "example.com ssh-rsa " KEY_A, "example.com", 22, KEY_A, "unknown:0"},
      {"empty", "", "example.com", 22, KEY_A, "unknown:0"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Judge(row.text, row.host, row.port, "ssh-ed25519", row.key), row.want) << row.rule;
  EXPECT_EQ(Judge("example.com ssh-rsa " RSA, "example.com", 22, "ssh-rsa", RSA), "trusted:1");
}

TEST(KnownHosts, TellsWhichKeyTypesToAskFor) {
  const std::string text = "example.com ssh-rsa " RSA "\n" + std::string(kHashed) +
                           "example.com ssh-ed25519 " KEY_B "\n@revoked * ssh-rsa " RSA "\n[example.com]:2222 ssh-rsa " RSA "\n";
  EXPECT_EQ(KeyTypesOf(text, "example.com", 22), (std::vector<std::string>{"ssh-rsa", "ssh-ed25519"}));
  EXPECT_EQ(KeyTypesOf(text, "example.com", 2222), (std::vector<std::string>{"ssh-rsa"}));
  EXPECT_TRUE(KeyTypesOf(text, "example.org", 22).empty());
}

TEST(KnownHosts, Validates) {
  EXPECT_TRUE(ValidateKnownHosts(kHashed));
  EXPECT_EQ(MessageOf(ValidateKnownHosts("")), "known_hosts holds no entry");
  EXPECT_EQ(MessageOf(ValidateKnownHosts("# only words\n")), "known_hosts holds no entry");
  EXPECT_EQ(MessageOf(ValidateKnownHosts("@cert-authority * ssh-ed25519 " KEY_A)), "known_hosts holds no entry");
  EXPECT_EQ(MessageOf(ValidateKnownHosts(std::string(kHashed) + "\nexample.com ssh-ed25519\n")),
            "known_hosts line 3: not an entry of the form 'host key-type base64-key'");
  EXPECT_EQ(MessageOf(ValidateKnownHosts("-----BEGIN OPENSSH PRIVATE KEY-----\n")),
            "known_hosts line 1: not an entry of the form 'host key-type base64-key'");
  EXPECT_EQ(MessageOf(ValidateKnownHosts(std::string((1 << 20) + 1, '#'))), "known_hosts is larger than 1 MiB");
}

}  // namespace
}  // namespace sluice::sources
