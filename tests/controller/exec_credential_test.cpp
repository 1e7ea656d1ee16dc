// Credential plugins of kubeconfigs: what is read of them, and what becomes of one that fails, hangs, or prints something else. They are small shell scripts.
#include "controller/exec_credential.h"

#include <gtest/gtest.h>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::controller {
namespace {

using document::Value;
using std::chrono::milliseconds;

Value Kubeconfig(const std::string& exec) {
  return document::ParseYaml(
             "current-context: c\ncontexts: [{name: c, context: {cluster: far, user: x}}]\n"
             "clusters: [{name: far, cluster: {server: 'https://far:6443', certificate-authority-data: Y2E=, extensions: "
             "[{name: client.authentication.k8s.io/exec, extension: {zone: a}}]}}]\n"
             "users: [{name: other, user: {token: t}}, {name: x, user: {exec: " +
             exec + "}}]\n")
      .value();
}

TEST(ExecCredential, WhatAKubeconfigMayNameIsRead) {
  const auto plugin = FindExecPlugin(Kubeconfig(
      "{apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, 7], env: [{name: A, value: b}], provideClusterInfo: true}"));
  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->command, "aws");
  EXPECT_EQ((*plugin)->arguments, (std::vector<std::string>{"eks", "7"}));
  EXPECT_EQ((*plugin)->environment, (std::vector<std::pair<std::string, std::string>>{{"A", "b"}}));
  EXPECT_EQ((*plugin)->info,
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,"cluster":)"
            R"({"server":"https://far:6443","certificate-authority-data":"Y2E=","config":{"zone":"a"}}}})");
  EXPECT_FALSE(FindExecPlugin(Kubeconfig("null")).value().has_value());
  EXPECT_FALSE(FindExecPlugin(document::ParseYaml("{}").value()).value().has_value());
  struct Row {
    std::string exec, want;
  };
  const Row rows[] = {
      {"{}", "command is required"},
      {"{command: ./a}", "command must be a name or an absolute path"},
      {"{command: a}", "apiVersion must be client.authentication.k8s.io/v1 or v1beta1"},
      {"{command: a, apiVersion: client.authentication.k8s.io/v1alpha1}", "apiVersion must be client.authentication.k8s.io/v1 or v1beta1"},
      {"{command: a, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
       "interactiveMode Always: there is nobody to ask"}};
  for (const Row& row : rows) {
    const auto refused = FindExecPlugin(Kubeconfig(row.exec));
    ASSERT_FALSE(refused) << row.exec;
    EXPECT_EQ(refused.error().message, "user \"x\": exec: " + row.want);
  }
}

ExecPlugin Shell(std::string script) {
  return {.user = "x",
          .command = "sh",
          .arguments = {"-c", std::move(script)},
          .environment = {{"WORD", "told"}},
          .api_version = "client.authentication.k8s.io/v1",
          .info = "{}"};
}

std::string Said(const std::string& script, milliseconds deadline = milliseconds(20'000)) {
  const auto ran = RunExecPlugin(Shell(script), deadline);
  if (!ran) return std::string(ToString(ran.error().reason)) + ": " + ran.error().message;
  return ran->token + "|" + ran->certificate + "|" + ran->key + "|" + (ran->expires ? base::FormatRfc3339(*ran->expires) : "");
}

std::string Printing(const std::string& status) {
  return R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}'";
}

TEST(ExecCredential, WhatAPluginPrints) {
  struct Row {
    std::string script, want;
  };
  const Row rows[] = {
      {Printing(R"({"token":"t","expirationTimestamp":"2026-01-02T03:04:05Z"})"), "t|||2026-01-02T03:04:05Z"},
      {Printing(R"({"clientCertificateData":"c","clientKeyData":"k"})"), "|c|k|"},
      {Printing(R"({"token":"'$WORD$KUBERNETES_EXEC_INFO'"})"), "told{}|||"},
      {"cat; " + Printing(R"({"token":"no-input"})"), "no-input|||"},
      {Printing("{}"), "Invalid: user \"x\": exec plugin sh: it prints neither a token nor a client certificate"},
      {Printing(R"({"token":"t","expirationTimestamp":"soon"})"),
       "Invalid: user \"x\": exec plugin sh: its expirationTimestamp is no time"},
      {"echo canary", "Invalid: user \"x\": exec plugin sh: what it prints is no ExecCredential"},
      {R"(echo '{"apiVersion":"v1","kind":"ExecCredential"}')",
       "Invalid: user \"x\": exec plugin sh: it prints an ExecCredential of another apiVersion than client.authentication.k8s.io/v1"},
      {"echo canary; echo canary >&2; exit 3", "Unavailable: user \"x\": exec plugin sh failed with exit code 3"},
      {"kill -9 $$", "Unavailable: user \"x\": exec plugin sh was ended by signal 9"},
      {"head -c 2000000 /dev/zero", "TooLarge: user \"x\": exec plugin sh prints more than 1 MiB"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(row.script), row.want) << row.script;
  ExecPlugin absent = Shell("");
  absent.command = "no-such-plugin";
  const auto ran = RunExecPlugin(absent, milliseconds(20'000));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message,
            "user \"x\": exec plugin no-such-plugin cannot be started: No such file or directory: is it in the controller's image?");
}

TEST(ExecCredential, OneThatHangsIsEndedWithAllThatItStarted) {
  const std::string want = "Timeout: user \"x\": exec plugin sh took too long and was ended";
  EXPECT_EQ(Said("sleep 1000", milliseconds(200)), want);
  EXPECT_EQ(Said("sleep 1000 & wait", milliseconds(200)), want);
  EXPECT_EQ(Said("exec >&-; sleep 1000", milliseconds(200)), want) << "its output has ended, it has not";
}

TEST(ExecCredential, TakesThePluginsPlace) {
  Value kubeconfig = Kubeconfig("{command: a}");
  PutCredential(kubeconfig, Shell(""), {.token = "t", .certificate = "c", .key = "k", .expires = {}});
  EXPECT_EQ(
      document::EmitJson(*kubeconfig.Find("users")),
      R"([{"name":"other","user":{"token":"t"}},{"name":"x","user":{"token":"t","client-certificate-data":"Yw==","client-key-data":"aw=="}}])");
}

}  // namespace
}  // namespace sluice::controller
