#include "kube/kubeconfig.h"

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/parser_limits.h"
#include "document/yaml.h"
#include "kube/small_file.h"

namespace sluice::kube {

namespace {

using base::Invalid;
using base::Reason;
using base::Result;
using document::Value;

base::Error Unsupported(std::string message) { return base::MakeError(Reason::Unsupported, std::move(message)); }

/// One cluster or user being read: where we are, for messages, and what is allowed.
struct Reading {
  std::string where;  ///< `cluster "prod"`
  const Value& body;
  const std::string& directory;
  const KubeconfigPolicy& policy;

  std::string Text(std::string_view key) const { return std::string(body.StringAt({key})); }
  Result<std::string> File(std::string_view key) const;
  Result<std::string> DataOrFile(std::string_view data_key, std::string_view file_key) const;
};

std::string Resolved(const std::string& directory, const std::string& path) {
  return path.starts_with('/') || directory.empty() ? path : directory + "/" + path;
}

Result<std::string> Reading::File(std::string_view key) const {
  const std::string path = Text(key);
  if (path.empty()) return std::string();
  if (!policy.allow_file_references) {
    return Unsupported(where + ": " + std::string(key) + " names a file; only inline data is allowed here");
  }
  return Resolved(directory, path);
}

/// The inline base64 wins over the file, as in client-go.
Result<std::string> Reading::DataOrFile(std::string_view data_key, std::string_view file_key) const {
  if (const std::string data = Text(data_key); !data.empty()) {
    auto decoded = base::Base64Decode(data);
    if (!decoded) return Invalid(where + ": " + std::string(data_key) + ": not base64");
    return decoded;
  }
  TRY(std::string path, File(file_key));
  if (path.empty()) return std::string();
  auto bytes = ReadSmallFile(path);
  if (!bytes) return Invalid(where + ": " + std::string(file_key) + ": " + bytes.error().message);
  return bytes;
}

bool IsTrue(const Value& body, std::string_view key) {
  const Value* value = body.Find(key);
  return value != nullptr && value->AsBool().value_or(false);
}

bool HasScheme(std::string_view url, std::initializer_list<std::string_view> schemes) {
  for (std::string_view scheme : schemes) {
    if (url.size() > scheme.size() && url.starts_with(scheme)) return true;
  }
  return false;
}

Result<void> ReadServer(const Reading& in, ClusterConfig& out) {
  out.server = in.Text("server");
  if (out.server.empty()) return Invalid(in.where + ": server is missing");
  while (out.server.ends_with('/')) out.server.pop_back();
  if (!HasScheme(out.server, {"https://", "http://"})) return Invalid(in.where + ": server is not an https:// or http:// URL");
  if (out.server.find('@') != std::string::npos) return Invalid(in.where + ": server may not contain credentials");
  if (out.server.starts_with("http://") && !in.policy.allow_insecure_tls) return Unsupported(in.where + ": server must be an https:// URL");
  return {};
}

Result<void> ReadTls(const Reading& in, ClusterConfig& out) {
  TRY(out.tls.ca_pem, in.DataOrFile("certificate-authority-data", "certificate-authority"));
  out.tls.server_name = in.Text("tls-server-name");
  out.tls.insecure_skip_verify = IsTrue(in.body, "insecure-skip-tls-verify");
  if (!out.tls.insecure_skip_verify) return {};
  if (!in.policy.allow_insecure_tls) return Unsupported(in.where + ": insecure-skip-tls-verify is not allowed here");
  if (!out.tls.ca_pem.empty()) return Invalid(in.where + ": a certificate authority and insecure-skip-tls-verify exclude each other");
  return {};
}

Result<void> ReadProxy(const Reading& in, ClusterConfig& out) {
  out.proxy = in.Text("proxy-url");
  if (out.proxy.empty()) return {};
  if (!in.policy.allow_proxy) return Unsupported(in.where + ": proxy-url is not allowed here");
  if (!HasScheme(out.proxy, {"http://", "https://", "socks5://"}))
    return Invalid(in.where + ": proxy-url is not an http, https or socks5 URL");
  return {};
}

bool Has(const Value& body, std::string_view key) {
  const Value* value = body.Find(key);
  return value != nullptr && !value->IsNull();
}

Result<void> RefusePlugins(const Reading& in) {
  for (std::string_view key : {"exec", "auth-provider"}) {
    if (Has(in.body, key))
      return Unsupported(in.where + ": " + std::string(key) + " plugins are not run; use a token or a client certificate");
  }
  return {};
}

Result<void> ReadImpersonation(const Reading& in, ClusterConfig& out) {
  for (std::string_view key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (Has(in.body, key) && !in.policy.allow_impersonation)
      return Unsupported(in.where + ": impersonation (" + std::string(key) + ") in a kubeconfig is not supported");
  }
  out.as.user = in.Text("as");
  out.as.uid = in.Text("as-uid");
  if (const Value* groups = in.body.Find("as-groups")) {
    for (const Value& group : groups->items()) out.as.groups.emplace_back(group.text());
  }
  if (const Value* extra = in.body.Find("as-user-extra")) {
    for (const document::Member& member : extra->members())
      for (const Value& value : member.value.items()) out.as.extra[member.key].emplace_back(value.text());
  }
  out.as.Override(in.policy.as);
  return CheckOnBehalf(out.as, in.where);
}

Result<void> ReadUserToken(const Reading& in, ClusterConfig& out) {
  out.token = in.Text("token");
  TRY(out.token_file, in.File("tokenFile"));
  if (out.token_file.empty()) return {};
  auto token = ReadToken(out.token_file);
  if (!token && out.token.empty()) return Invalid(in.where + ": tokenFile: " + token.error().message);
  if (token) out.token = std::move(token).value();
  return {};
}

Result<void> ReadUser(const Reading& in, ClusterConfig& out) {
  TRY(RefusePlugins(in));
  TRY(ReadImpersonation(in, out));
  TRY(ReadUserToken(in, out));
  TRY(out.tls.client_cert_pem, in.DataOrFile("client-certificate-data", "client-certificate"));
  TRY(out.tls.client_key_pem, in.DataOrFile("client-key-data", "client-key"));
  if (out.tls.client_cert_pem.empty() != out.tls.client_key_pem.empty()) {
    return Invalid(in.where + ": a client certificate and its key belong together, one is missing");
  }
  out.username = in.Text("username");
  out.password = in.Text("password");
  if (!out.username.empty() && !out.token.empty()) return Invalid(in.where + ": a token and basic authentication exclude each other");
  return {};
}

/// A line break in a token or user name would add a header of its own.
bool HasControl(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

Result<void> CheckText(const ClusterConfig& config, std::string_view context) {
  for (std::string_view text : {config.server, config.token, config.username, config.password, config.proxy}) {
    if (HasControl(text))
      return Invalid("context \"" + std::string(context) + "\": control characters in its server, proxy or credentials");
  }
  return {};
}

std::string DirectoryOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

/// `list: [{name: name, field: body}]`.
void PutOne(Value& kubeconfig, std::string_view list, std::string_view field, std::string_view name, Value body) {
  Value entry = Value::Mapping();
  entry.Set("name", name);
  entry.Set(field, std::move(body));
  kubeconfig[list].Append(std::move(entry));
}

}  // namespace

void OnBehalf::Override(const OnBehalf& other) {
  if (!other.user.empty()) user = other.user;
  if (!other.uid.empty()) uid = other.uid;
  if (!other.groups.empty()) groups = other.groups;
  for (const auto& [key, values] : other.extra) extra[key] = values;
}

Result<void> CheckOnBehalf(const OnBehalf& as, const std::string& where) {
  if (as.user.empty() && (!as.uid.empty() || !as.groups.empty() || !as.extra.empty()))
    return Invalid(where + ": a uid, groups or extras to impersonate need a user to impersonate (as)");
  std::vector<std::string_view> texts{as.user, as.uid};
  texts.insert(texts.end(), as.groups.begin(), as.groups.end());
  for (const auto& [key, values] : as.extra) texts.insert(texts.end(), values.begin(), values.end());
  if (std::ranges::any_of(texts, HasControl)) return Invalid(where + ": control characters in whom to impersonate");
  return {};
}

Result<void> Kubeconfig::Add(Entries& entries, const Value& list, std::string_view field, std::string_view directory) {
  for (const Value& item : list.items()) {
    const std::string name(item.StringAt({"name"}));
    const Value* body = item.Find(field);
    if (name.empty() || body == nullptr || !body->IsMapping())
      return Invalid("an entry of " + std::string(field) + "s lacks its name or " + std::string(field));
    if (!entries.emplace(name, Entry{*body, std::string(directory)}).second) {
      return Invalid(std::string(field) + " \"" + name + "\" is there twice");
    }
  }
  return {};
}

Result<Kubeconfig> ReadKubeconfig(std::string_view text, std::string_view path) {
  document::YamlOptions options;
  const base::ParserLimits own;  // not a stranger's, whatever is said of those
  options.max_bytes = 1u << 20;
  options.max_depth = own.max_depth;
  options.max_nodes = own.max_nodes;
  options.duplicate_keys = document::DuplicateKeys::LastWins;
  options.file = path;
  auto root = document::ParseYaml(text, options);
  const std::string where = path.empty() || path.ends_with('/') ? "kubeconfig" : "kubeconfig " + std::string(path);
  // What a parser quotes of a kubeconfig may be a credential, so only the place is told.
  if (!root) return Invalid(where + ": not well-formed YAML");
  if (!root->IsMapping()) return Invalid(where + ": not a mapping");
  if (std::string_view kind = root->StringAt({"kind"}); !kind.empty() && kind != "Config") return Invalid(where + ": kind is not Config");
  Kubeconfig config;
  const std::string directory = DirectoryOf(path);
  config.current_context_ = root->StringAt({"current-context"});
  static const Value kNone;
  const auto list = [&](std::string_view key) -> const Value& {
    const Value* found = root->Find(key);
    return found == nullptr ? kNone : *found;
  };
  TRY(config.Add(config.clusters_, list("clusters"), "cluster", directory));
  TRY(config.Add(config.users_, list("users"), "user", directory));
  TRY(config.Add(config.contexts_, list("contexts"), "context", directory));
  return config;
}

void Kubeconfig::Merge(Kubeconfig later) {
  if (current_context_.empty()) current_context_ = std::move(later.current_context_);
  clusters_.merge(later.clusters_);
  users_.merge(later.users_);
  contexts_.merge(later.contexts_);
}

std::vector<std::string> Kubeconfig::ContextNames() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : contexts_) out.push_back(name);
  return out;
}

