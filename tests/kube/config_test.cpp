// Kubeconfigs as people and controllers meet them: one row a rule, messages in full.
#include "kube/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "document/yaml.h"

namespace sluice::kube {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  fs::path root_ = fs::path(::testing::TempDir()) / ("kube-config-" + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }
  std::string Write(const std::string& name, std::string_view text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }
};

/// A kubeconfig with one context "c", whose cluster and user are given in flow style.
std::string Config(std::string_view cluster, std::string_view user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, "
         "cluster: {" +
         std::string(cluster) + "}}]\nusers: [{name: u, user: {" + std::string(user) + "}}]\n";
}

std::string Said(const base::Result<ClusterConfig>& config) {
  return config ? "ok" : std::string(base::ToString(config.error().reason)) + ": " + config.error().message;
}

struct Row {
  std::string_view rule, cluster, user, want, tenant;  // `tenant`: what a kubeconfig from a Secret hears; "" means the same
};

constexpr Row kRows[] = {
    {"token", "server: 'https://h:1'", "token: t", "ok", ""},
    {"no credentials", "server: 'https://h:1'", "", "ok", ""},
    {"slashes at the end go", "server: 'https://h:1/x//'", "", "ok", ""},
    {"server missing", "", "token: t", "Invalid: kubeconfig: cluster \"k\": server is missing", ""},
    {"server without a scheme", "server: 'h:1'", "", "Invalid: kubeconfig: cluster \"k\": server is not an https:// or http:// URL", ""},
    {"credentials in the URL", "server: 'https://u:p@h'", "", "Invalid: kubeconfig: cluster \"k\": server may not contain credentials", ""},
    {"plain http", "server: 'http://h:1'", "token: t", "ok", "Unsupported: kubeconfig: cluster \"k\": server must be an https:// URL"},
    {"CA not base64", "server: 'https://h', certificate-authority-data: '%%'", "",
     "Invalid: kubeconfig: cluster \"k\": certificate-authority-data: not base64", ""},
    {"insecure", "server: 'https://h', insecure-skip-tls-verify: true", "", "ok",
     "Unsupported: kubeconfig: cluster \"k\": insecure-skip-tls-verify is not allowed here"},
    {"insecure and a CA", "server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: eA==", "",
     "Invalid: kubeconfig: cluster \"k\": a certificate authority and insecure-skip-tls-verify exclude each other",
     "Unsupported: kubeconfig: cluster \"k\": insecure-skip-tls-verify is not allowed here"},
    {"proxy", "server: 'https://h', proxy-url: 'socks5://p:1'", "", "ok",
     "Unsupported: kubeconfig: cluster \"k\": proxy-url is not allowed here"},
    {"proxy of another kind", "server: 'https://h', proxy-url: 'ftp://p'", "",
     "Invalid: kubeconfig: cluster \"k\": proxy-url is not an http, https or socks5 URL",
     "Unsupported: kubeconfig: cluster \"k\": proxy-url is not allowed here"},
    {"exec", "server: 'https://h'", "exec: {command: /bin/sh}",
     "Unsupported: kubeconfig: user \"u\": exec plugins are not run; use a token or a client certificate", ""},
    {"auth-provider", "server: 'https://h'", "auth-provider: {name: gcp}",
     "Unsupported: kubeconfig: user \"u\": auth-provider plugins are not run; use a token or a client certificate", ""},
    {"impersonation", "server: 'https://h'", "token: t, as: root", "ok",
     "Unsupported: kubeconfig: user \"u\": impersonation (as) in a kubeconfig is not supported"},
    {"groups of nobody", "server: 'https://h'", "token: t, as-groups: [g]",
     "Invalid: kubeconfig: user \"u\": a uid, groups or extras to impersonate need a user to impersonate (as)",
     "Unsupported: kubeconfig: user \"u\": impersonation (as-groups) in a kubeconfig is not supported"},
    {"extra words of a user", "server: 'https://h'", "token: t, as: x, as-user-extra: {a: [b]}", "ok",
     "Unsupported: kubeconfig: user \"u\": impersonation (as) in a kubeconfig is not supported"},
    {"a line break in a group", "server: 'https://h'", "token: t, as: x, as-groups: [\"g\\r\\nX: y\"]",
     "Invalid: kubeconfig: user \"u\": control characters in whom to impersonate",
     "Unsupported: kubeconfig: user \"u\": impersonation (as) in a kubeconfig is not supported"},
    {"token file", "server: 'https://h'", "tokenFile: /etc/passwd-not-here",
     "Invalid: kubeconfig: user \"u\": tokenFile: /etc/passwd-not-here: No such file or directory",
     "Unsupported: kubeconfig: user \"u\": tokenFile names a file; only inline data is allowed here"},
    {"CA file", "server: 'https://h', certificate-authority: /nowhere/ca.crt", "",
     "Invalid: kubeconfig: cluster \"k\": certificate-authority: /nowhere/ca.crt: No such file or directory",
     "Unsupported: kubeconfig: cluster \"k\": certificate-authority names a file; only inline data is allowed here"},
    {"key without certificate", "server: 'https://h'",
     "client-key-data: eA==", "Invalid: kubeconfig: user \"u\": a client certificate and its key belong together, one is missing", ""},
    {"token and password", "server: 'https://h'", "token: t, username: n, password: p",
     "Invalid: kubeconfig: user \"u\": a token and basic authentication exclude each other", ""},
    {"a line break in the token", "server: 'https://h'", "token: \"t\\r\\nX: y\"",
     "Invalid: context \"c\": control characters in its server, proxy or credentials", ""},
};

