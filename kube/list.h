// kube/list.h: one paged list, internal to kube/.
#pragma once

#include <string>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/client.h"
#include "kube/mapper.h"
#include "kube/transport.h"

namespace sluice::kube {

/// As Client::List, for a resource that is known. Impersonate and page size as in `options`.
net::Task<base::Result<std::string>> ListPages(Transport& transport, const Resource& resource, const ListOptions& options,
                                               const ListSink& sink);

/// Sets apiVersion and kind, which list items lack and metadata-only answers have as PartialObjectMetadata.
void SetGvk(document::Value& object, const document::GroupVersionKind& gvk);

}  // namespace sluice::kube
