#include "controller/exec_credential.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/digest.h"
#include "document/json.h"
#include "isolation/clean_start.h"

namespace sluice::controller {
namespace {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 1u << 20;
constexpr std::chrono::milliseconds kLook{100};  // how often is looked whether to stop
constexpr std::string_view kGroup = "client.authentication.k8s.io/";

std::string Where(const ExecPlugin& plugin) { return "user \"" + plugin.user + "\": exec plugin " + plugin.command; }

const Value* Named(const Value& kubeconfig, const char* list, std::string_view name) {
  const Value* entries = kubeconfig.Find(list);
  if (entries == nullptr) return nullptr;
  for (const Value& entry : entries->items())
    if (entry.StringAt({"name"}) == name) return &entry;
  return nullptr;
}

const Value* CurrentContext(const Value& kubeconfig) {
  const std::string_view name = kubeconfig.StringAt({"current-context"});
  if (!name.empty()) return Named(kubeconfig, "contexts", name);
  const Value* contexts = kubeconfig.Find("contexts");
  return contexts != nullptr && contexts->items().size() == 1 ? contexts->items().data() : nullptr;
}

std::string InfoOf(const Value& kubeconfig, const Value& context, const Value& exec, const std::string& api_version) {
  Value info = Value::Mapping();
  info.Set("apiVersion", Value(api_version));
  info.Set("kind", Value("ExecCredential"));
  Value& spec = info.Set("spec", Value::Mapping());
  spec.Set("interactive", Value(false));
  const Value* wanted = exec.Find("provideClusterInfo");
  const Value* entry = Named(kubeconfig, "clusters", context.StringAt({"context", "cluster"}));
  const Value* cluster = entry == nullptr ? nullptr : entry->Find("cluster");
  if (wanted == nullptr || !wanted->AsBool().value_or(false) || cluster == nullptr) return document::EmitJson(info);
  Value& out = spec.Set("cluster", Value::Mapping());
  for (const char* key : {"server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url"})
    if (const Value* value = cluster->Find(key)) out.Set(key, *value);
  const Value* extensions = cluster->Find("extensions");
  for (const Value& extension : extensions == nullptr ? std::span<const Value>() : extensions->items())
    if (const Value* config = extension.Find("extension");
        config != nullptr && extension.StringAt({"name"}) == "client.authentication.k8s.io/exec")
      out.Set("config", *config);
  return document::EmitJson(info);
}

/// A child and the pipe that it prints into.
class Child {
 public:
  ~Child() {
    if (pid_ > 0) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (out_ >= 0) close(out_);
  }
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Result<void> Start(const ExecPlugin& plugin);
  /// All that it prints until `end`. Timeout, Canceled.
  Result<std::string> Read(const ExecPlugin& plugin, Steady::time_point end, const std::stop_token& stop) const;
  /// Its exit code, or the signal that ended it as a negative number. Timeout.
  Result<int> Wait(const ExecPlugin& plugin, Steady::time_point end);

 private:
  pid_t pid_ = 0;
  int out_ = -1;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// Ours, what the plugin is given above it, and what it is told of the cluster.
std::vector<std::string> EnvironmentOf(const ExecPlugin& plugin) {
  std::vector<std::pair<std::string, std::string>> own = plugin.environment;
  own.emplace_back("KUBERNETES_EXEC_INFO", plugin.info);
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const bool hidden = std::ranges::any_of(own, [&](const auto& each) { return text.starts_with(each.first + "="); });
    if (!hidden) out.push_back(text);
  }
  for (const auto& [name, value] : own) out.push_back(name + "=" + value);
  return out;
}

std::string HintOf(const ExecPlugin& plugin) {
  if (!plugin.for_user) return "is it in the controller's image?";
  return plugin.install_hint.empty() ? "is it installed, and in $PATH?" : plugin.install_hint;
}

Result<void> Child::Start(const ExecPlugin& plugin) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return MakeError(Reason::Unavailable, Where(plugin) + ": " + std::strerror(errno));
  out_ = ends[0];
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  if (!plugin.for_user) posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const isolation::CleanStart how;
  std::vector<std::string> words{plugin.command}, variables = EnvironmentOf(plugin);
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  const int failed =
      posix_spawnp(&pid_, plugin.command.c_str(), &files, how.attributes(), Pointers(words).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  if (failed == 0) return {};
  pid_ = 0;
  return MakeError(Reason::Unavailable, Where(plugin) + " cannot be started: " + std::strerror(failed) + ": " + HintOf(plugin));
}

base::Error TooSlow(const ExecPlugin& plugin) { return MakeError(Reason::Timeout, Where(plugin) + " took too long and was ended"); }

Result<std::string> Child::Read(const ExecPlugin& plugin, Steady::time_point end, const std::stop_token& stop) const {
  std::string out;
  std::array<char, 4096> buffer;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now()).count();
    pollfd wait{.fd = out_, .events = POLLIN, .revents = 0};
    if (stop.stop_requested()) return MakeError(Reason::Canceled, "canceled");
    if (left <= 0) return TooSlow(plugin);
    const int ready = poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left, kLook.count())));
    if (ready == 0) continue;
    const ssize_t got = ready < 0 ? -1 : read(out_, buffer.data(), buffer.size());
    if (got == 0) return out;
    if (got < 0 && errno != EINTR) return MakeError(Reason::Unavailable, Where(plugin) + ": " + std::strerror(errno));
    if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > kMaxOutput) return MakeError(Reason::TooLarge, Where(plugin) + " prints more than 1 MiB");
  }
}

