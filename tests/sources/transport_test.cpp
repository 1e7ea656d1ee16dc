// Who is let in, who is trusted, and what happens when a host misbehaves.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/digest.h"
#include "sources/git/repository.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

struct Attempt {
  std::string reason, message;
  friend bool operator==(const Attempt&, const Attempt&) = default;
};
void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.reason << ": " << attempt.message; }

/// Resolves branch main and fetches it into a cache of its own; the message without the URL.
Attempt Try(const std::string& url, const Credentials& credentials, const GitCall& call = {}, const GitClientOptions& options = {}) {
  const TemporaryDirectory directory;
  GitCache cache(directory.path(), {}, options);
  const auto repository = cache.Open(ParseGitUrl(url).value());
  const auto found = repository->Resolve({.branch = "main"}, credentials, call);
  const auto done = found ? repository->Fetch(*found, credentials, call) : base::Result<void>(found.error());
  if (done) return {"none", Shown(**repository->OpenTree(found->commit))};
  std::string message = done.error().message;
  const std::string prefix = repository->url().text + ": ";
  EXPECT_TRUE(message.starts_with(prefix)) << message;
  return {ReasonOf(done), message.substr(std::min(prefix.size(), message.size()))};
}

const Attempt kFetched{"none", "a=1\n"};

/// `<server>/app.git` with one file.
struct SmallRepository : TestRepository {
  explicit SmallRepository(const TestServer& server) : TestRepository(server.root(), "app") {
    Write("a", "1");
    Commit("first");
  }
};

TEST(HttpTransport, BasicAuthentication) {
  const TestServer server("--user deployer --password hunter2222");
  const SmallRepository repository(server);
  const std::string url = server["http"] + "/app.git";
  Credentials credentials;
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "authentication required (HTTP 401): name a Secret with credentials"}));
  credentials.username = "deployer";
  credentials.password = "wrong-canary";
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "the host refuses the credentials (HTTP 401): check the Secret"}));
  credentials.password = "hunter2222";
  EXPECT_EQ(Try(url, credentials), kFetched);
  const std::string with_userinfo = "http://deployer:hunter2222@" + url.substr(7);
  EXPECT_EQ(Try(with_userinfo, AnonymousCredentials(ParseGitUrl(with_userinfo).value()).value()), kFetched);
}

TEST(HttpTransport, BearerToken) {
  const TestServer server("--bearer tok-en-1234");
  const SmallRepository repository(server);
  const std::string url = server["http"] + "/app.git";
  Credentials credentials;
  credentials.bearer_token = "wrong";
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "the host refuses the credentials (HTTP 401): check the Secret"}));
  credentials.bearer_token = "tok-en-1234";
  EXPECT_EQ(Try(url, credentials), kFetched);
}

TEST(HttpTransport, PrivateAuthority) {
  const TestServer server("--tls"), other("--tls");
  const SmallRepository repository(server);
  const std::string url = server["https"] + "/app.git";
  Credentials credentials;
  const std::string untrusted = "the host's certificate is not trusted (SSL certificate problem: ",
                    remedy = "): put its CA into key ca.crt of the Secret";
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", untrusted + "unable to get local issuer certificate" + remedy}));
  credentials.ca_pem = ReadFile(server["ca"]);
  EXPECT_EQ(Try(url, credentials), kFetched);
  credentials.ca_pem = ReadFile(other["ca"]);
  EXPECT_EQ(Try(url, credentials).reason, "Unauthorized") << "an authority of the same name with another key";
  credentials.ca_pem = ReadFile(other["ca"]) + ReadFile(server["ca"]);
  EXPECT_EQ(Try(url, credentials), kFetched) << "a bundle";
  credentials.ca_pem = "nonsense";
  EXPECT_EQ(Try(url, credentials).reason, "Invalid");
  credentials.ca_pem = ReadFile(server["ca"]);
  credentials.client_cert_pem = credentials.client_key_pem = "nonsense";
  EXPECT_EQ(Try(url, credentials).reason, "Invalid");
}

