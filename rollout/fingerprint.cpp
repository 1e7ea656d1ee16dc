// How the two hashes meet.
//
// A mapping is hashed as the sum of its members' hashes (so order does not matter), a list in order. The live side walks the manager's field set
// (fieldsV1: `f:` a member, `k:` an item by its keys, `v:` an item by its value, a node without children a field that is owned whole) and the live
// object side by side and hashes only what is owned; the desired side hashes everything. Null members count for nothing on either side.
//
// Kinds built into Kubernetes pass through Go structs, which leave out zero values: `value: ""` of a variable is owned and yet absent from the live object.
// So for these kinds an owned field that is absent, false, 0, "", {} or [] has one hash, "empty". Nothing is lost by that: which of them it is, is fixed
// by the field's type, and that the field is owned still counts. Custom resources keep what was sent, and are hashed to the letter.
#include "rollout/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "document/json.h"
#include "document/object.h"
#include "rollout/fingerprint_rules.h"
#include "rollout/normalize.h"

namespace sluice::rollout {

namespace {

using document::Kind;
using document::Member;
using document::Value;
using Hash = std::uint64_t;

enum Seed : Hash { kNull = 1, kFalse, kTrue, kInteger, kFloat, kText, kList, kMapping, kQuantity };
constexpr Hash kEmpty = 0x9ae16a3b2f90404f;  // a field that is there and says nothing

Hash HashBytes(std::string_view bytes, Hash seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

template <std::size_t N>
Hash HashWords(const std::array<Hash, N>& words, Hash seed) {
  return XXH3_64bits_withSeed(words.data(), sizeof words, seed);
}

bool IsIdentity(std::string_view key) {
  constexpr std::string_view kKeys[] = {"name",          "namespace", "creationTimestamp", "uid", "resourceVersion", "generation",
                                        "managedFields", "selfLink",  "deletionTimestamp"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

// Adds up a mapping, member by member.
class MappingHash {
 public:
  void Add(std::string_view key, Hash value) {
    sum_ += HashBytes(key, value);
    any_ = true;
  }
  bool any() const { return any_; }
  Hash Finish() const { return HashWords(std::array{sum_}, kMapping); }

 private:
  Hash sum_ = 0;
  bool any_ = false;
};

class ListHash {
 public:
  void Add(Hash item) {
    hash_ = HashWords(std::array{hash_, item}, kList);
    any_ = true;
  }
  bool any() const { return any_; }
  Hash Finish() const { return hash_; }

 private:
  Hash hash_ = kList;
  bool any_ = false;
};

// Finds members of one mapping that are asked for mostly in its own order: each search goes on where the last one ended.
class Finder {
 public:
  explicit Finder(std::span<const Member> members) : members_(members) {}
  const Value* Find(std::string_view key) {
    for (std::size_t tried = 0; tried < members_.size(); ++tried) {
      const Member& member = members_[next_ < members_.size() ? next_ : next_ = 0];
      ++next_;
      if (member.key == key) return &member.value;
    }
    return nullptr;
  }

 private:
  std::span<const Member> members_;
  std::size_t next_ = 0;
};

class Hasher {
 public:
  explicit Hasher(const Value& object) : kind_(object.StringAt({"kind"})) {
    const std::string group = document::SplitApiVersion(object.StringAt({"apiVersion"})).first;
    typed_ = IsBuiltInGroup(group);
    has_rules_ = HasServerDefaults(group);
  }

  Hash Whole(const Value& value, Place place) const {
    if (value.IsMapping()) return WholeMapping(value, place);
    if (value.IsSequence()) return WholeList(value, place);
    return Scalar(value, place);
  }

  // `fields` is a node of the field set, `live` what stands there. nullopt: nothing stands there, and that is as if it were not owned.
  std::optional<Hash> Owned(const Value& fields, const Value* live, Place place) const {
    if (live == nullptr || live->IsNull()) return Absent();
    const std::span<const Member> children = fields.members();
    if (children.empty()) return typed_ && IsEmptyStruct(place.key) ? kEmpty : Whole(*live, place);
    for (const Member& child : children) {
      if (child.key.starts_with("f:")) return OwnedMapping(children, *live, place);
      if (child.key.starts_with("k:") || child.key.starts_with("v:")) return OwnedItems(children, *live, place);
      if (child.key.starts_with("i:")) return Whole(*live, place);
    }
    return kEmpty;  // only "."
  }

  // Object and metadata level: what names the object, and its status, are no part of it.
  void AddTopLevel(const Value& object, MappingHash& sum) const {
    for (const Member& member : object.members()) {
      if (member.key == "apiVersion" || member.key == "kind" || member.key == "status") continue;
      if (member.key == "metadata")
        AddMetadata(member.value, sum);
      else if (const Place place{"", member.key}; !Skips(place, member.value))
        sum.Add(member.key, Whole(member.value, place));
    }
  }

  void AddOwnedTopLevel(const Value& fields, const Value& object, MappingHash& sum) const {
    for (const Member& child : fields.members()) {
      if (!child.key.starts_with("f:")) continue;
      const std::string_view key = std::string_view(child.key).substr(2);
      const Value* value = object.Find(key);
      if (key == "metadata" && value != nullptr)
        AddOwnedMetadata(child.value, *value, sum);
      else if (const auto hash = Owned(child.value, value, {"", key}); hash && key != "status")
        sum.Add(key, *hash);
    }
  }

 private:
  std::optional<Hash> Absent() const { return typed_ ? std::optional(kEmpty) : std::nullopt; }

  // Whether the member `value` at `place` counts for nothing.
  bool Skips(Place place, const Value& value) const {
    if (value.IsNull()) return true;
    if (value.IsSequence() && value.empty() && IsAssociativeList(place.key) && (typed_ || place.parent == "metadata")) return true;
    return has_rules_ && IsServerDefault(kind_, place, value);
  }

  Hash Scalar(const Value& value, Place place) const {
    if (typed_ && IsQuantity(kind_, place)) {
      if (const auto quantity = ParseQuantity(value.text())) return Number(*quantity);
    }
    switch (value.kind()) {
      case Kind::Null: return kNull;
      case Kind::Bool:
        return value.AsBool().value_or(false) ? HashWords(std::array<Hash, 1>{1}, kTrue)
                                              : ZeroOr(HashWords(std::array<Hash, 1>{0}, kFalse));
      case Kind::Int:
      case Kind::Float: return Number(value);
      default: return value.text().empty() ? ZeroOr(HashBytes("", kText)) : HashBytes(value.text(), kText);
    }
  }

  // Structs that are owned field by field: owned as a whole, they were sent empty (`strategy: {}`), whatever the server put into them.
  static bool IsEmptyStruct(std::string_view key) {
    constexpr std::string_view kStructs[] = {"strategy", "updateStrategy", "resources", "spec", "metadata"};
    return std::find(std::begin(kStructs), std::end(kStructs), key) != std::end(kStructs);
  }

  Hash ZeroOr(Hash exact) const { return typed_ ? kEmpty : exact; }

  Hash Number(const Quantity& quantity) const {
    if (quantity.IsZero()) return kEmpty;
    return HashWords(std::array<Hash, 4>{quantity.high, quantity.low, static_cast<Hash>(quantity.exponent), quantity.negative}, kQuantity);
  }

  Hash Number(const Value& value) const {
    if (const auto integer = value.AsInt()) {
      const Hash exact = HashWords(std::array{static_cast<Hash>(*integer)}, kInteger);
      return *integer == 0 ? ZeroOr(exact) : exact;
    }
    if (const auto large = value.AsUint()) return HashWords(std::array<Hash, 2>{*large, 1}, kInteger);
    const double number = value.AsDouble().value_or(0);
    Hash bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return HashWords(std::array{bits}, kFloat);
  }

  Hash WholeMapping(const Value& value, Place place) const {
    MappingHash sum;
    for (const Member& member : value.members()) {
      const Place below = place.Below(member.key);
      if (!Skips(below, member.value)) sum.Add(member.key, Whole(member.value, below));
    }
    return sum.any() ? sum.Finish() : ZeroOr(HashWords(std::array<Hash, 1>{0}, kMapping));
  }

  Hash WholeList(const Value& value, Place place) const {
    ListHash list;
    for (const Value& item : value.items()) list.Add(Whole(item, place));
    return list.any() ? list.Finish() : ZeroOr(HashWords(std::array<Hash, 1>{0}, kList));
  }

  std::optional<Hash> OwnedMapping(std::span<const Member> children, const Value& live, Place place) const {
    if (!live.IsMapping()) return Absent();
    MappingHash sum;
    Finder finder(live.members());
    for (const Member& child : children) {
      if (!child.key.starts_with("f:")) continue;
      const std::string_view key = std::string_view(child.key).substr(2);
      const Value* value = finder.Find(key);
      const Place below = place.Below(key);
      if (value != nullptr && !value->IsNull() && Skips(below, *value)) continue;
      if (const auto hash = Owned(child.value, value, below)) sum.Add(key, *hash);
    }
    return sum.any() ? std::optional(sum.Finish()) : Absent();
  }

  std::optional<Hash> OwnedItems(std::span<const Member> children, const Value& live, Place place) const;

  void AddMetadata(const Value& metadata, MappingHash& sum) const {
    MappingHash inner;
    for (const Member& member : metadata.members()) {
      const Place place{"metadata", member.key};
      if (!IsIdentity(member.key) && !Skips(place, member.value)) inner.Add(member.key, Whole(member.value, place));
    }
    if (inner.any()) sum.Add("metadata", inner.Finish());
  }

  void AddOwnedMetadata(const Value& fields, const Value& metadata, MappingHash& sum) const {
    MappingHash inner;
    for (const Member& child : fields.members()) {
      const std::string_view key = std::string_view(child.key).substr(std::min<std::size_t>(2, child.key.size()));
      if (!child.key.starts_with("f:") || IsIdentity(key)) continue;
      if (const auto hash = Owned(child.value, metadata.Find(key), {"metadata", key})) inner.Add(key, *hash);
    }
    if (inner.any()) sum.Add("metadata", inner.Finish());
  }

  std::string_view kind_;
  bool typed_ = false;      // passes through Go structs
  bool has_rules_ = false;  // has rows in fingerprint_rules.cpp
};

// --- Lists whose items are owned one by one.

// An item is known by the hash of its keys (`k:`) or of itself (`v:`). Key fields are hashed to the letter.
Hash PlainHash(const Value& value) {
  switch (value.kind()) {
    case Kind::Bool: return value.AsBool().value_or(false) ? kTrue : kFalse;
    case Kind::Int:
    case Kind::Float: return HashWords(std::array{static_cast<Hash>(value.AsInt().value_or(0))}, kInteger);
    default: return HashBytes(value.text(), kText);
  }
}

struct OwnedItem {
  Hash key = 0;
  const Value* fields = nullptr;
  bool operator<(const OwnedItem& other) const { return key < other.key; }
};

// The items of one list that are owned, and by which fields they are told apart. Almost always all have the same key fields.
class ItemIndex {
 public:
  explicit ItemIndex(std::span<const Member> children) {
    for (const Member& child : children) {
      const std::string_view key = child.key;
      if (key.starts_with("v:")) AddValue(key.substr(2), child.value);
      if (key.starts_with("k:")) AddKeys(key.substr(2), child.value);
    }
    std::sort(items_.begin(), items_.end());
  }

  const Value* Find(const Value& item) const {
    if (key_sets_.empty()) return At(PlainHash(item));
    for (const auto& names : key_sets_) {
      if (const Value* fields = At(KeyHash(names, item))) return fields;
    }
    return nullptr;
  }

 private:
  using Names = std::vector<std::string>;

  void AddValue(std::string_view json, const Value& fields) {
    const auto value = document::ParseJson(json);
    if (value) items_.push_back({PlainHash(*value), &fields});
  }

  void AddKeys(std::string_view json, const Value& fields) {
    const auto keys = document::ParseJson(json);
    if (!keys) return;
    Names names;
    for (const Member& member : keys->members()) names.push_back(member.key);
    std::sort(names.begin(), names.end());
    if (std::find(key_sets_.begin(), key_sets_.end(), names) == key_sets_.end()) key_sets_.push_back(names);
    items_.push_back({KeyHash(names, *keys), &fields});
  }

  static Hash KeyHash(const Names& names, const Value& item) {
    Hash hash = kMapping;
    for (const std::string& name : names) {
      const Value* value = item.Find(name);
      hash = HashWords(std::array{hash, value == nullptr ? kNull : PlainHash(*value)}, kMapping);
      hash = HashBytes(name, hash);
    }
    return hash;
  }

  const Value* At(Hash key) const {
    const auto found = std::lower_bound(items_.begin(), items_.end(), OwnedItem{key, nullptr});
    return found != items_.end() && found->key == key ? found->fields : nullptr;
  }

  std::vector<OwnedItem> items_;
  std::vector<Names> key_sets_;
};

std::optional<Hash> Hasher::OwnedItems(std::span<const Member> children, const Value& live, Place place) const {
  const ItemIndex index(children);
  ListHash list;
  for (const Value& item : live.items()) {
    const Value* fields = index.Find(item);
    if (fields == nullptr) continue;
    const auto hash = Owned(*fields, &item, place);
    list.Add(hash.value_or(kEmpty));
  }
  return list.any() ? std::optional(list.Finish()) : Absent();
}

const Value* ApplyEntry(const Value& live, std::string_view manager) {
  const Value* entries = live.At({"metadata", "managedFields"});
  if (entries == nullptr) return nullptr;
  const Value* found = nullptr;
  for (const Value& entry : entries->items()) {
    if (entry.StringAt({"manager"}) != manager || entry.StringAt({"operation"}) != "Apply" || !entry.StringAt({"subresource"}).empty())
      continue;
    const Value* fields = entry.Find("fieldsV1");
    if (fields == nullptr) continue;
    if (entry.StringAt({"apiVersion"}) == live.StringAt({"apiVersion"})) return fields;
    found = fields;
  }
  return found;
}

Hash NeverZero(Hash hash) { return hash == 0 ? 1 : hash; }

}  // namespace

std::uint64_t FingerprintLive(const Value& live, std::string_view manager) {
  const Value* fields = ApplyEntry(live, manager);
  if (fields == nullptr) return 0;
  const Hasher hasher(live);
  MappingHash sum;
  hasher.AddOwnedTopLevel(*fields, live, sum);
  return NeverZero(sum.Finish());
}

std::uint64_t FingerprintDesired(const Value& desired) {
  const Hasher hasher(desired);
  MappingHash sum;
  hasher.AddTopLevel(desired, sum);
  return NeverZero(sum.Finish());
}

}  // namespace sluice::rollout