TEST_F(ConfigTest, Rules) {
  const KubeconfigPolicy tenants = KubeconfigPolicy::ForTenants(false);
  for (const Row& row : kRows) {
    const std::string text = Config(row.cluster, row.user);
    EXPECT_EQ(Said(ParseKubeconfig(text, "", "", {})), row.want) << row.rule;
    EXPECT_EQ(Said(ParseKubeconfig(text, "", "", tenants)), row.tenant.empty() ? row.want : row.tenant) << row.rule << ", for tenants";
  }
}

TEST_F(ConfigTest, EveryFieldArrives) {
  const auto config =
      ParseKubeconfig(Config("server: 'https://h:1/p/', tls-server-name: s, certificate-authority-data: Y2E=, proxy-url: 'http://x:1'",
                             "token: t, client-certificate-data: Y3J0, client-key-data: a2V5"),
                      "", "", {});
  ASSERT_TRUE(config) << Said(config);
  EXPECT_EQ(config->server, "https://h:1/p");
  EXPECT_EQ(config->tls.server_name, "s");
  EXPECT_EQ(config->tls.ca_pem, "ca");
  EXPECT_EQ(config->tls.client_cert_pem, "crt");
  EXPECT_EQ(config->tls.client_key_pem, "key");
  EXPECT_EQ(config->proxy, "http://x:1");
  EXPECT_EQ(config->token, "t");
  EXPECT_EQ(config->default_namespace, "default");
}

TEST_F(ConfigTest, ContextsAreChosenByNameThenCurrentThenAlone) {
  const std::string two =
      "current-context: b\ncontexts: [{name: a, context: {cluster: k, namespace: one}}, {name: b, context: {cluster: k, namespace: two}}]\n"
      "clusters: [{name: k, cluster: {server: 'https://h'}}]\n";
  EXPECT_EQ(ParseKubeconfig(two, "", "", {})->default_namespace, "two");
  EXPECT_EQ(ParseKubeconfig(two, "", "a", {})->default_namespace, "one");
  EXPECT_EQ(Said(ParseKubeconfig(two, "", "z", {})), "Invalid: kubeconfig: no context \"z\"");
  const std::string alone = "contexts: [{name: a, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://h'}}]\n";
  EXPECT_EQ(Said(ParseKubeconfig(alone, "", "", {})), "ok");
  EXPECT_EQ(Said(ParseKubeconfig("contexts: []", "", "", {})), "Invalid: kubeconfig: no current-context");
  EXPECT_EQ(Said(ParseKubeconfig("current-context: a\ncontexts: [{name: a, context: {cluster: k}}]", "", "", {})),
            "Invalid: kubeconfig: context \"a\": no cluster \"k\"");
  EXPECT_EQ(
      Said(ParseKubeconfig("contexts: [{name: a, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://h'}}]",
                           "", "", {})),
      "Invalid: kubeconfig: context \"a\": no user \"u\"");
}

