// kube/discovery.h: what the API server says of its kinds, internal to kube/ and pure. Two forms: aggregated (apidiscovery.k8s.io/v2, and v2beta1 of
// Kubernetes 1.26) and, one document a group version, APIResourceList.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kube/mapper.h"

namespace sluice::kube {

/// Asks for the aggregated form, newest first, and falls back to the plain one in the same request.
inline constexpr std::string_view kAcceptAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

using GroupVersion = std::pair<std::string, std::string>;

struct Discovered {
  std::vector<ResourcePtr> resources;  ///< groups in the server's order, within one the preferred version first
  std::set<GroupVersion> incomplete;   ///< the server could not ask whoever serves them: nothing may be concluded from absence
};

/// One of the documents that discovery is made of: its kind, and the list without which it says nothing.
struct DocumentType {
  std::string_view kind, list;
};
inline constexpr DocumentType kApiVersions{"APIVersions", "versions"}, kApiGroupList{"APIGroupList", "groups"},
    kApiResourceList{"APIResourceList", "resources"}, kApiGroupDiscoveryList{"APIGroupDiscoveryList", "items"};

/// Whether `answer` is of `type`: with its list, though it may be null (as Go writes an empty one). Of an APIResourceList, which may come from an API service
/// that others wrote, the kind may be missing, as client-go allows. What is not (`{}`, a Status) says nothing about which kinds there are.
bool Is(const document::Value& answer, const DocumentType& type);
/// Whether `answer` is an APIGroupDiscoveryList; then what it says is added to `out`.
bool AddAggregated(const document::Value& answer, Discovered& out);
/// The group versions that `/api` (APIVersions) or `/apis` (APIGroupList) names, preferred versions first within a group.
std::vector<GroupVersion> GroupVersionsOf(const document::Value& answer);
/// An APIResourceList of `gv`.
void AddResourceList(const GroupVersion& gv, const document::Value& answer, Discovered& out);
/// "/api/v1", "/apis/apps/v1".
std::string GroupVersionPath(const GroupVersion& gv);

}  // namespace sluice::kube