class SshTransport : public testing::Test {
 protected:
  SshTransport() : server("--ssh"), repository(server), url(server["ssh"] + "/app.git"), credentials(server.Ssh()) {}

  /// A key pair of ssh-keygen; its public half may log in if `allowed`.
  std::string MakeKey(const std::string& flags, bool allowed) {
    const std::string file = keys.path() + "/key" + std::to_string(++count);
    Shell("ssh-keygen -q -C '' -f " + file + " " + flags);
    if (allowed) Shell("cat " + file + ".pub >> $(dirname " + server["identity"] + ")/identity.pub");
    return ReadFile(file);
  }

  const TestServer server;
  const SmallRepository repository;
  const std::string url;
  Credentials credentials;
  const TemporaryDirectory keys;
  int count = 0;
};

TEST_F(SshTransport, KindsOfKeys) {
  EXPECT_EQ(Try(url, credentials), kFetched) << "ed25519";
  for (const std::string& flags :
       {"-t rsa -b 3072 -N ''", "-t rsa -b 2048 -m PEM -N ''", "-t ecdsa -b 256 -N ''", "-t ecdsa -b 521 -m PKCS8 -N ''"}) {
    credentials.identity = MakeKey(flags, true);
    EXPECT_EQ(Try(url, credentials), kFetched) << flags;
  }
  std::string crlf = MakeKey("-t ed25519 -N ''", true);
  for (std::size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2) crlf.insert(at, "\r");
  crlf.resize(crlf.size() - 2);
  credentials.identity = crlf;
  EXPECT_EQ(Try(url, credentials), kFetched) << "CRLF, no line end";
}

TEST_F(SshTransport, Passphrases) {
  for (const std::string& flags :
       {"-t ed25519 -N s3cret-canary", "-t rsa -b 2048 -m PEM -N s3cret-canary", "-t ecdsa -m PKCS8 -N s3cret-canary"}) {
    credentials.identity = MakeKey(flags, true);
    credentials.passphrase = "s3cret-canary";
    EXPECT_EQ(Try(url, credentials), kFetched) << flags;
    credentials.passphrase = "wrong-canary";
    EXPECT_EQ(Try(url, credentials),
              (Attempt{"Invalid", "the ssh identity cannot be read: it is damaged, or 'password' is not its passphrase"}))
        << flags;
    credentials.passphrase = "";
    EXPECT_EQ(Try(url, credentials), (Attempt{"Invalid", "the ssh identity is encrypted, but the Secret has no 'password'"})) << flags;
  }
  credentials.identity = "nonsense";
  EXPECT_EQ(Try(url, credentials), (Attempt{"Invalid", "the ssh identity is not a private key in PEM or OpenSSH form"}));
}

TEST_F(SshTransport, UnknownIdentity) {
  credentials.identity = MakeKey("-t ed25519 -N ''", false);
  const std::string fingerprint = Shell("ssh-keygen -l -f " + keys.path() + "/key1.pub | cut -d' ' -f2");
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "the host refuses the ssh identity (ssh-ed25519 " + fingerprint +
                                                                "): add its public key there as a deploy key"}));
}

