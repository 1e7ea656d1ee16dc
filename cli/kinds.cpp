#include "cli/kinds.h"

#include <algorithm>
#include <cctype>

namespace sluice::cli {
namespace {

constexpr std::string_view kSource = "source.toolkit.fluxcd.io", kImage = "image.toolkit.fluxcd.io";
constexpr std::string_view kNotification = "notification.toolkit.fluxcd.io";
constexpr std::string_view kArtifactRevision = "status.artifact.revision";

constexpr FluxKind kKinds[] = {
    {kSource, "v1", "GitRepository", "gitrepositories", "source", "git gitrepo", kArtifactRevision},
    {kSource, "v1", "OCIRepository", "ocirepositories", "source", "oci ocirepo", kArtifactRevision},
    {kSource, "v1", "HelmRepository", "helmrepositories", "source", "helm helmrepo", kArtifactRevision},
    {kSource, "v1", "HelmChart", "helmcharts", "source", "chart hc", kArtifactRevision},
    {kSource, "v1", "Bucket", "buckets", "source", "bucket", kArtifactRevision},
    {kSource, "v1", "ExternalArtifact", "externalartifacts", "source", "external ea", kArtifactRevision},
    {"source.extensions.fluxcd.io", "v1beta1", "ArtifactGenerator", "artifactgenerators", "artifact", "generator generators ag",
     "status.observedSourcesDigest"},
    {"kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", "", "ks", "status.lastAppliedRevision"},
    {"helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", "", "hr", "status.history.0.chartVersion status.lastAttemptedRevision"},
    {"helm.fluxcd.io", "v1", "HelmRelease", "helmreleases", "", "fhr", "status.revision", false, true},
    {kImage, "v1", "ImageRepository", "imagerepositories", "image", "repository imgrepo imagerepo", "status.lastScanResult.scanTime"},
    {kImage, "v1", "ImagePolicy", "imagepolicies", "image", "policy imgpol imagepol", "status.latestRef.tag"},
    {kImage, "v1", "ImageUpdateAutomation", "imageupdateautomations", "image", "update iua imgupd imgauto", "status.lastAutomationRunTime"},
    {kNotification, "v1beta3", "Alert", "alerts", "", "", "", true},
    {kNotification, "v1beta3", "Provider", "providers", "", "alert-provider alert-providers", "", true},
    {kNotification, "v1", "Receiver", "receivers", "", "", "status.webhookPath"},
};

std::string Lower(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool HasWord(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    if (one == word) return true;
    words.remove_prefix(std::min(words.size(), one.size() + 1));
  }
  return false;
}

bool Names(const FluxKind& kind, const std::string& word) {
  return word == kind.Word() || (word == kind.plural && !kind.is_older) ||
         word == std::string(kind.plural) + "." + std::string(kind.group) || HasWord(kind.words, word);
}

/// `source`, `sources`, `artifact`, `artifacts`, `image`, `images`.
std::string_view FamilyOf(const std::string& word) {
  if (word == "source" || word == "sources") return "source";
  if (word == "artifact" || word == "artifacts") return "artifact";
  if (word == "image" || word == "images") return "image";
  return "";
}

base::Error Unknown(std::string_view word, std::string_view family) {
  std::string known;
  for (const FluxKind& kind : kKinds) {
    if (!family.empty() && kind.family != family) continue;
    known +=
        (known.empty() ? "" : ", ") + std::string(family.empty() ? kind.Word() : std::string(kind.words.substr(0, kind.words.find(' '))));
  }
  return base::Invalid("no kind \"" + std::string(word) + "\": want one of " + known + ", all");
}

}  // namespace

std::string FluxKind::Word() const { return Lower(kind) + (is_older ? "." + std::string(group) : ""); }

std::span<const FluxKind> FluxKinds() { return kKinds; }

const FluxKind* FindKind(std::string_view group, std::string_view kind) {
  for (const FluxKind& one : kKinds) {
    if (one.group == group && one.kind == kind) return &one;
  }
  return nullptr;
}

bool IsStatic(const document::Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const FluxKind* kind = FindKind(gvk.group, gvk.kind);
  return (kind != nullptr && kind->is_static) || (gvk.kind == "HelmRepository" && object.StringAt({"spec", "type"}) == "oci");
}

base::Result<Target> ParseTarget(std::span<const std::string> given) {
  Target out;
  std::vector<std::string> words(given.begin(), given.end());
  if (words.size() == 1 && words[0].find('/') != std::string::npos) {
    const std::string both = words[0];
    words = {both.substr(0, both.find('/')), both.substr(both.find('/') + 1)};
    if (words[0].empty() || words[1].empty()) return base::Invalid("\"" + both + "\" is not kind/name");
  }
  const std::string first = words.empty() ? "all" : Lower(words[0]);
  const std::string_view family = FamilyOf(first);
  const std::size_t used = family.empty() || words.size() < 2 ? std::min<std::size_t>(1, words.size()) : 2;
  const std::string kind = family.empty() ? first : words.size() < 2 ? "all" : Lower(words[1]);
  for (const FluxKind& one : kKinds) {
    const bool in_family = family.empty() || one.family == family;
    if (in_family && (kind == "all" || Names(one, kind))) out.kinds.push_back(&one);
  }
  if (out.kinds.empty()) return Unknown(family.empty() ? words[0] : words[1], family);
  if (words.size() > used) out.name = words[used];
  if (words.size() > used + 1) return base::Invalid("too many words: \"" + words[used + 1] + "\" follows the name");
  if (!out.name.empty() && out.kinds.size() > 1) return base::Invalid("a name (\"" + out.name + "\") needs a kind");
  return out;
}

base::Result<std::vector<Target>> ParseTargets(std::span<const std::string> words) {
  const bool family = !words.empty() && !FamilyOf(Lower(words[0])).empty();
  const std::size_t of_kind = family ? 2 : 1;
  TRY(Target first, ParseTarget(words.first(std::min(words.size(), of_kind + 1))));
  std::vector<Target> out = {std::move(first)};
  for (std::size_t i = of_kind + 1; i < words.size(); ++i) {
    const bool known = std::any_of(out.begin(), out.end(), [&](const Target& target) { return target.name == words[i]; });
    if (!known) out.push_back({.kinds = out.front().kinds, .name = words[i]});
  }
  return out;
}

std::string_view TextAt(const document::Value& object, std::string_view path) {
  const document::Value* at = &object;
  if (path.empty()) return "";
  while (at != nullptr && !path.empty()) {
    const std::string_view key = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    if (at->IsSequence()) {
      const auto index = static_cast<std::size_t>(key[0] - '0');
      at = index < at->items().size() ? &at->items()[index] : nullptr;
    } else {
      at = at->Find(key);
    }
  }
  return at != nullptr && at->IsScalar() && !at->IsNull() ? at->text() : "";
}

std::string_view RevisionOf(const document::Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const FluxKind* kind = FindKind(gvk.group, gvk.kind);
  std::string_view paths = kind == nullptr ? "" : kind->revision;
  while (!paths.empty()) {
    const std::string_view path = paths.substr(0, paths.find(' '));
    if (const std::string_view text = TextAt(object, path); !text.empty()) return text;
    paths.remove_prefix(std::min(paths.size(), path.size() + 1));
  }
  return "";
}

}  // namespace sluice::cli
