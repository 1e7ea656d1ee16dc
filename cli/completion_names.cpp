// What a shell is told of a cluster: quickly, or not at all. Nobody who presses a key waits for a server that is away, or reads its errors there.
#include <algorithm>
#include <array>
#include <ranges>

#include "cli/completion.h"
#include "cli/environment.h"
#include "cli/session.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

constexpr std::chrono::seconds kPatience{2};

std::vector<std::string> NamesOf(const Completion& completion) {
  ClusterFlags flags;
  flags.kubeconfig = completion.kubeconfig;
  flags.context = completion.context;
  const auto session = Session::OpenOnce(flags, kPatience);
  if (!session) return {};
  document::GroupVersionKind gvk{"", "v1", "Namespace"};
  kube::ListOptions options{.metadata_only = true};
  if (completion.asked == Completion::Asked::Names) {
    const Result<document::GroupVersionKind> named = completion.kind != nullptr ? Result<document::GroupVersionKind>(completion.kind->Gvk())
                                                                                : (*session)->KindOnServer(completion.resource);
    if (!named) return {};
    gvk = *named;
    options.ns = completion.ns;
  }
  const Result<std::vector<Value>> objects =
      (*session)->Wait(net::WithDeadline((*session)->client->ListAll(gvk, options), kPatience, "a list"));
  std::vector<std::string> out;
  if (!objects) return out;
  for (const Value& object : *objects) out.emplace_back(document::NameOf(object));
  return out;
}

}  // namespace

std::vector<std::string> AllWords(const Completion& completion) {
  std::vector<std::string> out = completion.words, found;
  if (completion.asked == Completion::Asked::Contexts) {
    found = ContextNames(completion.kubeconfig);
  } else if (completion.asked != Completion::Asked::Nothing) {
    found = NamesOf(completion);
  }
  for (const std::string& name : found) {
    const std::string word = completion.before + name;
    if (word.starts_with(completion.last) && std::ranges::find_first_of(completion.given, std::array{name, word}) == completion.given.end())
      out.push_back(word);
  }
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);  // of several namespaces
  out.erase(repeated.begin(), repeated.end());
  return out;
}

}  // namespace sluice::cli