TEST_F(ConfigTest, MalformedTextsAreRefusedWithoutQuotingThem) {
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"token: [canary", "Invalid: kubeconfig: not well-formed YAML"},
      {"[canary]", "Invalid: kubeconfig: not a mapping"},
      {"", "Invalid: kubeconfig: not a mapping"},
      {"kind: Secret", "Invalid: kubeconfig: kind is not Config"},
      {"users: [{user: {token: canary}}]", "Invalid: an entry of users lacks its name or user"},
      {"users: [{name: u, user: canary}]", "Invalid: an entry of users lacks its name or user"},
      {"users: [{name: u, user: {}}, {name: u, user: {}}]", "Invalid: user \"u\" is there twice"},
  };
  for (const auto& [text, want] : kTexts) EXPECT_EQ(Said(ParseKubeconfig(text, "", "", {})), want) << text;
}

TEST_F(ConfigTest, RelativePathsBeginAtTheFile) {
  Write("sub/ca.crt", "CA");
  Write("sub/token", "secret\n");
  const std::string path = Write("sub/config", Config("server: 'https://h', certificate-authority: ca.crt", "tokenFile: token"));
  const auto config = LoadKubeconfig(path, "", {});
  ASSERT_TRUE(config) << Said(config);
  EXPECT_EQ(config->tls.ca_pem, "CA");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->token_file, (root_ / "sub/token").string());
}

TEST_F(ConfigTest, APluginIsAskedByWhoeverMayRunIt) {
  Write("sub/ca.crt", "CA");
  const std::string path = Write("sub/config", Config("server: 'https://h', certificate-authority: ca.crt",
                                                      "as: x, as-uid: '7', as-groups: [g, h], exec: {command: ./bin/login, args: [a]}"));
  std::string seen;
  const KubeconfigPolicy policy{.run_plugin = [&](document::Value& kubeconfig) -> base::Result<void> {
    seen = document::EmitYaml(kubeconfig);
    document::Value& user = kubeconfig["users"].mutable_items()[0]["user"];
    user.Erase("exec");
    user.Set("token", "printed");
    return {};
  }};
  const auto config = LoadKubeconfig(path, "", policy);
  ASSERT_TRUE(config) << Said(config);
  EXPECT_EQ(config->token, "printed");
  EXPECT_EQ(config->as.user, "x");
  EXPECT_EQ(config->as.uid, "7");
  EXPECT_EQ(config->as.groups, (std::vector<std::string>{"g", "h"}));
  EXPECT_NE(seen.find("command: " + (root_ / "sub/./bin/login").string()), std::string::npos) << seen;
  EXPECT_NE(seen.find("certificate-authority-data: Q0E="), std::string::npos) << seen;
  const KubeconfigPolicy failing{.run_plugin = [](document::Value&) -> base::Result<void> { return base::Invalid("no"); }};
  EXPECT_EQ(Said(LoadKubeconfig(path, "", failing)), "Invalid: kubeconfig: no");
}

TEST_F(ConfigTest, WhomToImpersonate) {
  const std::string path = Write("config", Config("server: 'https://h'",
                                                  "token: t, as: x, as-uid: '7', as-groups: [g, h], "
                                                  "as-user-extra: {a: [b, c], d: [e]}"));
  const auto as = [](const ConfigSources& sources) {
    const auto config = LoadConfig(sources);
    if (!config) return Said(config);
    std::string out = config->as.user + " " + config->as.uid;
    for (const std::string& group : config->as.groups) out += " " + group;
    for (const auto& [key, values] : config->as.extra)
      for (const std::string& value : values) out.append(" ").append(key).append("=").append(value);
    return out;
  };
  EXPECT_EQ(as({.kubeconfig_flag = path}), "x 7 g h a=b a=c d=e");
  EXPECT_EQ(as({.kubeconfig_flag = path, .as = {.user = "y", .uid = {}, .groups = {"i"}, .extra = {{"a", {"z"}}}}}), "y 7 i a=z d=e");
  const std::string plain = Write("plain", Config("server: 'https://h'", "token: t"));
  EXPECT_EQ(as({.kubeconfig_flag = plain, .as = {.user = {}, .uid = "7", .groups = {}, .extra = {}}}),
            "Invalid: kubeconfig: user \"u\": a uid, groups or extras to impersonate need a user to impersonate (as)");
}

