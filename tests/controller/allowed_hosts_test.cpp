// Where a Secret may go by its annotation (threats T54).
#include "controller/allowed_hosts.h"

#include <gtest/gtest.h>

namespace sluice::controller {
namespace {

struct Row {
  std::string_view list, address;
  bool want;
};

constexpr Row kRows[] = {
    {"git.example.com", "https://git.example.com/a/b", true},
    {"git.example.com", "https://GIT.example.com:8443/a", true},
    {"git.example.com", "ssh://git@git.example.com/a", true},
    {"git.example.com", "https://git.example.com.evil.test/a", false},
    {"git.example.com", "https://evil.test/git.example.com", false},
    {"git.example.com", "https://git.example.com@evil.test/a", false},
    {"git.example.com", "https://xgit.example.com", false},
    {"git.example.com:8443", "https://git.example.com:8443", true},
    {"git.example.com:8443", "https://git.example.com", false},
    {"git.example.com:443", "https://git.example.com", true},
    {"git.example.com:443", "http://git.example.com", false},
    {"git.example.com:80", "http://git.example.com", true},
    {"git.example.com:22", "ssh://git@git.example.com/a", true},
    {"ghcr.io:443", "oci://ghcr.io/a/b", true},
    {"*.example.com", "https://git.example.com", true},
    {"*.example.com", "https://a.b.example.com", true},
    {"*.example.com", "https://example.com", false},
    {"*.example.com", "https://badexample.com", false},
    {"*", "https://git.example.com", false},
    {"a.test, git.example.com", "https://git.example.com", true},
    {"a.test\n  git.example.com\n", "https://git.example.com", true},
    {"a.test,b.test", "https://git.example.com", false},
    {"", "https://git.example.com", false},
    {"[::1]:5000", "http://[::1]:5000/a", true},
    {"127.0.0.1", "127.0.0.1:9000", true},
    {"127.0.0.1:9000", "127.0.0.1:9000", true},
    {"127.0.0.1:9001", "127.0.0.1:9000", false},
    {"https://", "https://", false},
};

TEST(AllowedHosts, T54_ByTheAnnotation) {
  for (const Row& row : kRows) {
    document::Value secret = document::Value::Mapping();
    secret["metadata"]["annotations"].Set(std::string(kAllowedHosts), std::string(row.list));
    EXPECT_EQ(AllowedHosts::Of(secret).Allows(HostOf(row.address)), row.want) << row.list << " -> " << row.address;
  }
}

TEST(AllowedHosts, T54_WithoutItEverywhere) {
  EXPECT_TRUE(AllowedHosts::Of(document::Value::Mapping()).Allows(HostOf("https://anywhere.test")));
}

TEST(AllowedHosts, T54_AnAnnotationThatIsNoTextAllowsNothing) {
  document::Value secret = document::Value::Mapping();
  secret["metadata"]["annotations"].Set(std::string(kAllowedHosts), document::Value::Sequence());
  EXPECT_FALSE(AllowedHosts::Of(secret).Allows(HostOf("https://anywhere.test")));
}

}  // namespace
}  // namespace sluice::controller
