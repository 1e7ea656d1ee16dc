#include "controller/kustomization/decryption.h"

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/digest.h"
#include "crypto/openpgp.h"
#include "document/object.h"
#include "document/yaml.h"
#include "net/await.h"
#include "rollout/annotations.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::FileType;
using base::Invalid;
using base::Result;
using document::Member;
using document::Value;
using sops::Format;

constexpr std::string_view kDecryptKey = "kustomize.toolkit.fluxcd.io/decrypt";
constexpr std::string_view kStillEncrypted = " is SOPS encrypted, configuring decryption is required for this secret to be reconciled";
constexpr std::array<std::string_view, 3> kFileNames = {"kustomization.yaml", "kustomization.yml", "Kustomization"};

bool OptedOut(const Value& object) {
  const std::string_view word = document::AnnotationOf(object, kDecryptKey);
  constexpr std::string_view kDisabled = "disabled";
  return word.size() == kDisabled.size() && std::equal(word.begin(), word.end(), kDisabled.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

// ---- Files -----------------------------------------------------------------------------------------------------------------------------

/// Walks the kustomization files and decrypts what they name; each file once, in the form it was first named in.
class Sources {
 public:
  Sources(const base::Files& files, const DecryptionKeys& keys, const std::function<Result<void>()>& interrupt)
      : files_(files), keys_(keys), interrupt_(interrupt) {}

  Result<void> Visit(const std::string& directory) {
    const auto where = files_.Resolve(directory);
    if (!where || !visited_.insert(*where).second) return {};
    const auto info = files_.Stat(directory);
    if (!info || info->type != FileType::Directory) return {};
    const std::optional<Value> file = Load(directory);
    if (!file) return {};
    TRY(VisitGenerators(directory, *file));
    TRY(VisitPatches(directory, *file));
    for (const std::string_view field : {"resources", "components", "bases"}) {
      for (const std::string& entry : Texts(file->Find(field))) {
        const auto path = base::JoinPath(directory, entry);
        if (path) TRY(Visit(*path));
      }
    }
    return {};
  }

  std::map<std::string, std::string> Take() { return std::move(plain_); }

 private:
  std::optional<Value> Load(const std::string& directory) const {
    for (const std::string_view name : kFileNames) {
      const auto path = base::JoinPath(directory, name);
      const auto text = path ? files_.Read(*path) : Result<std::string>(Invalid(""));
      if (!text) continue;
      document::YamlOptions options;
      options.resolver = document::Resolver::Yaml11;
      options.duplicate_keys = document::DuplicateKeys::LastWins;
      auto file = document::ParseYaml(*text, options);
      return file ? std::optional(std::move(*file)) : std::nullopt;
    }
    return std::nullopt;
  }

  static std::vector<std::string> Texts(const Value* list) {
    std::vector<std::string> out;
    if (list == nullptr) return out;
    for (const Value& item : list->items()) {
      if (item.IsString()) out.emplace_back(item.text());
    }
    return out;
  }

  Result<void> VisitGenerators(const std::string& directory, const Value& file) {
    const Value* generators = file.Find("secretGenerator");
    if (generators == nullptr) return {};
    for (const Value& generator : generators->items()) {
      for (const std::string& source : Texts(generator.Find("files"))) {
        const std::size_t sign = source.find('=');
        const std::string key = source.substr(0, sign);
        TRY(DecryptFile(directory, sign == std::string::npos ? key : source.substr(sign + 1), sops::FormatForPath(key)));
      }
      std::vector<std::string> envs = Texts(generator.Find("envs"));
      if (const std::string_view env = generator.StringAt({"env"}); !env.empty()) envs.emplace_back(env);
      for (const std::string& source : envs) {
        const Format format = sops::FormatForPath(source);
        TRY(DecryptFile(directory, source, format == Format::Binary ? Format::Dotenv : format));
      }
    }
    return {};
  }

  Result<void> VisitPatches(const std::string& directory, const Value& file) {
    for (const std::string_view field : {"patches", "patchesJson6902"}) {
      const Value* patches = file.Find(field);
      if (patches == nullptr) continue;
      for (const Value& patch : patches->items()) {
        const std::string path(patch.StringAt({"path"}));
        if (!path.empty()) TRY(DecryptFile(directory, path, sops::FormatForPath(path)));
      }
    }
    for (const std::string& patch : Texts(file.Find("patchesStrategicMerge"))) {  // a path, or the patch itself
      if (patch.find('\n') == std::string::npos) TRY(DecryptFile(directory, patch, sops::FormatForPath(patch)));
    }
    return {};
  }

  Result<void> DecryptFile(const std::string& directory, const std::string& name, Format format) {
    if (name.find("://") != std::string::npos) return {};
    const auto path = base::JoinPath(directory, name);
    if (!path) return {};
    const auto info = files_.Stat(*path);
    const auto where = files_.Resolve(*path);
    if (!info || !where || info->type != FileType::Regular || plain_.contains(*where)) return {};
    if (interrupt_) TRY(interrupt_());
    const auto failed = [&](Error error) { return std::move(error).Wrap("error decrypting sources: " + *path); };
    if (info->size > keys_.limits.max_bytes) {
      return failed(base::MakeError(base::Reason::TooLarge, "cannot decrypt file with size (" + std::to_string(info->size) +
                                                                " bytes) exceeding limit (" + std::to_string(keys_.limits.max_bytes) +
                                                                ")"));
    }
    const auto text = files_.Read(*path);
    if (!text || !sops::HasMarker(*text, format)) return {};
    auto plain = sops::Decrypt(*text, format, format, keys_.keys, keys_.now, keys_.limits);
    if (!plain) return failed(std::move(plain).error());
    plain_.emplace(*where, std::move(*plain));
    return {};
  }

  const base::Files& files_;
  const DecryptionKeys& keys_;
  const std::function<Result<void>()>& interrupt_;
  std::set<std::string> visited_;
  std::map<std::string, std::string> plain_;
};

// ---- Objects ---------------------------------------------------------------------------------------------------------------------------

/// `Secret.v1.[noGrp]/name`, as kustomize writes it.
std::string KustomizeIdOf(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  return gvk.kind + "." + gvk.version + "." + (gvk.group.empty() ? "[noGrp]" : gvk.group) + "/" + std::string(document::NameOf(object));
}

Result<void> DecryptData(Value& secret, const DecryptionKeys& keys) {
  Value* data = secret.Find("data");
  if (data == nullptr || !data->IsMapping()) return {};
  for (Member& member : data->mutable_members()) {
    if (!member.value.IsString()) continue;
    const auto bytes = base::Base64Decode(member.value.text());
    if (!bytes) continue;  // what is no base64 is a mistake that applying will name
    const auto format = sops::DetectFormat(*bytes);
    if (!format) continue;
    const auto plain = sops::Decrypt(*bytes, *format, sops::FormatForPath(member.key), keys.keys, keys.now, keys.limits);
    if (!plain) {
      return plain.error().Wrap("failed to decrypt and format '" + std::string(document::NamespaceOf(secret)) + "/" +
                                std::string(document::NameOf(secret)) + "' Secret field '" + member.key + "'");
    }
    member.value = Value(base::Base64Encode(*plain));
  }
  return {};
}

Result<void> DecryptWhole(Value& object, const DecryptionKeys& keys) {
  const std::string what = "'" + std::string(document::NamespaceOf(object)) + "/" + std::string(document::NameOf(object)) + "' " +
                           document::GvkOf(object).kind + " data";
  const Result<void> done = sops::DecryptObject(object, keys.keys, keys.now, keys.limits);
  if (!done) return done.error().Wrap("failed to decrypt and format " + what);
  return {};
}

// ---- Keys ------------------------------------------------------------------------------------------------------------------------------

Result<void> ImportKey(const std::string& name, const std::string& bytes, bool age_only, base::TimePoint now, sops::Keys& out) {
  if (name.ends_with(".agekey")) {
    TRY(std::vector<sops::AgeIdentity> identities, sops::ParseAgeIdentities(bytes));
    for (sops::AgeIdentity& identity : identities) out.age.push_back(std::move(identity));
  } else if (name.ends_with(".asc") && !age_only) {
    TRY(crypto::CheckKeyRing(bytes, now));
    out.pgp.push_back(bytes);
  }
  return {};
}

}  // namespace

Result<sops::Keys> ImportKeys(const Value& secret, std::string_view of, bool age_only, base::TimePoint now) {
  sops::Keys out;
  const Value* data = secret.Find("data");
  if (data == nullptr) return out;
  std::map<std::string, std::string> entries;  // by name, so that the same Secret gives the same order
  for (const Member& member : data->members()) {
    auto bytes = base::Base64Decode(member.value.AsString().value_or(""));
    if (bytes) entries.emplace(member.key, std::move(*bytes));
  }
  for (const auto& [name, bytes] : entries) {
    const Result<void> imported = ImportKey(name, bytes, age_only, now, out);
    if (!imported) {
      const std::string_view kind = age_only ? "sops SOPS age decryption Secret" : "sops decryption Secret";
      return imported.error().Wrap("failed to import '" + name + "' data from " + std::string(kind) + " '" + std::string(of) + "'");
    }
  }
  return out;
}

net::Task<Result<sops::Keys>> ReadKeys(kube::Client& client, std::string ns, const Spec& spec, document::NamespacedName global,
                                       base::TimePoint now) {
  if (!spec.decryption) co_return sops::Keys{};
  const bool age_only = spec.decryption->secret.empty();
  const document::NamespacedName name = age_only ? global : document::NamespacedName{std::move(ns), spec.decryption->secret};
  if (name.name.empty()) co_return sops::Keys{};
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = name.ns, .name = name.name};
  net::Task<Result<Value>> call = client.Get(ref);
  const Result<Value> secret = co_await std::move(call);
  if (!secret && secret.error().reason == base::Reason::NotFound) co_return secret.error();
  if (!secret) {
    const std::string_view kind = age_only ? "cannot get sops SOPS age decryption Secret '" : "cannot get sops decryption Secret '";
    co_return secret.error().Wrap(std::string(kind) + name.ToString() + "'");
  }
  co_return ImportKeys(*secret, name.ToString(), age_only, now);
}