TEST_F(ConfigTest, SourcesInTheirOrder) {
  const std::string flag = Write("flag", Config("server: 'https://flag'", ""));
  const std::string env = Write("env", "current-context: e\ncontexts: [{name: e, context: {cluster: k}}]\n");
  const std::string empty = Write("empty", ""), comment = Write("comment", "\n# nothing yet\n---\n");
  const std::string more = Write("more", "current-context: other\nclusters: [{name: k, cluster: {server: 'https://more'}}]\n");
  Write("home/.kube/config", Config("server: 'https://home'", ""));
  const auto server = [](const ConfigSources& sources) {
    auto config = LoadConfig(sources);
    return config ? config->server : Said(config);
  };
  ConfigSources sources{.home = root_ / "home"};
  EXPECT_EQ(server(sources), "https://home");
  sources.kubeconfig_env = env + ":" + (root_ / "absent").string() + ":" + more;
  EXPECT_EQ(server(sources), "https://more");
  sources.kubeconfig_env = empty + ":" + env + ":" + comment + ":" + more;
  EXPECT_EQ(server(sources), "https://more");
  sources.kubeconfig_env = empty + ":" + comment;
  EXPECT_EQ(server(sources), "NotFound: kubeconfig: none of the files in $KUBECONFIG exists, or all are empty");
  sources.kubeconfig_flag = flag;
  EXPECT_EQ(server(sources), "https://flag");
  sources.kubeconfig_flag = root_ / "absent";
  EXPECT_EQ(server(sources), "NotFound: kubeconfig: " + (root_ / "absent").string() + ": No such file or directory");
  EXPECT_EQ(server({.home = root_ / "nobody"}),
            "NotFound: no cluster: neither --kubeconfig nor $KUBECONFIG is set, this is not a pod, and ~/.kube/config does not exist");
}

TEST_F(ConfigTest, ContextsOfAllFiles) {
  const std::string one = Write("one", "contexts: [{name: b, context: {}}, {name: a, context: {}}]\n");
  const std::string two = Write("two", "contexts: [{name: a, context: {}}, {name: c, context: {}}]\n");
  const std::string broken = Write("broken", "contexts: [");
  Write("home/.kube/config", "contexts: [{name: h, context: {}}]\n");
  using Names = std::vector<std::string>;
  EXPECT_EQ(ContextNames({.kubeconfig_env = one + ":" + (root_ / "absent").string() + ":" + broken + ":" + two}), (Names{"a", "b", "c"}));
  EXPECT_EQ(ContextNames({.kubeconfig_flag = two, .kubeconfig_env = one}), (Names{"a", "c"}));
  EXPECT_EQ(ContextNames({.home = root_ / "home"}), Names{"h"});
  EXPECT_EQ(ContextNames({.home = root_ / "home", .service_host = "10.0.0.1"}), Names{});
  EXPECT_EQ(ContextNames({.home = root_ / "nobody"}), Names{});
}

TEST_F(ConfigTest, APodFindsItself) {
  EXPECT_EQ(Said(InClusterConfig("", "", root_)),
            "NotFound: not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  EXPECT_EQ(Said(InClusterConfig("10.0.0.1", "443", root_)),
            "NotFound: service account token: " + (root_ / "token").string() + ": No such file or directory");
  Write("token", "t0\n");
  Write("ca.crt", "CA");
  Write("namespace", "flux");
  const auto config = InClusterConfig("fd00::1", "443", root_);
  ASSERT_TRUE(config) << Said(config);
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token, "t0");
  EXPECT_EQ(config->tls.ca_pem, "CA");
  EXPECT_EQ(config->default_namespace, "flux");
}

}  // namespace
}  // namespace sluice::kube