// T12: host key unknown, changed, absent, hashed, of another type.
TEST_F(SshTransport, T12HostKeys) {
  const std::string good = credentials.known_hosts;
  const std::string host = good.substr(0, good.find(' ')), port = host.substr(host.rfind(':') + 1);
  MakeKey("-t ed25519 -N ''", false);
  MakeKey("-t rsa -b 2048 -N ''", false);
  const std::string other = ReadFile(keys.path() + "/key1.pub"), rsa = ReadFile(keys.path() + "/key2.pub");

  credentials.known_hosts = "# nobody\nexample.com " + other;
  EXPECT_EQ(Try(url, credentials),
            (Attempt{"Unauthorized", "the host is not in known_hosts: check its key, then add the output of `ssh-keyscan -p " + port +
                                         " 127.0.0.1` to the Secret"}));
  credentials.known_hosts = "# changed\n" + host + " " + other;
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized",
                                            "the host's ssh-ed25519 key is not the one in known_hosts line 2: it was changed, or somebody "
                                            "stands in between; replace the line once you know"}));
  credentials.known_hosts = good + "@revoked * " + good.substr(good.find(' ') + 1);
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "the host's ssh-ed25519 key is revoked by known_hosts line 2"}));
  credentials.known_hosts = host + " " + rsa;
  EXPECT_EQ(Try(url, credentials).reason, "Unauthorized");
  EXPECT_TRUE(Try(url, credentials).message.starts_with("the host has no key of a type that known_hosts lists for it ("))
      << Try(url, credentials).message;
  credentials.known_hosts = host + " " + rsa + good;
  EXPECT_EQ(Try(url, credentials), kFetched) << "the type that fits is asked for";
  WriteFile(keys.path() + "/known_hosts", good);
  Shell("ssh-keygen -H -f " + keys.path() + "/known_hosts");
  credentials.known_hosts = ReadFile(keys.path() + "/known_hosts");
  EXPECT_EQ(credentials.known_hosts.substr(0, 3), "|1|");
  EXPECT_EQ(Try(url, credentials), kFetched);
}

// T12: RSA keys of hosts need 2,048 bits, and never sign with SHA-1.
TEST(SshHosts, T12ShortRsaKeysAreRefused) {
  struct Row {
    const char *bits, *algorithm;
    Attempt want;
  };
  const Row rows[] = {
      {"1024",
       "",
       {"Unauthorized",
        "the host's key is not accepted (Failed to verify server hostkey signature): an RSA key needs 2048 bits at least; give "
        "the host an ssh-ed25519 key"}},
      {"2048", "", kFetched},
      {"2048",
       "ssh-rsa",
       {"Unauthorized", "known_hosts has only keys of types that are not accepted (ssh-rsa): add an ssh-ed25519, ecdsa or rsa key"}}};
  for (const Row& row : rows) {
    const TestServer server("--ssh --ssh-host-key rsa:" + std::string(row.bits));
    const SmallRepository repository(server);
    GitClientOptions options;
    if (*row.algorithm) options.ssh_hostkey_algorithms = {row.algorithm};
    EXPECT_EQ(Try(server["ssh"] + "/app.git", server.Ssh(), {}, options), row.want) << row.bits << row.algorithm;
  }
}

TEST_F(SshTransport, AlgorithmsOfFlags) {
  EXPECT_EQ(
      Try(url, credentials, {}, {.ssh_hostkey_algorithms = {"rsa-sha2-512", "ssh-ed25519"}, .ssh_kex_algorithms = {"ecdh-sha2-nistp256"}}),
      kFetched);
  EXPECT_EQ(Try(url, credentials, {}, {.ssh_hostkey_algorithms = {"rsa-sha2-512"}}),
            (Attempt{"Unauthorized",
                     "known_hosts has only keys of types that are not accepted (ssh-ed25519): add an ssh-ed25519, ecdsa or rsa key"}));
  EXPECT_EQ(Try(url, credentials, {}, {.ssh_kex_algorithms = {"nonsense"}}),
            (Attempt{"Invalid", "ssh key exchange algorithms: none of nonsense is known"}));
}

TEST_F(SshTransport, LeavesNothingOpen) {
  const auto descriptors = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{}); };
  EXPECT_EQ(Try(url, credentials), kFetched);
  const auto before = descriptors();
  Credentials wrong = credentials;
  wrong.identity = MakeKey("-t ed25519 -N ''", false);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Try(url, credentials), kFetched);
    EXPECT_EQ(Try(url, wrong).reason, "Unauthorized");
  }
  EXPECT_EQ(descriptors(), before);
}

