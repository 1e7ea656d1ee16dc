// What a 3xx makes of a request, and which addresses may be connected to.
#include "net/redirect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

#include <gtest/gtest.h>

#include "net/address.h"

namespace sluice::net {
namespace {

/// `METHOD url [same|other] Header=value;... body`, or the error's message.
std::string Follow(std::string method, std::string url, std::string body, int status, std::string location) {
  const Request request{.method = std::move(method),
                        .url = url,
                        .headers = {{"Authorization", "a"}, {"Accept", "b"}, {"Content-Type", "c"}, {"X-Api-Key", "d"}, {"Range", "e"}},
                        .body = std::move(body)};
  Response response{.status = status};
  if (!location.empty()) response.headers.emplace_back("location", location);
  const base::Result<Hop> hop = NextHop(request, *ParseUrl(url), response);
  if (!hop) return hop.error().message;
  std::string out = hop->request.method + " " + hop->request.url + (hop->same_origin ? " same " : " other ");
  for (const auto& [name, value] : hop->request.headers) out += name + "=" + value + ";";
  return out + " " + hop->request.body;
}

TEST(Redirect, Rules) {
  const std::string all = "Authorization=a;Accept=b;Content-Type=c;X-Api-Key=d;Range=e;";
  const std::string bodyless = "Authorization=a;Accept=b;X-Api-Key=d;Range=e;";
  struct Row {
    std::string_view rule, method, url, body;
    int status;
    std::string_view location;
    std::string want;
  };
  const Row rows[] = {
      {"home", "GET", "https://h/a", "", 302, "/b", "GET https://h/b same " + all + " "},
      {"home by its whole name", "GET", "https://h/a", "", 301, "https://H:443/b", "GET https://h/b same " + all + " "},
      {"T11 another host", "GET", "https://h/a", "", 302, "https://other/b", "GET https://other/b other Accept=b;Range=e; "},
      {"T11 another port", "GET", "https://h/a", "", 302, "https://h:444/b", "GET https://h:444/b other Accept=b;Range=e; "},
      {"up to TLS is another origin too", "GET", "http://h/a", "", 302, "https://h/b", "GET https://h/b other Accept=b;Range=e; "},
      {"T11 down from TLS", "GET", "https://h/a", "", 302, "http://h/b", "redirect to http://h/b refused: it would leave TLS"},
      {"another scheme", "GET", "https://h/a", "", 302, "ftp://h/b?x", "redirect to ftp://h/b refused: not http or https"},
      {"credentials in the location", "GET", "https://h/a", "", 302, "https://u:p@h/b",
       "redirect to https://h/b refused: credentials in the URL"},
      {"303 makes a GET", "PUT", "https://h/a", "x", 303, "/b", "GET https://h/b same " + bodyless + " "},
      {"302 of a POST makes a GET", "POST", "https://h/a", "x", 302, "/b", "GET https://h/b same " + bodyless + " "},
      {"302 of a PUT does not", "PUT", "https://h/a", "x", 302, "/b", "PUT https://h/b same " + all + " x"},
      {"307 keeps all", "POST", "https://h/a", "x", 307, "/b", "POST https://h/b same " + all + " x"},
      {"HEAD stays HEAD", "HEAD", "https://h/a", "", 303, "/b", "HEAD https://h/b same " + all + " "},
      {"no body to strangers", "POST", "https://h/a", "x", 307, "https://other/b",
       "redirect to https://other/b refused: the body of a POST does not go to another origin"},
      {"no location", "GET", "https://h/a", "", 302, "", "redirect (302) without Location"},
      {"a bad location", "GET", "https://h/a", "", 302, "https://", "redirect: no host in URL"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Follow(std::string(row.method), std::string(row.url), std::string(row.body), row.status, std::string(row.location)),
              row.want);
  }
  EXPECT_FALSE(IsRedirect(300) || IsRedirect(304) || IsRedirect(200));
}

union AnyAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

AnyAddress Address(const std::string& text) {
  AnyAddress address{};
  if (text.find(':') == std::string::npos) {
    address.v4.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr), 1) << text;
  } else {
    address.v6.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr), 1) << text;
  }
  return address;
}

TEST(Address, T23Policies) {
  struct Row {
    std::string_view address;
    bool no_metadata, is_public;
  };
  const Row rows[] = {
      {"8.8.8.8", true, true},
      {"1.1.1.1", true, true},
      {"2606:4700::1111", true, true},
      {"169.254.169.254", false, false},
      {"169.254.170.2", false, false},
      {"168.63.129.16", false, false},
      {"100.100.100.200", false, false},
      {"fd00:ec2::254", false, false},
      {"fd20:ce::254", false, false},
      {"::ffff:169.254.169.254", false, false},
      {"::169.254.169.254", false, false},
      {"64:ff9b::a9fe:a9fe", false, false},
      {"2002:a9fe:a9fe::1", false, false},
      {"127.0.0.1", true, false},
      {"::1", true, false},
      {"::", true, false},
      {"10.1.2.3", true, false},
      {"172.31.0.1", true, false},
      {"172.32.0.1", true, true},
      {"192.168.1.1", true, false},
      {"100.64.0.1", true, false},
      {"169.254.1.1", true, false},
      {"224.0.0.1", true, false},
      {"255.255.255.255", true, false},
      {"0.0.0.0", true, false},
      {"fe80::1", true, false},
      {"fc00::1", true, false},
      {"ff02::1", true, false},
      {"::ffff:127.0.0.1", true, false},
      {"::ffff:8.8.8.8", true, true},
      {"64:ff9b::7f00:1", true, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.address);
    const AnyAddress address = Address(std::string(row.address));
    EXPECT_TRUE(IsAllowed(address.any, Addresses::Any));
    EXPECT_EQ(IsAllowed(address.any, Addresses::NoMetadata), row.no_metadata);
    EXPECT_EQ(IsAllowed(address.any, Addresses::Public), row.is_public);
  }
  EXPECT_EQ(FormatAddress(Address("::1").any), "[::1]");
  EXPECT_EQ(FormatAddress(Address("10.0.0.1").any), "10.0.0.1");
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(IsAllowed(other, Addresses::Any));
}

TEST(Headers, AreFoundWhateverTheirCase) {
  const Headers headers{{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(FindHeader(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(FindHeader(headers, "content"), "");
}

}  // namespace
}  // namespace sluice::net