Result<Value> Kubeconfig::AskPlugin(const Asked& asked, const Entry& cluster, const Entry& user, const ClusterConfig& known,
                                    const PluginRunner& run) const {
  Value one = Value::Mapping(), server = cluster.body, who = user.body;
  if (!known.tls.ca_pem.empty())
    server.Set("certificate-authority-data", base::Base64Encode(known.tls.ca_pem));  // what a plugin is told of a file
  Value& exec = who["exec"];
  if (const std::string command(exec.StringAt({"command"})); command.find('/') != std::string::npos)
    exec.Set("command", std::filesystem::absolute(Resolved(user.directory, command)).string());
  one.Set("current-context", asked.context);
  PutOne(one, "contexts", "context", asked.context, contexts_.find(asked.context)->second.body);
  PutOne(one, "clusters", "cluster", asked.cluster, std::move(server));
  PutOne(one, "users", "user", asked.user, std::move(who));
  const Result<void> ran = run(one);
  if (!ran) return ran.error().Wrap("kubeconfig");
  return std::move(one["users"].mutable_items()[0]["user"]);
}

Result<std::string> Kubeconfig::PickContext(std::string_view wanted) const {
  if (!wanted.empty()) return std::string(wanted);
  if (!current_context_.empty()) return current_context_;
  if (contexts_.size() == 1) return contexts_.begin()->first;
  return Invalid("kubeconfig: no current-context");
}