/// Two servers: one in front of the other that does strange things (strange_server.py).
class Strange : public testing::Test {
 protected:
  Strange() : server("--tls"), repository(server), front(Command("")), base("http://127.0.0.1:" + front.line()) {}
  std::string Command(const std::string& tls) const {
    return std::string("python3 ") + SLUICE_SOURCE_DIR + "/tests/sources/strange_server.py " + server["http"] + " " +
           std::to_string(getpid()) + tls;
  }
  /// A path that redirects to `address`.
  static std::string To(const std::string& address) { return "/to/" + base::HexEncode(address); }
  std::string Log() const { return Shell("curl -s " + base + "/log"); }

  const TestServer server;
  const SmallRepository repository;
  const Program front;
  const std::string base;
};

TEST_F(Strange, Version0OverHttp) {
  EXPECT_EQ(Try(base + "/pass/app.git", {}), kFetched);
  EXPECT_EQ(Try(base + "/v0/app.git", {}), kFetched);
}

// Hosts that know less: version 0 where only what is listed may be wanted, nothing is filtered, and at last nothing is shallow.
TEST_F(Strange, OldHosts) {
  repository.Git("tag -a v1 -m annotated");
  const std::string first = repository.Git("rev-parse main");
  repository.Write("a", "2");
  const std::string second = repository.Commit("second");
  repository.Write("a", "3");
  repository.Commit("third");
  for (const char* kind : {"old", "ancient"}) {
    const TemporaryDirectory directory;
    GitCache cache(directory.path());
    const auto host = cache.Open(ParseGitUrl(base + "/" + kind + "/app.git").value());
    for (const Reference& reference : {Reference{.branch = "main"}, Reference{.tag = "v1"}, Reference{.branch = "main", .commit = second},
                                       Reference{.commit = second}}) {
      const auto found = host->Resolve(reference, {});
      ASSERT_TRUE(found) << MessageOf(found);
      const auto done = host->Fetch(*found, {});
      ASSERT_TRUE(done) << MessageOf(done);
      EXPECT_EQ(Shown(**host->OpenTree(found->commit)), found->commit == first    ? "a=1\n"
                                                        : found->commit == second ? "a=2\n"
                                                                                  : "a=3\n")
          << kind;
    }
    EXPECT_FALSE(host->ReadTag("none"));
    const std::string other = "1234567890123456789012345678901234567890";
    const auto found = host->Resolve({.commit = other}, {}).value();
    EXPECT_EQ(MessageOf(host->Fetch(found, {})),
              host->url().text + ": the host did not send commit " + other + ": is it in the history of the branch?");
  }
}

TEST_F(Strange, Proxy) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(Try(base + "/pass/app.git", {}), kFetched) << "the environment is not read";
  unsetenv("http_proxy");
  Credentials credentials;
  credentials.proxy_address = base;
  const std::string url = server["http"] + "/app.git";
  EXPECT_EQ(Try(url, credentials), (Attempt{"Unauthorized", "the proxy refuses the credentials (HTTP 407): check the proxy Secret"}));
  credentials.proxy_username = "proxy-user";
  credentials.proxy_password = "proxy-canary";
  EXPECT_EQ(Try(url, credentials), kFetched);
  credentials.proxy_address = "http://no-such-proxy.invalid:1";
  EXPECT_EQ(Try(url, credentials),
            (Attempt{"Unavailable", "Could not resolve proxy: no-such-proxy.invalid: check address in the proxy Secret"}));
}