std::string DigestOf(const sops::Keys& keys) {
  base::Sha256 hash;
  for (const sops::AgeIdentity& identity : keys.age) hash.Update("age:" + identity.secret);
  for (const std::string& ring : keys.pgp) hash.Update("pgp:" + std::to_string(ring.size()) + ":" + ring);
  return hash.Hex();
}

Result<std::map<std::string, std::string>> DecryptSources(const base::Files& files, const std::string& directory,
                                                          const DecryptionKeys& keys, const std::function<Result<void>()>& interrupt) {
  Sources sources(files, keys, interrupt);
  TRY(sources.Visit(directory));
  return sources.Take();
}

Result<std::string> ReplacedFiles::Read(std::string_view path) const {
  if (!texts_.empty()) {
    const auto where = inner_.Resolve(path);
    const auto text = where ? texts_.find(*where) : texts_.end();
    if (text != texts_.end()) return text->second;
  }
  return inner_.Read(path);
}

Result<void> DecryptResource(Value& object, const DecryptionKeys& keys) {
  if (OptedOut(object)) return {};
  Result<void> done;
  if (sops::IsEncrypted(object)) {
    done = DecryptWhole(object, keys);
  } else if (object.StringAt({"kind"}) == "Secret") {
    done = DecryptData(object, keys);
  }
  if (!done) return std::move(done).error().Wrap("decryption failed for '" + KustomizeIdOf(object) + "'");
  return {};
}

Result<void> RefuseEncryptedSecret(const Value& object) {
  const bool secret = object.StringAt({"kind"}) == "Secret" && object.StringAt({"apiVersion"}) == "v1";
  if (!secret || object.Find("sops") == nullptr || OptedOut(object)) return {};
  return Invalid(document::IdOf(object).ToString() + std::string(kStillEncrypted));
}

bool IsStillEncrypted(const Error& error) { return error.message.ends_with(kStillEncrypted); }

}  // namespace sluice::controller::kustomization
