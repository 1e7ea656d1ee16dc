#include "kustomize/resmap.h"

#include <algorithm>
#include <string_view>

namespace sluice::kustomize {

namespace {

std::size_t Mix(std::size_t seed, std::string_view text) { return (seed ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15ull; }

std::size_t HashOf(const ResourceId& id) { return Mix(Mix(Mix(Mix(Mix(0, id.gvk.group), id.gvk.version), id.gvk.kind), id.ns), id.name); }
std::size_t HashOf(const Resource& resource) { return HashOf(resource.CurrentId()); }
std::size_t HashOf(std::string_view name) { return Mix(1, name); }

bool HasName(const Resource& resource, std::string_view name) {
  return resource.Name() == name ||
         std::any_of(resource.previous.begin(), resource.previous.end(), [&](const PreviousId& id) { return id.name == name; });
}

void EraseOne(std::unordered_multimap<std::size_t, std::uint32_t>& index, std::size_t hash, std::uint32_t position) {
  auto [begin, end] = index.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (it->second == position) return void(index.erase(it));
}

}  // namespace

ResMap::Slot ResMap::SlotOf(const Resource& resource) {
  Slot slot;
  slot.id = HashOf(resource);
  slot.names.assign(1, HashOf(resource.Name()));
  for (const PreviousId& id : resource.previous) slot.names.push_back(HashOf(id.name));
  std::sort(slot.names.begin(), slot.names.end());
  slot.names.erase(std::unique(slot.names.begin(), slot.names.end()), slot.names.end());
  return slot;
}

void ResMap::Enter(std::uint32_t position, Slot slot) const {
  by_id_.emplace(slot.id, position);
  for (const std::size_t name : slot.names) by_name_.emplace(name, position);
  slots_[position] = std::move(slot);
}

void ResMap::Leave(std::uint32_t position) const {
  const Slot& slot = slots_[position];
  EraseOne(by_id_, slot.id, position);
  for (const std::size_t name : slot.names) EraseOne(by_name_, name, position);
}

void ResMap::Index() const {
  if (indexed_) return;
  by_id_.clear();
  by_name_.clear();
  position_.clear();
  slots_.assign(list_.size(), {});
  for (std::uint32_t i = 0; i < list_.size(); ++i) {
    Enter(i, SlotOf(*list_[i]));
    position_[list_[i].get()] = i;
  }
  indexed_ = true;
}

std::vector<Resource*> ResMap::Pick(const std::unordered_multimap<std::size_t, std::uint32_t>& index, std::size_t hash,
                                    const std::function<bool(const Resource&)>& fits) const {
  std::vector<std::uint32_t> positions;
  auto [begin, end] = index.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (fits(*list_[it->second])) positions.push_back(it->second);
  std::sort(positions.begin(), positions.end());
  std::vector<Resource*> found;
  for (const std::uint32_t position : positions) found.push_back(list_[position].get());
  return found;
}

std::vector<Resource*> ResMap::ByCurrentId(const ResourceId& id) const {
  Index();
  return Pick(by_id_, HashOf(id), [&](const Resource& resource) { return resource.CurrentId() == id; });
}

std::vector<Resource*> ResMap::ByAnyName(std::string_view name) const {
  Index();
  return Pick(by_name_, HashOf(name), [&](const Resource& resource) { return HasName(resource, name); });
}

std::vector<Resource*> ResMap::ByAnyId(const ResourceId& id) const {
  Index();
  return Pick(by_name_, HashOf(id.name), [&](const Resource& resource) {
    if (resource.Empty()) return false;
    const auto ids = resource.AllIds();
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  });
}

base::Result<void> ResMap::Append(std::unique_ptr<Resource> resource) {
  const ResourceId id = resource->CurrentId();
  if (const auto same = ByCurrentId(id); !same.empty())
    return base::Invalid(resource->Place() + ": " + id.Describe() + " is already there (" + same.front()->Place() + ")");
  const auto position = static_cast<std::uint32_t>(list_.size());
  slots_.emplace_back();
  Enter(position, SlotOf(*resource));
  position_[resource.get()] = position;
  list_.push_back(std::move(resource));
  return {};
}

base::Result<void> ResMap::AppendAll(ResMap&& other) {
  for (auto& resource : other.Release()) TRY(Append(std::move(resource)));
  return {};
}

void ResMap::AppendAll(ResMap&& other, ErrorList& errors) {
  for (auto& resource : other.Release()) errors.Check("", Append(std::move(resource)));
}

base::Result<void> ResMap::Absorb(std::unique_ptr<Resource> generated) {
  const ResourceId id = generated->CurrentId();
  const auto matches = ByAnyId(id);
  if (matches.empty()) {
    if (generated->behavior == Behavior::Create) return Append(std::move(generated));
    return base::Invalid(id.Describe() + " is not there; a generator can only merge into or replace what is");
  }
  if (matches.size() > 1)
    return base::Invalid("several objects could take the generated " + id.Describe() + ": " + matches[0]->CurrentId().Describe() + " (" +
                         matches[0]->Place() + ") and " + matches[1]->CurrentId().Describe() + " (" + matches[1]->Place() + ")");
  if (generated->behavior == Behavior::Create)
    return base::Invalid(id.Describe() + " is already there (" + matches[0]->Place() +
                         "); to change it, set `behavior: merge` or `behavior: replace`");
  Resource& old = *matches[0];
  if (old.Kind() != id.gvk.kind)  // it had another kind once
    return base::Invalid(id.Describe() + " cannot take the place of " + old.CurrentId().Describe() + " (" + old.Place() + ")");
  old.value = AbsorbGenerated(old.value, generated->value, generated->behavior);
  old.needs_hash = old.needs_hash && generated->needs_hash;
  if (generated->behavior == Behavior::Replace && generated->origin) old.origin = generated->origin;
  old.shared.clear();
  Touch(old);
  return {};
}

void ResMap::Touch(const Resource& resource) {
  if (!indexed_) return;
  const auto found = position_.find(&resource);
  if (found == position_.end()) return;
  Slot slot = SlotOf(resource);
  if (slot == slots_[found->second]) return;
  Leave(found->second);
  Enter(found->second, std::move(slot));
}

void ResMap::RemoveIf(const std::function<bool(const Resource&)>& gone) {
  const auto removed = std::erase_if(list_, [&](const auto& resource) { return gone(*resource); });
  if (removed != 0) indexed_ = false;
}

void ResMap::DropEmpty() {
  RemoveIf([](const Resource& resource) { return resource.Empty(); });
}

void ResMap::Reorder(List list) {
  list_ = std::move(list);
  indexed_ = false;
}

ResMap::List ResMap::Release() {
  indexed_ = false;
  slots_.clear();
  by_id_.clear();
  by_name_.clear();
  position_.clear();
  return std::exchange(list_, {});
}

}  // namespace sluice::kustomize