// T11: redirects to another host or port, or down to http.
TEST_F(Strange, T11Redirects) {
  Credentials credentials;
  credentials.username = "user-canary";
  credentials.password = "password-canary";
  EXPECT_EQ(Try(base + To(base + "/pass") + "/app.git", credentials), kFetched) << "within the host, with credentials";
  EXPECT_EQ(Log().find("-\n"), std::string::npos) << Log();
  const Program second(Command(""));
  const std::string elsewhere = "http://127.0.0.1:" + second.line();
  EXPECT_EQ(Try(base + To(elsewhere + "/pass") + "/app.git", credentials), kFetched);
  EXPECT_EQ(Shell("curl -s " + elsewhere + "/log | sort -u"), "-") << "another port gets no credentials";
  EXPECT_EQ(Try(base + To(elsewhere + To(base + "/pass")) + "/app.git", credentials), kFetched)
      << "and coming back does not bring them back";
  EXPECT_EQ(Try(base + "/loop/app.git", {}), (Attempt{"Invalid", "more than 5 redirects: correct the URL"}));
  EXPECT_EQ(Try(base + To(base + To(base + "/pass")) + "/app.git", {}, {}, {.max_redirects = 1}),
            (Attempt{"Invalid", "more than 1 redirects: correct the URL"}));
  EXPECT_EQ(Try(base + "/pass/app.git", {}, {}, {.max_header_bytes = 20}), (Attempt{"TooLarge", "headers of the answer exceed 20 bytes"}));
  EXPECT_EQ(Try(base + To("ftp://127.0.0.1") + "/app.git", {}), (Attempt{"Invalid", "the host redirects to nowhere: check the URL"}));
  EXPECT_EQ(Try(base + "/login/app.git", {}),
            (Attempt{"Invalid", "the host redirects to " + base + "/sign-in, which is not a repository: a login page, or a wrong URL"}));

  const std::string pki = server["ca"].substr(0, server["ca"].rfind('/'));
  const Program tls(Command(" " + pki + "/server.crt " + pki + "/server.key"));
  credentials.ca_pem = ReadFile(server["ca"]);
  const std::string secure = "https://localhost:" + tls.line();
  EXPECT_EQ(Try(secure + "/pass/app.git", credentials), kFetched);
  EXPECT_EQ(Try(secure + To(base + "/pass") + "/app.git", credentials),
            (Attempt{"Forbidden", "the host redirects from https to http, which is refused: correct the URL"}));
}

// T57: what a host echoes does not carry the credentials on.
TEST_F(Strange, T57RefusalsAreClassedAndClean) {
  Credentials credentials;
  credentials.bearer_token = "token-canary";
  const std::string said = ", 'you sent Bearer ***')";
  EXPECT_EQ(Try(base + "/status/401/app.git", credentials),
            (Attempt{"Unauthorized", "the host refuses the credentials (HTTP 401" + said + ": check the Secret"}));
  EXPECT_EQ(Try(base + "/status/403/app.git", credentials),
            (Attempt{"Forbidden", "the host forbids access (HTTP 403" + said + ": check the rights of the account in the Secret"}));
  EXPECT_EQ(Try(base + "/status/404/app.git", credentials),
            (Attempt{"NotFound", "repository not found (HTTP 404" + said + ": check the URL and the rights of the account"}));
  EXPECT_EQ(Try(base + "/status/429/app.git", credentials), (Attempt{"Unavailable", "the host fails (HTTP 429" + said}));
  EXPECT_EQ(Try(base + "/status/503/app.git", credentials), (Attempt{"Unavailable", "the host fails (HTTP 503" + said}));
  EXPECT_EQ(Try(base + "/status/418/app.git", credentials), (Attempt{"Invalid", "unexpected answer (HTTP 418" + said + ": check the URL"}));
  const TemporaryDirectory directory;
  GitCache cache(directory.path());
  const auto found = cache.Open(ParseGitUrl(base + "/status/429/app.git").value())->Resolve({.branch = "main"}, credentials);
  EXPECT_EQ(found.error().retry_after, std::chrono::seconds(7));
}

TEST_F(Strange, AnswersThatAreNoGit) {
  EXPECT_EQ(Try(base + "/page/app.git", {}),
            (Attempt{"Invalid", "the address answers, but not as a Git server (smart HTTP) does: check the URL"}));
  EXPECT_EQ(Try(base + "/garbage/app.git", {}), (Attempt{"Invalid", "the answer is not in Git's format"}));
  EXPECT_EQ(Try(base + "/sha256/app.git", {}), (Attempt{"Unsupported", "the repository uses sha256 object ids; only SHA-1 is supported"}));
}