Result<ClusterConfig> Kubeconfig::Resolve(std::string_view context, const KubeconfigPolicy& policy) const {
  TRY(const std::string name, PickContext(context));
  const auto found = contexts_.find(name);
  if (found == contexts_.end()) return Invalid("kubeconfig: no context \"" + name + "\"");
  const Value& body = found->second.body;
  const std::string cluster(body.StringAt({"cluster"})), user(body.StringAt({"user"}));
  const auto at = clusters_.find(cluster);
  if (at == clusters_.end()) return Invalid("kubeconfig: context \"" + name + "\": no cluster \"" + cluster + "\"");
  ClusterConfig out;
  out.default_namespace = body.StringAt({"namespace"});
  if (out.default_namespace.empty()) out.default_namespace = "default";
  const Reading in{"kubeconfig: cluster \"" + cluster + "\"", at->second.body, at->second.directory, policy};
  TRY(ReadServer(in, out));
  TRY(ReadTls(in, out));
  TRY(ReadProxy(in, out));
  if (const auto who = users_.find(user); who != users_.end()) {
    Value given = who->second.body;
    if (policy.run_plugin && Has(given, "exec")) {
      TRY(given, AskPlugin({name, cluster, user}, at->second, who->second, out, policy.run_plugin));
    }
    const Reading as{"kubeconfig: user \"" + user + "\"", given, who->second.directory, policy};
    TRY(ReadUser(as, out));
  } else if (!user.empty()) {
    return Invalid("kubeconfig: context \"" + name + "\": no user \"" + user + "\"");
  }
  TRY(CheckText(out, name));
  return out;
}

KubeconfigPolicy KubeconfigPolicy::ForTenants(bool insecure_tls) {
  return {.allow_file_references = false,
          .allow_insecure_tls = insecure_tls,
          .allow_proxy = false,
          .allow_impersonation = false,
          .run_plugin = nullptr};
}

Result<ClusterConfig> ParseKubeconfig(std::string_view text, std::string_view directory, std::string_view context,
                                      const KubeconfigPolicy& policy) {
  const std::string path = directory.empty() ? "" : std::string(directory) + "/";
  TRY(const Kubeconfig config, ReadKubeconfig(text, path));
  return config.Resolve(context, policy);
}

Result<ClusterConfig> LoadKubeconfig(const std::string& path, std::string_view context, const KubeconfigPolicy& policy) {
  auto text = ReadSmallFile(path);
  if (!text) return std::move(text).error().Wrap("kubeconfig");
  TRY(const Kubeconfig config, ReadKubeconfig(*text, path));
  return config.Resolve(context, policy);
}

}  // namespace sluice::kube
