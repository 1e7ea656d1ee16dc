#include "controller/foreign_sources.h"

#include "controller/artifact_value.h"
#include "document/object.h"

namespace sluice::controller {

SourceKey ForeignSources::KeyFor(const document::Value& object) const {
  return {.kind = kind_, .ns = std::string(document::NamespaceOf(object)), .name = std::string(document::NameOf(object))};
}

void ForeignSources::OnUpdated(const kube::SharedObject&, const kube::SharedObject& after) { Note(*after); }

void ForeignSources::OnDeleted(const kube::SharedObject& last) { registry_.Remove(KeyFor(*last)); }

void ForeignSources::Note(const document::Value& object) {
  std::optional<sources::Artifact> artifact = ArtifactIn(object);
  if (!artifact) return registry_.Remove(KeyFor(object));
  registry_.Put(KeyFor(object), SourceArtifact{.revision = artifact->revision,
                                               .origin_revision = OriginRevisionOf(*artifact),
                                               .digest = artifact->digest,
                                               .files = nullptr,
                                               .url = artifact->url,
                                               .path = artifact->path});
}

}  // namespace sluice::controller