// R15: the pack breaks off: never half a tree, nothing left behind, and the next try succeeds.
TEST_F(Strange, R15PackCutOff) {
  repository.Write("big", Shell("head -c 200000 /dev/urandom | base64 -w0"));
  repository.Commit("big");
  const TemporaryDirectory directory;
  GitCache cache(directory.path());
  const auto whole = cache.Open(ParseGitUrl(base + "/pass/app.git").value());
  const Resolution found = whole->Resolve({.branch = "main"}, {}).value();
  for (const char* percent : {"0", "10", "50", "99"}) {
    const auto cut = cache.Open(ParseGitUrl(base + "/cut/" + percent + "/app.git").value());
    const auto done = cut->Fetch(found, {});
    EXPECT_EQ(ReasonOf(done), "Unavailable") << percent << ": " << MessageOf(done);
    EXPECT_FALSE(cut->Has(found.commit));
    EXPECT_EQ(Shell("find " + directory.path() + " -path '*/pack/*' | wc -l"), "0");
  }
  EXPECT_TRUE(whole->Fetch(found, {}));
}

TEST_F(Strange, DeadlinesAndStops) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Try(base + "/stall/app.git", {}, {.timeout = milliseconds(300)}),
            (Attempt{"Timeout", "no result within 300ms: see whether the host answers, or raise the timeout"}));
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    source.request_stop();
  });
  EXPECT_EQ(Try(base + "/stall/app.git", {}, {.timeout = milliseconds(60'000), .stop = source.get_token()}),
            (Attempt{"Canceled", "canceled"}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30)) << "neither waited for the host";
}

// T17: progress that never ends is ended by the timeout.
TEST_F(Strange, T17EndlessAnswers) {
  for (const char* verb : {"/alive", "/drip"})
    EXPECT_EQ(Try(base + verb + "/app.git", {}, {.timeout = milliseconds(1500)}),
              (Attempt{"Timeout", "no result within 1.5s: see whether the host answers, or raise the timeout"}))
        << verb;
}

TEST(Transports, HostsThatDoNotAnswer) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);  // accepts into its backlog, says nothing
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  Credentials credentials;
  credentials.identity = "x";
  credentials.known_hosts = "[127.0.0.1]:" + std::to_string(ntohs(address.sin_port)) +
                            " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMhv5j0KkxVLcJ3nq1nns0bDiNQS0Y7a1fe6fH4T6LGb\n";
  const Attempt late{"Timeout", "no result within 200ms: see whether the host answers, or raise the timeout"};
  EXPECT_EQ(Try("ssh://git@" + host + "/a", credentials, {.timeout = milliseconds(200)}), late);
  EXPECT_EQ(Try("https://" + host + "/a", {}, {.timeout = milliseconds(200)}), late);
  EXPECT_EQ(Try("http://" + host + "/a", {}, {.timeout = milliseconds(200)}), late);
  close(listener);
  EXPECT_EQ(Try("ssh://git@" + host + "/a", credentials), (Attempt{"Unavailable", "cannot connect: Connection refused"}));
  EXPECT_EQ(Try("http://" + host + "/a", {}).reason, "Unavailable");
  EXPECT_EQ(Try("http://no-such-host.invalid/a", {}).reason, "Unavailable");
  credentials.proxy_address = "http://127.0.0.1:1";
  EXPECT_EQ(Try("ssh://git@" + host + "/a", credentials),
            (Attempt{"Unsupported", "ssh goes through socks5 proxies only: use one, or an https URL"}));
  credentials.proxy_address = "";
  credentials.known_hosts = "* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMhv5j0KkxVLcJ3nq1nns0bDiNQS0Y7a1fe6fH4T6LGb\n";
  EXPECT_EQ(Try("ssh://no-such-host.invalid/a", credentials).reason, "Unavailable");
}

}  // namespace
}  // namespace sluice::sources