Result<int> Child::Wait(const ExecPlugin& plugin, Steady::time_point end) {
  while (true) {
    int status = 0;
    const pid_t done = waitpid(pid_, &status, WNOHANG);
    if (done == pid_ || (done < 0 && errno != EINTR)) {
      kill(-pid_, SIGKILL);  // what it left behind
      pid_ = 0;
      return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }
    if (Steady::now() >= end) return TooSlow(plugin);
    poll(nullptr, 0, 5);
  }
}

Result<ExecCredential> ReadCredential(const ExecPlugin& plugin, const std::string& text) {
  const auto printed = document::ParseJson(text, {.max_bytes = kMaxOutput, .max_depth = 16});
  const auto wrong = [&](const std::string& what) { return Invalid(Where(plugin) + ": " + what); };
  if (!printed || printed->StringAt({"kind"}) != "ExecCredential") return wrong("what it prints is no ExecCredential");
  if (printed->StringAt({"apiVersion"}) != plugin.api_version)
    return wrong("it prints an ExecCredential of another apiVersion than " + plugin.api_version);
  ExecCredential out{.token = std::string(printed->StringAt({"status", "token"})),
                     .certificate = std::string(printed->StringAt({"status", "clientCertificateData"})),
                     .key = std::string(printed->StringAt({"status", "clientKeyData"})),
                     .expires = {}};
  if (out.token.empty() && out.certificate.empty()) return wrong("it prints neither a token nor a client certificate");
  const std::string_view expires = printed->StringAt({"status", "expirationTimestamp"});
  out.expires = base::ParseRfc3339(expires);
  if (!out.expires && !expires.empty()) return wrong("its expirationTimestamp is no time");
  return out;
}

}  // namespace

Result<std::optional<ExecPlugin>> FindExecPlugin(const Value& kubeconfig) {
  const Value* context = CurrentContext(kubeconfig);
  const std::string user(context == nullptr ? std::string_view() : context->StringAt({"context", "user"}));
  const Value* entry = Named(kubeconfig, "users", user);
  const Value* exec = entry == nullptr ? nullptr : entry->At({"user", "exec"});
  if (exec == nullptr || exec->IsNull()) return std::optional<ExecPlugin>();
  ExecPlugin out{
      .user = user, .command = std::string(exec->StringAt({"command"})), .api_version = std::string(exec->StringAt({"apiVersion"}))};
  const std::string where = "user \"" + user + "\": exec: ";
  if (out.command.empty()) return Invalid(where + "command is required");
  if (out.command.find('/') != std::string::npos && !out.command.starts_with('/'))
    return Invalid(where + "command must be a name or an absolute path");
  if (out.api_version != std::string(kGroup) + "v1" && out.api_version != std::string(kGroup) + "v1beta1")
    return Invalid(where + "apiVersion must be " + std::string(kGroup) + "v1 or v1beta1");
  if (exec->StringAt({"interactiveMode"}) == "Always") return Invalid(where + "interactiveMode Always: there is nobody to ask");
  if (const Value* arguments = exec->Find("args"))
    for (const Value& argument : arguments->items()) out.arguments.emplace_back(argument.text());
  if (const Value* environment = exec->Find("env"))
    for (const Value& each : environment->items()) out.environment.emplace_back(each.StringAt({"name"}), each.StringAt({"value"}));
  out.install_hint = exec->StringAt({"installHint"});
  out.info = InfoOf(kubeconfig, *context, *exec, out.api_version);
  return std::optional<ExecPlugin>(std::move(out));
}

Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin, std::chrono::milliseconds deadline, const std::stop_token& stop) {
  const Steady::time_point end = Steady::now() + deadline;
  Child child;
  TRY(child.Start(plugin));
  TRY(const std::string text, child.Read(plugin, end, stop));
  TRY(const int code, child.Wait(plugin, end));
  if (code != 0)
    return MakeError(Reason::Unavailable, Where(plugin) + (code > 0 ? " failed with exit code " + std::to_string(code)
                                                                    : " was ended by signal " + std::to_string(-code)));
  return ReadCredential(plugin, text);
}

void PutCredential(Value& kubeconfig, const ExecPlugin& plugin, const ExecCredential& credential) {
  for (Value& entry : kubeconfig["users"].mutable_items()) {
    if (entry.StringAt({"name"}) != plugin.user) continue;
    Value& user = entry["user"];
    user.Erase("exec");
    if (!credential.token.empty()) user.Set("token", Value(credential.token));
    if (credential.certificate.empty()) continue;
    user.Set("client-certificate-data", Value(base::Base64Encode(credential.certificate)));
    user.Set("client-key-data", Value(base::Base64Encode(credential.key)));
  }
}

}  // namespace sluice::controller
